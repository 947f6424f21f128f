//! Elementwise comparisons. A bool lane is an i32 of 0 or 1.

use crate::lanes::formulas;

formulas! {
    /// A comparison of two f32; with NaN it is false.
    enum Compare, mod float, (x: f32, y: f32) -> i32;
    Equal, "equal", 1, (x == y) as i32;
    Less, "less", 1, (x < y) as i32;
    LessEqual, "lessEqual", 1, (x <= y) as i32;
}

formulas! {
    /// A comparison of two i32, or of two bools, of which false is the lesser.
    enum CompareI32, mod integer, (x: i32, y: i32) -> i32;
    Equal, "equal", 1, (x == y) as i32;
    Less, "less", 1, (x < y) as i32;
    LessEqual, "lessEqual", 1, (x <= y) as i32;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;
    use crate::lanes::Block;

    fn compare<T: Copy>(block: Block, xs: &[T], ys: &[T]) -> Vec<bool> {
        let mut results = vec![7i32; xs.len()];
        let (x, y) = (xs.as_ptr().cast(), ys.as_ptr().cast());
        // SAFETY: the slices have the same length, of more than a group.
        unsafe { block([x, y, x, x, x], results.as_mut_ptr().cast(), results.len()) };
        assert!(results.iter().all(|result| *result == 0 || *result == 1));
        results.into_iter().map(|result| result == 1).collect()
    }

    fn pairs<T: Copy>(values: &[T]) -> (Vec<T>, Vec<T>) {
        values.iter().flat_map(|x| values.iter().map(move |y| (*x, *y))).unzip()
    }

    #[test]
    fn nan_compares_false_and_zeros_are_equal() {
        let (xs, ys) =
            pairs(&[f32::NAN, -0.0, 0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 2.5]);
        for isa in Isa::available() {
            let expected = |f: fn(&f32, &f32) -> bool| -> Vec<bool> {
                xs.iter().zip(&ys).map(|(x, y)| f(x, y)).collect()
            };
            assert_eq!(compare(Compare::Equal.block(isa), &xs, &ys), expected(f32::eq));
            assert_eq!(compare(Compare::Less.block(isa), &xs, &ys), expected(f32::lt));
            assert_eq!(compare(Compare::LessEqual.block(isa), &xs, &ys), expected(f32::le));
        }
    }

    #[test]
    fn integers_compare_with_their_sign() {
        let (xs, ys) = pairs(&[i32::MIN, -2, -1, 0, 1, 2, 1000, i32::MAX]);
        for isa in Isa::available() {
            let expected = |f: fn(&i32, &i32) -> bool| -> Vec<bool> {
                xs.iter().zip(&ys).map(|(x, y)| f(x, y)).collect()
            };
            assert_eq!(compare(CompareI32::Equal.block(isa), &xs, &ys), expected(i32::eq));
            assert_eq!(compare(CompareI32::Less.block(isa), &xs, &ys), expected(i32::lt));
            assert_eq!(compare(CompareI32::LessEqual.block(isa), &xs, &ys), expected(i32::le));
        }
    }
}
