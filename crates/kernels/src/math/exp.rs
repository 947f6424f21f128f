use super::{exp_tail, reduce};
use crate::lanes::Arithmetic;

/// The least argument whose result is normal, and the greatest whose result is finite.
const LEAST: f32 = -87.336_54;
const GREATEST: f32 = 88.722_83;

/// e^x. Cody–Waite reduction to |r| ≤ ln 2 / 2 and a polynomial of degree 6.
#[inline(always)]
pub fn exp<I: Arithmetic>(x: f32) -> f32 {
    let (r, n) = reduce::<I>(x);
    let significand = I::fma(r * r, exp_tail::<I>(r), r) + 1.0;
    // The low bits of n move into the exponent field. Where n is 128, the significand is below 1: no overflow.
    let scaled = f32::from_bits(significand.to_bits().wrapping_add(n.to_bits() << 23));
    let finite = if x < LEAST { 0.0 } else { scaled };
    // +inf, and NaN for NaN.
    if x <= GREATEST { finite } else { x * f32::INFINITY }
}
