//! Rounding to integers, which numbers from 2^23 on are already. Zeros and what rounds to zero keep their sign, as in IEEE 754.

/// 2^23: adding it to a smaller positive number leaves no room for a fraction, so that the sum is rounded half to even.
const NO_FRACTION: f32 = 8_388_608.0;

/// 2^52, the same for f64.
const NO_FRACTION64: f64 = 4_503_599_627_370_496.0;

/// The nearest integer; half goes to the even one.
#[inline(always)]
pub fn round(x: f32) -> f32 {
    let magnitude = x.abs();
    let rounded = (magnitude + NO_FRACTION) - NO_FRACTION;
    (if magnitude < NO_FRACTION { rounded } else { magnitude }).copysign(x)
}

/// The greatest integer that is not above x.
#[inline(always)]
pub fn floor(x: f32) -> f32 {
    let rounded = round(x);
    (rounded - (if rounded > x { 1.0 } else { 0.0 })).copysign(x)
}

/// The least integer that is not below x.
#[inline(always)]
pub fn ceil(x: f32) -> f32 {
    -floor(-x)
}

/// x without its fraction.
#[inline(always)]
pub fn trunc(x: f32) -> f32 {
    floor(x.abs()).copysign(x)
}

/// The floor in f64.
#[inline(always)]
pub(super) fn floor64(x: f64) -> f64 {
    let magnitude = x.abs();
    let nearest = (magnitude + NO_FRACTION64) - NO_FRACTION64;
    let rounded = (if magnitude < NO_FRACTION64 { nearest } else { magnitude }).copysign(x);
    rounded - (if rounded > x { 1.0 } else { 0.0 })
}
