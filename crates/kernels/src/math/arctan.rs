use super::polynomial64;
use crate::lanes::Arithmetic;
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

/// The angle of the point (x, y), by C's rules for zeros and infinities.
#[inline(always)]
pub fn arctan2<I: Arithmetic>(y: f32, x: f32) -> f32 {
    angle::<I>(f64::from(y), f64::from(x)) as f32
}

/// The arc tangent.
#[inline(always)]
pub fn arctan<I: Arithmetic>(x: f32) -> f32 {
    angle::<I>(f64::from(x), 1.0) as f32
}

/// The arc sine; NaN beyond ±1.
#[inline(always)]
pub fn arcsin<I: Arithmetic>(x: f32) -> f32 {
    let x = f64::from(x);
    angle::<I>(x, ((1.0 - x) * (1.0 + x)).sqrt()) as f32
}

/// The arc cosine; NaN beyond ±1.
#[inline(always)]
pub fn arccos<I: Arithmetic>(x: f32) -> f32 {
    let x = f64::from(x);
    angle::<I>(((1.0 - x) * (1.0 + x)).sqrt(), x) as f32
}

/// The angle of (x, y) in f64, where both have the range of f32.
///
/// The arc tangent of a quotient of at most 1 is moved by π/4 where it is above tan(π/8); then the square is below 0.172, and
/// Maclaurin's series ends.
#[inline(always)]
fn angle<I: Arithmetic>(y: f64, x: f64) -> f64 {
    const TAN_PI_8: f64 = std::f64::consts::SQRT_2 - 1.0;
    /// Beyond and below f32: in the place of infinity, and of a denominator of zero.
    const HUGE: f64 = 1e300;
    let clamp = |x: f64| if x > HUGE { HUGE } else { x };
    let (width, height) = (clamp(x.abs()), clamp(y.abs()));
    let steep = height > width;
    let (lesser, greater) = if steep { (width, height) } else { (height, width) };
    let moved = lesser > TAN_PI_8 * greater;
    let numerator = if moved { lesser - greater } else { lesser };
    let denominator = if moved { lesser + greater } else { greater };
    let u = numerator / (if denominator == 0.0 { 1.0 } else { denominator });
    let series = polynomial64::<I, 12>(
        u * u,
        [
            1.0,
            -1.0 / 3.0,
            1.0 / 5.0,
            -1.0 / 7.0,
            1.0 / 9.0,
            -1.0 / 11.0,
            1.0 / 13.0,
            -1.0 / 15.0,
            1.0 / 17.0,
            -1.0 / 19.0,
            1.0 / 21.0,
            -1.0 / 23.0,
        ],
    );
    let octant = I::fma64(u, series, if moved { FRAC_PI_4 } else { 0.0 });
    let quadrant = if steep { FRAC_PI_2 - octant } else { octant };
    let half = if x.is_sign_negative() { PI - quadrant } else { quadrant };
    if x.is_nan() || y.is_nan() { x + y } else { half.copysign(y) }
}
