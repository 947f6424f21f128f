use super::exp;
use crate::lanes::Arithmetic;

/// The logistic function 1 / (1 + e^-x). Where e^-x overflows, the true value is below the least normal number.
#[inline(always)]
pub fn sigmoid<I: Arithmetic>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<I>(-x))
}
