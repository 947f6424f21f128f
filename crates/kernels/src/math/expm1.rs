use super::{exp, exp_tail, reduce};
use crate::lanes::Arithmetic;

/// e^x - 1 without cancellation: 2^n·(e^r - 1) + (2^n - 1), and e^x where the 1 is lost in rounding.
#[inline(always)]
pub fn expm1<I: Arithmetic>(x: f32) -> f32 {
    /// From here down the result rounds to -1.
    const LEAST: f32 = -18.0;
    /// From here up it rounds to e^x.
    const GREATEST: f32 = 20.0;
    let clamped = if x < LEAST { LEAST } else { x };
    let (r, n) = reduce::<I>(clamped);
    let significand = I::fma(r * r, exp_tail::<I>(r), r);
    let scale = f32::from_bits((n.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    let small = I::fma(scale, significand, scale - 1.0).copysign(x);
    if x > GREATEST { exp::<I>(x) } else { small }
}
