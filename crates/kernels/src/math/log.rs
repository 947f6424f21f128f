use super::{LN2_HIGH, LN2_LOW, polynomial};
use crate::lanes::Arithmetic;

/// The natural logarithm. x = 2^e·(1 + f) with 1 + f in [√½, √2), and log(1 + f) = f - f²/2 + f³·Q(f) with Q minimax by
/// Remez exchange (the scheme of Cephes' logf).
#[inline(always)]
pub fn log<I: Arithmetic>(x: f32) -> f32 {
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
    let square = f * f;
    let low = I::fma(square * f, q, e * LN2_LOW);
    let normal = I::fma(e, LN2_HIGH, f + I::fma(square, -0.5, low));
    // Denormals count as zero; a negative number has no logarithm; infinity and NaN stay.
    let at_most_zero = if x > -f32::MIN_POSITIVE { f32::NEG_INFINITY } else { f32::NAN };
    let below_normal = if x < f32::MIN_POSITIVE { at_most_zero } else { normal };
    if x < f32::INFINITY { below_normal } else { x }
}
