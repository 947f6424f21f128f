//! Elementwise choice and conversion. A lane holds a bool as an i32 of 0 or 1 and a uint8 as an i32 of 0 to 255.

use crate::lanes::{self, Block, formula};
use crate::{Dtype, Isa};

struct Select;
formula!(Select, (condition: i32, x: u32, y: u32) -> u32, if condition != 0 { x } else { y });

struct Identity;
formula!(Identity, (x: u32) -> u32, x);

struct F32ToI32;
formula!(F32ToI32, (x: f32) -> i32, x as i32);

struct F32ToU8;
formula!(F32ToU8, (x: f32) -> i32, (x as i32).clamp(0, 255));

struct F32ToBool;
formula!(F32ToBool, (x: f32) -> i32, (x != 0.0) as i32);

struct I32ToF32;
formula!(I32ToF32, (x: i32) -> f32, x as f32);

struct I32ToU8;
formula!(I32ToU8, (x: i32) -> i32, x & 255);

struct I32ToBool;
formula!(I32ToBool, (x: i32) -> i32, (x != 0) as i32);

/// `condition ? x : y` for lanes of any type.
pub fn select(isa: Isa) -> Block {
    lanes::block::<Select>(isa)
}

/// The lanes as they are.
pub fn copy(isa: Isa) -> Block {
    lanes::block::<Identity>(isa)
}

/// Conversion between types: floats truncate toward zero and saturate, NaN becomes 0, and what is not 0 is true (NaN too);
/// an int32 becomes a uint8 by its low 8 bits.
pub fn cast(isa: Isa, from: Dtype, to: Dtype) -> Block {
    use Dtype::{Bool, Float32, Int32, Uint8};
    match (from, to) {
        (Float32, Int32) => lanes::block::<F32ToI32>(isa),
        (Float32, Uint8) => lanes::block::<F32ToU8>(isa),
        (Float32, Bool) => lanes::block::<F32ToBool>(isa),
        (Int32 | Uint8 | Bool, Float32) => lanes::block::<I32ToF32>(isa),
        (Int32, Uint8) => lanes::block::<I32ToU8>(isa),
        (Int32 | Uint8, Bool) => lanes::block::<I32ToBool>(isa),
        (Float32, Float32) | (Int32, Int32) | (Uint8, Uint8 | Int32) | (Bool, Bool | Int32 | Uint8) => {
            copy(isa)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{GROUP, OPERANDS};

    /// The first lanes of what a block makes of operands repeated to fill a group.
    fn apply<X: Copy, R: Copy + Default>(block: Block, xs: &[X]) -> Vec<R> {
        assert_eq!((size_of::<X>(), size_of::<R>()), (4, 4));
        let operand: Vec<X> = xs.iter().copied().cycle().take(2 * GROUP + 1).collect();
        let mut results = vec![R::default(); operand.len()];
        // SAFETY: both vectors have the lanes, which are of 32 bits.
        unsafe { block([operand.as_ptr().cast(); OPERANDS], results.as_mut_ptr().cast(), operand.len()) };
        results.truncate(xs.len());
        results
    }

    #[test]
    fn floats_truncate_and_saturate() {
        let xs = [
            0.0,
            -0.0,
            0.9,
            -0.9,
            1.5,
            -1.5,
            254.9,
            255.0,
            256.0,
            3e9,
            -3e9,
            2_147_483_520.0,
            f32::MAX,
            f32::MIN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
        ];
        for isa in Isa::available() {
            let to = |dtype| cast(isa, Dtype::Float32, dtype);
            let integers: Vec<i32> = xs.iter().map(|x| *x as i32).collect();
            assert_eq!(apply::<f32, i32>(to(Dtype::Int32), &xs), integers);
            let bytes: Vec<i32> = xs.iter().map(|x| i32::from(*x as u8)).collect();
            assert_eq!(apply::<f32, i32>(to(Dtype::Uint8), &xs), bytes);
            let bools: Vec<i32> = xs.iter().map(|x| i32::from(*x != 0.0)).collect();
            assert_eq!(apply::<f32, i32>(to(Dtype::Bool), &xs), bools);
        }
    }

    #[test]
    fn integers_wrap_into_bytes() {
        let xs = [0, 1, -1, 255, 256, 511, i32::MIN, i32::MAX, 16_777_217];
        for isa in Isa::available() {
            let to = |dtype| cast(isa, Dtype::Int32, dtype);
            let bytes: Vec<i32> = xs.iter().map(|x| i32::from(*x as u8)).collect();
            assert_eq!(apply::<i32, i32>(to(Dtype::Uint8), &xs), bytes);
            let floats: Vec<f32> = xs.iter().map(|x| *x as f32).collect();
            assert_eq!(apply::<i32, f32>(to(Dtype::Float32), &xs), floats);
            let bools: Vec<i32> = xs.iter().map(|x| i32::from(*x != 0)).collect();
            assert_eq!(apply::<i32, i32>(to(Dtype::Bool), &xs), bools);
        }
    }

    #[test]
    fn select_takes_the_second_where_true() {
        let lanes = 3 * GROUP - 5;
        let condition: Vec<i32> = (0..lanes as i32).map(|i| i % 3 % 2).collect();
        let (x, y): (Vec<i32>, Vec<i32>) = (0..lanes as i32).map(|i| (i, -i)).unzip();
        for isa in Isa::available() {
            let mut results = vec![0i32; lanes];
            let third = y.as_ptr().cast();
            let operands = [condition.as_ptr().cast(), x.as_ptr().cast(), third, third, third];
            // SAFETY: all vectors have the lanes.
            unsafe { select(isa)(operands, results.as_mut_ptr().cast(), lanes) };
            for (i, result) in results.iter().enumerate() {
                assert_eq!(*result, if condition[i] == 1 { x[i] } else { y[i] });
            }
        }
    }
}
