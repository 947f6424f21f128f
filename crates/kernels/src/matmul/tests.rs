use super::*;
use crate::testing::run_kernel;
use crate::unary::Unary;

/// Numbers in [-1, 1) from a multiplicative generator, the same in every run.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// A product and its operands.
struct Case {
    shape: Shape,
    a: Vec<f32>,
    b: Vec<f32>,
    bias: Vec<f32>,
}

impl Case {
    fn new(batch: usize, [m, n, k]: [usize; 3], transpose_a: bool, transpose_b: bool) -> Self {
        let shape = Shape { batch, m, n, k, transpose_a, transpose_b };
        Case { shape, a: numbers(batch * m * k, 1), b: numbers(batch * k * n, 2), bias: numbers(n, 3) }
    }

    fn run(&self, isa: Isa, epilogue: Epilogue) -> Vec<f32> {
        let Shape { batch, m, n, k, transpose_a, transpose_b } = self.shape;
        let kernel = Matmul::new(isa, batch, m, n, k, transpose_a, transpose_b, epilogue);
        let mut c = vec![f32::NAN; batch * m * n];
        match epilogue.bias {
            true => run_kernel(&kernel, &[&self.a, &self.b, &self.bias], &mut [&mut c]),
            false => run_kernel(&kernel, &[&self.a, &self.b], &mut [&mut c]),
        }
        .expect("no error is possible");
        c
    }

    fn a(&self, matrix: usize, row: usize, p: usize) -> f32 {
        let Shape { m, k, transpose_a, .. } = self.shape;
        self.a[matrix * m * k + if transpose_a { p * m + row } else { row * k + p }]
    }

    fn b(&self, matrix: usize, p: usize, column: usize) -> f32 {
        let Shape { n, k, transpose_b, .. } = self.shape;
        self.b[matrix * k * n + if transpose_b { column * k + p } else { p * n + column }]
    }

    /// Compares with sums in f64, relative to the sums of absolute terms.
    fn check(&self, c: &[f32]) {
        let Shape { batch, m, n, k, .. } = self.shape;
        assert_eq!(c.len(), batch * m * n);
        for (index, &got) in c.iter().enumerate() {
            let (matrix, row, column) = (index / (m * n), index / n % m, index % n);
            let (mut sum, mut magnitude) = (0.0f64, 0.0f64);
            for p in 0..k {
                let term = f64::from(self.a(matrix, row, p)) * f64::from(self.b(matrix, p, column));
                sum += term;
                magnitude += term.abs();
            }
            let error = (f64::from(got) - sum).abs();
            assert!(error <= 2e-6 * magnitude, "{:?} at {row}, {column}: {got} for {sum}", self.shape);
        }
    }
}

fn each_form(mut check: impl FnMut(Isa, bool, bool)) {
    for isa in Isa::available() {
        for form in 0..4 {
            check(isa, form & 1 != 0, form & 2 != 0);
        }
    }
}

const PLAIN: Epilogue = Epilogue { bias: false, activation: None };

#[test]
fn every_edge_of_a_tile() {
    let extents = [1, 2, 3, 5, 7, 13, 14, 15, 16, 17, 31, 32, 33];
    each_form(|isa, transpose_a, transpose_b| {
        for m in extents {
            for n in extents {
                for k in [0, 1, 2, 5, 16, 17, 33] {
                    let case = Case::new(1, [m, n, k], transpose_a, transpose_b);
                    case.check(&case.run(isa, PLAIN));
                }
            }
        }
    });
}

#[test]
fn every_path_of_the_blocking() {
    let shapes = [
        [32, 64, 64],
        [64, 65, 127],
        [127, 64, 257],
        [257, 65, 64],
        [1, 257, 600],
        [2, 200, 70],
        [4, 257, 600],
        [14, 130, 513],
        [257, 10, 300],
        [360, 257, 65],
        [130, 300, 520],
    ];
    each_form(|isa, transpose_a, transpose_b| {
        for shape in shapes {
            let case = Case::new(1, shape, transpose_a, transpose_b);
            case.check(&case.run(isa, PLAIN));
        }
    });
}

#[test]
fn batches() {
    each_form(|isa, transpose_a, transpose_b| {
        for (batch, shape) in
            [(3, [5, 7, 9]), (70, [33, 17, 40]), (3, [70, 100, 300]), (2, [0, 3, 3]), (0, [3, 3, 3])]
        {
            let case = Case::new(batch, shape, transpose_a, transpose_b);
            case.check(&case.run(isa, PLAIN));
        }
    });
}

#[test]
fn empty_extents() {
    each_form(|isa, transpose_a, transpose_b| {
        for shape in [[0, 5, 5], [5, 0, 5], [0, 0, 0]] {
            assert!(Case::new(1, shape, transpose_a, transpose_b).run(isa, PLAIN).is_empty());
        }
        for shape in [[5, 40, 0], [100, 100, 0]] {
            let case = Case::new(1, shape, transpose_a, transpose_b);
            assert!(case.run(isa, PLAIN).iter().all(|&sum| sum == 0.0));
            let biased = case.run(isa, Epilogue { bias: true, activation: None });
            assert!(biased.chunks(shape[1]).all(|row| row == case.bias));
        }
    });
}

/// The sum first, then the bias, then the activation, each rounded: the bits of three instructions.
#[test]
fn epilogues_have_the_bits_of_separate_instructions() {
    let activations = [None, Some(Unary::Relu), Some(Unary::Tanh), Some(Unary::Sigmoid)];
    for isa in Isa::available() {
        for shape in [[3, 5, 7], [33, 70, 300], [130, 300, 520]] {
            let case = Case::new(1, shape, false, false);
            let sums = case.run(isa, PLAIN);
            for bias in [false, true] {
                for activation in activations {
                    let mut separate = sums.clone();
                    if bias {
                        for row in separate.chunks_mut(shape[1]) {
                            row.iter_mut().zip(&case.bias).for_each(|(sum, bias)| *sum += bias);
                        }
                    }
                    if let Some(activation) = activation {
                        activation.apply(isa, &mut separate);
                    }
                    let fused = case.run(isa, Epilogue { bias, activation });
                    let bits =
                        |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&fused), bits(&separate), "{isa:?} {shape:?} {bias} {activation:?}");
                }
            }
        }
    }
}

/// A negative sum that underflows is -0 where multiply-adds are fused, and relu makes +0 of it.
#[test]
fn relu_has_the_bits_of_a_separate_instruction_at_zero() {
    for isa in Isa::available() {
        let mut case = Case::new(1, [3, 5, 7], false, false);
        case.a.fill(1e-30);
        case.b.fill(-1e-30);
        let fused = case.run(isa, Epilogue { bias: false, activation: Some(Unary::Relu) });
        assert!(fused.iter().all(|value| value.to_bits() == 0), "{isa:?}");
    }
}

/// An element has the same bits in a small product, read in place, as in a large one of the same k, packed and cut.
#[test]
fn bits_do_not_depend_on_the_position() {
    each_form(|isa, transpose_a, transpose_b| {
        let large = Case::new(1, [200, 150, 600], transpose_a, transpose_b);
        let small = {
            let mut small = Case::new(1, [2, 3, 600], transpose_a, transpose_b);
            for p in 0..600 {
                for row in 0..2 {
                    small.a[if transpose_a { p * 2 + row } else { row * 600 + p }] = large.a(0, 187 + row, p);
                }
                for column in 0..3 {
                    small.b[if transpose_b { column * 600 + p } else { p * 3 + column }] =
                        large.b(0, p, 130 + column);
                }
            }
            small
        };
        let (large, small) = (large.run(isa, PLAIN), small.run(isa, PLAIN));
        for row in 0..2 {
            for column in 0..3 {
                let (large, small) = (large[(187 + row) * 150 + 130 + column], small[row * 3 + column]);
                assert_eq!(large.to_bits(), small.to_bits());
            }
        }
    });
}

#[test]
fn nan_and_infinity_reach_their_row_and_column_only() {
    for isa in Isa::available() {
        let mut case = Case::new(1, [20, 40, 30], false, false);
        case.a[3 * 30 + 5] = f32::NAN;
        case.b[7 * 40 + 38] = f32::INFINITY;
        let c = case.run(isa, Epilogue { bias: false, activation: Some(Unary::Relu) });
        for (index, &value) in c.iter().enumerate() {
            let (row, column) = (index / 40, index % 40);
            if row == 3 {
                assert!(value.is_nan());
            } else if column == 38 {
                assert_eq!(value, if case.a[row * 30 + 7] > 0.0 { f32::INFINITY } else { 0.0 });
            } else {
                assert!(value.is_finite());
            }
        }
    }
}

#[test]
#[should_panic(expected = "the elements of B")]
fn wrong_operands_panic() {
    let mut case = Case::new(1, [4, 4, 4], false, false);
    case.b.pop();
    case.run(Isa::Portable, PLAIN);
}

#[test]
#[should_panic(expected = "a size fits")]
fn impossible_sizes_panic() {
    Matmul::new(Isa::Portable, 1 << 30, 1 << 30, 1 << 30, 1, false, false, PLAIN);
}
