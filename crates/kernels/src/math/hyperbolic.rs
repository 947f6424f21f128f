use super::power::exp2;
use super::{log1p, polynomial64};
use crate::lanes::Arithmetic;
use std::f64::consts::{LN_2, LOG2_E};

/// The hyperbolic cosine, in f64 lanes.
#[inline(always)]
pub fn cosh<I: Arithmetic>(x: f32) -> f32 {
    let exponential = exp2::<I>(f64::from(x.abs()) * LOG2_E);
    (0.5 * (exponential + 1.0 / exponential)) as f32
}

/// The hyperbolic sine, in f64 lanes: below 1, where the difference of exponentials cancels, by Maclaurin's series.
#[inline(always)]
pub fn sinh<I: Arithmetic>(x: f32) -> f32 {
    let magnitude = f64::from(x.abs());
    let exponential = exp2::<I>(magnitude * LOG2_E);
    let square = magnitude * magnitude;
    let series = polynomial64::<I, 6>(
        square,
        [1.0, 1.0 / 6.0, 1.0 / 120.0, 1.0 / 5040.0, 1.0 / 362_880.0, 1.0 / 39_916_800.0],
    );
    let far = 0.5 * (exponential - 1.0 / exponential);
    ((if magnitude < 1.0 { magnitude * series } else { far }) as f32).copysign(x)
}

/// From here on, squares are left out: 1 + x² has no room for the 1, and x² might overflow.
const LARGE: f32 = 16_777_216.0;

/// The inverse of the hyperbolic sine: log(|x| + √(1 + x²)) = log1p(|x| + x² / (1 + √(1 + x²))).
#[inline(always)]
pub fn arcsinh<I: Arithmetic>(x: f32) -> f32 {
    let magnitude = x.abs();
    let square = magnitude * magnitude;
    let small = magnitude + square / (1.0 + (1.0 + square).sqrt());
    let large = magnitude > LARGE;
    (log1p::<I>(if large { magnitude } else { small }) + if large { LN_2 as f32 } else { 0.0 }).copysign(x)
}

/// The inverse of the hyperbolic cosine, for x ≥ 1: log1p(t + √(t·(t + 2))) with t = x - 1.
#[inline(always)]
pub fn arccosh<I: Arithmetic>(x: f32) -> f32 {
    let t = x - 1.0;
    let small = t + (t * (t + 2.0)).sqrt();
    let large = x > LARGE;
    let inside = log1p::<I>(if large { x } else { small }) + if large { LN_2 as f32 } else { 0.0 };
    if x < 1.0 { f32::NAN } else { inside }
}

/// The inverse of the hyperbolic tangent, for |x| ≤ 1: ½·log1p(2·|x| / (1 - |x|)).
#[inline(always)]
pub fn arctanh<I: Arithmetic>(x: f32) -> f32 {
    let magnitude = x.abs();
    (0.5 * log1p::<I>(2.0 * magnitude / (1.0 - magnitude))).copysign(x)
}
