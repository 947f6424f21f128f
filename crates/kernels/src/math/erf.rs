use super::{exp, polynomial};
use crate::lanes::Arithmetic;

/// The error function: x·(1 + P(x²)) in the centre and 1 - exp(-|x| + |x|·Q(|x|)) outside (the scheme of N. Juffa's erff), with
/// coefficients of our own by minimax fits of relative error below 2^-30.
#[inline(always)]
pub fn erf<I: Arithmetic>(x: f32) -> f32 {
    const CENTRE: f32 = 0.9277;
    /// From here on the result rounds to 1.
    const SATURATED: f32 = 3.95;
    let magnitude = if x.abs() > SATURATED { SATURATED } else { x.abs() };
    let p = polynomial::<I, 7>(
        x * x,
        [
            0.128_379_17,
            -0.376_126_32,
            0.112_836_9,
            -2.685_907_3e-2,
            5.200_229_6e-3,
            -8.133_632_4e-4,
            8.331_888e-5,
        ],
    );
    let q = polynomial::<I, 7>(
        magnitude,
        [
            -0.128_652_9,
            -0.635_133_45,
            -0.106_266_42,
            2.378_748e-2,
            -3.654_464e-3,
            3.257_535_6e-4,
            -1.152_574_7e-5,
        ],
    );
    let far = 1.0 - exp::<I>(I::fma(magnitude, q, -magnitude));
    if x.abs() < CENTRE { x * (1.0 + p) } else { far.copysign(x) }
}

/// The error function in f64, the oracle of the f32 one: by Abramowitz and Stegun 7.1.6, whose terms are all positive.
pub(crate) fn erf_f64(x: f64) -> f64 {
    let magnitude = x.abs();
    if magnitude > 6.0 || magnitude.is_nan() {
        return if x.is_nan() { x } else { 1f64.copysign(x) };
    }
    let (mut term, mut sum, mut odd) = (x, x, 3.0);
    while term.abs() > 1e-18 * sum.abs() {
        term *= 2.0 * x * x / odd;
        sum += term;
        odd += 2.0;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}
