use super::{LN2_HIGH, LN2_LOW, polynomial};
use crate::lanes::Arithmetic;

/// x = 2^e·(1 + f) with 1 + f in [√½, √2), for normal numbers. Returns e, f and Q(f) of log(1 + f) = f - f²/2 + f³·Q(f), minimax by
/// Remez exchange (the scheme of Cephes' logf).
#[inline(always)]
fn split<I: Arithmetic>(x: f32) -> (f32, f32, f32) {
    const SQRT_HALF: u32 = 0x3f35_04f3;
    // Biased so that the exponent field counts from √½ instead of 1.
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF);
    let e = (shifted as i32 >> 23) as f32;
    let f = f32::from_bits((shifted & 0x007f_ffff) + SQRT_HALF) - 1.0;
    let q = polynomial::<I, 8>(
        f,
        [
            0.333_333_17,
            -0.250_008_1,
            0.200_022_86,
            -0.166_245_55,
            0.141_812,
            -0.131_287_57,
            0.128_815_97,
            -0.078_595_44,
        ],
    );
    (e, f, q)
}

/// What `normal` is not: denormals count as zero; a negative number has no logarithm; infinity and NaN stay.
#[inline(always)]
fn at_the_ends(x: f32, normal: f32) -> f32 {
    let at_most_zero = if x > -f32::MIN_POSITIVE { f32::NEG_INFINITY } else { f32::NAN };
    let below_normal = if x < f32::MIN_POSITIVE { at_most_zero } else { normal };
    if x < f32::INFINITY { below_normal } else { x }
}

/// The natural logarithm.
#[inline(always)]
pub fn log<I: Arithmetic>(x: f32) -> f32 {
    let (e, f, q) = split::<I>(x);
    let square = f * f;
    let low = I::fma(square * f, q, e * LN2_LOW);
    at_the_ends(x, I::fma(e, LN2_HIGH, f + I::fma(square, -0.5, low)))
}

/// log(1 + x): the logarithm of the rounded sum, and what the rounding took away, to first order.
#[inline(always)]
pub fn log1p<I: Arithmetic>(x: f32) -> f32 {
    let sum = 1.0 + x;
    let lost = if x < 1.0 { x - (sum - 1.0) } else { 1.0 - (sum - x) };
    let corrected = (log::<I>(sum) + lost / sum).copysign(x);
    let inside = if x > -1.0 { corrected } else { log::<I>(sum) };
    if x < f32::INFINITY { inside } else { x }
}

/// The logarithm to another base, where `scale` = 1 / log(base) and the logarithm of 2 are given as a part with few enough bits
/// that its product with an exponent is exact, and a rest.
#[inline(always)]
fn log_to_base<I: Arithmetic>(x: f32, scale: (f32, f32), two: (f32, f32)) -> f32 {
    let (e, f, q) = split::<I>(x);
    let square = f * f;
    let tail = I::fma(square * f, q, -0.5 * square);
    // The product of f and the high part is exact too: f is taken in halves.
    let f_high = f32::from_bits(f.to_bits() & 0xffff_f000);
    let f_low = f - f_high;
    let low = I::fma(tail, scale.0 + scale.1, I::fma(f_low, scale.0, I::fma(f, scale.1, e * two.1)));
    at_the_ends(x, I::fma(e, two.0, I::fma(f_high, scale.0, low)))
}

/// The logarithm to base 2, exact for powers of 2.
#[inline(always)]
pub fn log2<I: Arithmetic>(x: f32) -> f32 {
    const LOG2_E_HIGH: f32 = 1.442_382_8;
    const LOG2_E_LOW: f32 = (std::f64::consts::LOG2_E - LOG2_E_HIGH as f64) as f32;
    log_to_base::<I>(x, (LOG2_E_HIGH, LOG2_E_LOW), (1.0, 0.0))
}

/// The logarithm to base 10.
#[inline(always)]
pub fn log10<I: Arithmetic>(x: f32) -> f32 {
    const LOG10_E_HIGH: f32 = 0.434_204_1;
    const LOG10_E_LOW: f32 = (std::f64::consts::LOG10_E - LOG10_E_HIGH as f64) as f32;
    const LOG10_2_HIGH: f32 = 0.300_781_25;
    const LOG10_2_LOW: f32 = (std::f64::consts::LOG10_2 - LOG10_2_HIGH as f64) as f32;
    log_to_base::<I>(x, (LOG10_E_HIGH, LOG10_E_LOW), (LOG10_2_HIGH, LOG10_2_LOW))
}
