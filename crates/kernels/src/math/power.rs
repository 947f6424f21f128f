use super::{ROUNDER64, polynomial64};
use crate::lanes::Arithmetic;

/// x^y = 2^(y·log2 |x|) in f64 lanes, since the logarithm needs log2(150) more bits than the result; then C's rules for
/// signs, zeros, infinities and NaN.
#[inline(always)]
pub fn power<I: Arithmetic>(x: f32, y: f32) -> f32 {
    let base = x.abs();
    let exponent = f64::from(y);
    let magnitude = exp2::<I>(exponent * log2::<I>(base)) as f32;
    let magnitude = if magnitude < f32::MIN_POSITIVE { 0.0 } else { magnitude };

    // From 2^24 on every f32 is an even integer.
    let shifted = exponent + ROUNDER64;
    let even_integer = y.abs() >= 16_777_216.0;
    let integer = shifted - ROUNDER64 == exponent;
    let odd = !even_integer && integer && shifted.to_bits() & 1 == 1;
    // Zeros and infinities of either sign have powers of any exponent, negative numbers of integers.
    let zero = base < f32::MIN_POSITIVE;
    let real = x >= 0.0 || integer || even_integer || zero || base == f32::INFINITY;
    let signed = if odd { magnitude.copysign(x) } else { magnitude };
    let result = if real { signed } else { f32::NAN };

    let to_one = x == 1.0 || y.abs() < f32::MIN_POSITIVE || (base == 1.0 && y.abs() == f32::INFINITY);
    let nan = x.is_nan() || y.is_nan();
    if to_one {
        1.0
    } else if nan {
        x + y
    } else {
        result
    }
}

/// log2 of a non-negative f32, relative error below 2^-38; denormals count as zero.
#[inline(always)]
fn log2<I: Arithmetic>(x: f32) -> f64 {
    const SQRT_HALF: u32 = 0x3f35_04f3;
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF);
    let e = f64::from(shifted as i32 >> 23);
    let m = f64::from(f32::from_bits((shifted & 0x007f_ffff) + SQRT_HALF));
    // log m = 2·artanh((m - 1)/(m + 1)), by Maclaurin's series: the square is below 0.0295.
    let t = (m - 1.0) / (m + 1.0);
    let series = polynomial64::<I, 7>(
        t * t,
        [1.0, 1.0 / 3.0, 1.0 / 5.0, 1.0 / 7.0, 1.0 / 9.0, 1.0 / 11.0, 1.0 / 13.0],
    );
    let normal = I::fma64(t * series, 2.0 * std::f64::consts::LOG2_E, e);
    let above_zero = if x < f32::MIN_POSITIVE { f64::NEG_INFINITY } else { normal };
    if x < f32::INFINITY { above_zero } else { f64::INFINITY }
}

/// 2^p in f64, relative error below 2^-31; beyond ±200 it saturates, far outside the range of f32.
#[inline(always)]
pub(super) fn exp2<I: Arithmetic>(p: f64) -> f64 {
    let p = if p > 200.0 { 200.0 } else { p };
    let p = if p < -200.0 { -200.0 } else { p };
    let rounded = p + ROUNDER64;
    let r = (p - (rounded - ROUNDER64)) * std::f64::consts::LN_2;
    let significand = polynomial64::<I, 9>(
        r,
        [1.0, 1.0, 1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0, 1.0 / 40320.0],
    );
    significand * f64::from_bits((rounded.to_bits() << 52).wrapping_add(1.0f64.to_bits()))
}
