use super::{exp_tail, reduce};
use crate::lanes::Arithmetic;

/// tanh |x| = t / (t + 2) with t = e^{2|x|} - 1, which is formed without cancellation: t = 2^n·(e^r - 1) + (2^n - 1).
#[inline(always)]
pub fn tanh<I: Arithmetic>(x: f32) -> f32 {
    // From here on the quotient rounds to 1. A NaN passes.
    const SATURATED: f32 = 9.1;
    let magnitude = if x.abs() > SATURATED { SATURATED } else { x.abs() };
    let (r, n) = reduce::<I>(2.0 * magnitude);
    let expm1 = I::fma(r * r, exp_tail::<I>(r), r);
    let scale = f32::from_bits((n.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    let t = I::fma(scale, expm1, scale - 1.0);
    (t / (t + 2.0)).copysign(x)
}
