//! Vector mathematics in f32: one branch-free formula a function, with its bound in ulp of the true value.
//!
//! Kernels run with denormals flushed, so a denormal operand counts as zero, and a denormal result is zero. NaN and
//! infinities come out as IEEE 754 has them.

mod arctan;
mod division;
mod erf;
mod erfinv;
mod exp;
mod expm1;
mod extrema;
mod hyperbolic;
mod hypot;
mod log;
mod power;
mod rounding;
mod sigmoid;
mod tanh;
mod trigonometric;

pub use arctan::{arccos, arcsin, arctan, arctan2};
pub use division::{floor_divide, floor_divide_i32, modulo, modulo_i32};
pub(crate) use division::{floor_divide_f64, modulo_f64};
pub use erf::erf;
pub(crate) use erf::erf_f64;
pub use erfinv::erfinv;
pub(crate) use erfinv::erfinv_f64;
pub use exp::exp;
pub use expm1::expm1;
pub(crate) use extrema::maximum_f64;
pub use extrema::{maximum, minimum};
pub use hyperbolic::{arccosh, arcsinh, arctanh, cosh, sinh};
pub use hypot::hypot;
pub use log::{log, log1p, log2, log10};
pub use power::power;
pub use rounding::{ceil, floor, round, trunc};
pub use sigmoid::sigmoid;
pub use tanh::tanh;
pub use trigonometric::{cos, sin};

use crate::lanes::Arithmetic;

/// The polynomial with these coefficients, the constant first, by Horner's rule.
#[inline(always)]
fn polynomial<I: Arithmetic, const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let mut sum = coefficients[N - 1];
    let mut n = N - 1;
    while n > 0 {
        n -= 1;
        sum = I::fma(sum, x, coefficients[n]);
    }
    sum
}

/// The same in f64.
#[inline(always)]
fn polynomial64<I: Arithmetic, const N: usize>(x: f64, coefficients: [f64; N]) -> f64 {
    let mut sum = coefficients[N - 1];
    let mut n = N - 1;
    while n > 0 {
        n -= 1;
        sum = I::fma64(sum, x, coefficients[n]);
    }
    sum
}

/// 1.5 · 2^23: a number of magnitude below 2^22 added to it is rounded to an integer, which stands in the low bits.
const ROUNDER: f32 = 12_582_912.0;

/// 1.5 · 2^52, which does the same for f64.
const ROUNDER64: f64 = 6_755_399_441_055_744.0;

/// The high part of ln 2, short enough that its product with a binary exponent is exact, and the rest (Cody and Waite,
/// Software Manual for the Elementary Functions, 1980).
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;

/// `x` = n·ln 2 + r with |r| at most half of ln 2, for |x| < 2^16. Returns r, and a number whose low bits are n.
#[inline(always)]
fn reduce<I: Arithmetic>(x: f32) -> (f32, f32) {
    let rounded = I::fma(x, std::f32::consts::LOG2_E, ROUNDER);
    let n = rounded - ROUNDER;
    (I::fma(n, -LN2_LOW, I::fma(n, -LN2_HIGH, x)), rounded)
}

/// (e^r - 1 - r) / r² for |r| at most half of ln 2: minimax by Remez exchange, relative error of e^r below 2^-28.
#[inline(always)]
fn exp_tail<I: Arithmetic>(r: f32) -> f32 {
    polynomial::<I, 5>(r, [0.499_999_93, 0.166_665_2, 4.166_84e-2, 8.368_851e-3, 1.381_436e-3])
}
