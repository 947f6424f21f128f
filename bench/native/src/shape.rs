//! Shapes of products.

use std::fmt;

/// C of m × n from A of m × k and B of k × n, either of them stored transposed.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub transpose_a: bool,
    pub transpose_b: bool,
}

impl Shape {
    /// From `m,n,k,FORM`, where the form says which operand is transposed: NN, TN, NT or TT.
    pub fn parse(text: &str) -> Result<Shape, String> {
        let parse = || {
            let parts: Vec<&str> = text.split(',').collect();
            let &[m, n, k, form] = parts.as_slice() else { return None };
            let extent = |text: &str| text.parse().ok().filter(|extent| (1..=1 << 15).contains(extent));
            let (transpose_a, transpose_b) = match form {
                "NN" => (false, false),
                "NT" => (false, true),
                "TN" => (true, false),
                "TT" => (true, true),
                _ => return None,
            };
            Some(Shape { m: extent(m)?, n: extent(n)?, k: extent(k)?, transpose_a, transpose_b })
        };
        parse().ok_or_else(|| format!("{text} is not of the form m,n,k,NN with NN, NT, TN or TT"))
    }

    pub fn flops(&self) -> f64 {
        2.0 * self.m as f64 * self.n as f64 * self.k as f64
    }

    /// The shape in which A is stored.
    pub fn a(&self) -> [usize; 2] {
        if self.transpose_a { [self.k, self.m] } else { [self.m, self.k] }
    }

    /// The shape in which B is stored.
    pub fn b(&self) -> [usize; 2] {
        if self.transpose_b { [self.n, self.k] } else { [self.k, self.n] }
    }

    /// Whether some hundred elements of C, spread over all of it, are those of the product in float64, within `tolerance · √k`.
    pub fn agrees(&self, a: &[f32], b: &[f32], c: &[f32], tolerance: f64) -> bool {
        self.check(a, b, c);
        let Shape { m, n, k, transpose_a, transpose_b } = *self;
        let element = |row: usize, column: usize| -> f64 {
            let term = |i| {
                let a = if transpose_a { a[i * m + row] } else { a[row * k + i] };
                let b = if transpose_b { b[column * k + i] } else { b[i * n + column] };
                f64::from(a) * f64::from(b)
            };
            (0..k).map(term).sum()
        };
        let bound = tolerance * (k as f64).sqrt();
        // An odd step meets every column. Not a number is no agreement either.
        let step = (c.len() / 500) | 1;
        (0..c.len()).step_by(step).all(|i| (element(i / n, i % n) - f64::from(c[i])).abs() <= bound)
    }

    /// # Panics
    /// When a matrix has another size.
    pub fn check(&self, a: &[f32], b: &[f32], c: &[f32]) {
        let Shape { m, n, k, .. } = *self;
        assert_eq!([a.len(), b.len(), c.len()], [m * k, k * n, m * n], "the sizes of A, B and C");
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = |transposed| if transposed { 'T' } else { 'N' };
        let Shape { m, n, k, transpose_a, transpose_b } = *self;
        write!(f, "{m},{n},{k},{}{}", form(transpose_a), form(transpose_b))
    }
}
