use super::{log, polynomial};
use crate::lanes::Arithmetic;

/// The inverse error function: x·P(w) with w = -log(1 - x²), P a polynomial of w in the centre and of √w in the tails (the
/// scheme of M. Giles, Approximating the erfinv function, 2010), with coefficients of our own by Remez exchange.
#[inline(always)]
pub fn erfinv<I: Arithmetic>(x: f32) -> f32 {
    const CENTRE: [f32; 10] = [
        1.501_409_4,
        0.246_640_29,
        -4.177_386_8e-3,
        -1.252_741_9e-3,
        2.183_444_4e-4,
        -4.963_344e-6,
        -3.462_704_7e-6,
        4.661_698_5e-7,
        2.323_264_3e-8,
        -8.790_997e-9,
    ];
    const TAIL: [f32; 10] = [
        2.958_320_1,
        1.003_718_7,
        7.048_997e-3,
        -5.301_139_9e-3,
        3.782_062_6e-3,
        -2.520_390_8e-3,
        1.309_652_1e-3,
        -3.243_695_8e-4,
        -1.729_729_7e-4,
        1.300_427_5e-4,
    ];
    let w = -log::<I>((1.0 - x) * (1.0 + x));
    let central = w < 5.0;
    let t = if central { w - 2.5 } else { w.sqrt() - 3.125 };
    let mut coefficients = TAIL;
    for (chosen, centre) in coefficients.iter_mut().zip(CENTRE) {
        *chosen = if central { centre } else { *chosen };
    }
    let inside = x * polynomial::<I, 10>(t, coefficients);
    if x.abs() == 1.0 { x * f32::INFINITY } else { inside }
}

/// The inverse error function in f64, to about 1e-15: the oracle of the f32 one. `x` must be representable in f32.
pub(crate) fn erfinv_f64(x: f64) -> f64 {
    use std::f64::consts::{FRAC_2_SQRT_PI, PI};

    let magnitude = x.abs();
    if magnitude.is_nan() || magnitude >= 1.0 {
        return if magnitude == 1.0 { x * f64::INFINITY } else { f64::NAN };
    }
    if magnitude < 1.0 / 64.0 {
        // Maclaurin's series.
        let s = PI * x * x;
        let series =
            1.0 + s * (1.0 / 12.0 + s * (7.0 / 480.0 + s * (127.0 / 40320.0 + s * 4369.0 / 5_806_080.0)));
        return x * series / FRAC_2_SQRT_PI;
    }
    // One step of Halley's method triples the digits of the f32 result.
    let t = f64::from(erfinv::<crate::lanes::Portable>(magnitude as f32));
    let slope = FRAC_2_SQRT_PI * (-t * t).exp();
    let residual = if t < 2.0 {
        // erf t = slope·Σ 2^k t^(2k+1) / (2k+1)!!
        let (mut term, mut sum, mut odd) = (t, t, 3.0);
        while term > 1e-18 * sum {
            term *= 2.0 * t * t / odd;
            sum += term;
            odd += 2.0;
        }
        slope * sum - magnitude
    } else {
        // erfc t = slope / 2 / (t + ½/(t + 1/(t + 1½/(t + ...
        let fraction = (1..80).rev().fold(t, |below, k| t + 0.5 * f64::from(k) / below);
        (1.0 - magnitude) - slope / 2.0 / fraction
    };
    let newton = residual / slope;
    (t - newton / (1.0 + t * newton)).copysign(x)
}
