use super::{ROUNDER64, polynomial64};
use crate::lanes::Arithmetic;

/// The sine of every finite number, in f64 lanes.
#[inline(always)]
pub fn sin<I: Arithmetic>(x: f32) -> f32 {
    let (quadrant, angle) = reduce::<I>(x);
    if x == 0.0 { x } else { of_quadrant::<I>(quadrant, angle) }
}

/// The cosine of every finite number, in f64 lanes.
#[inline(always)]
pub fn cos<I: Arithmetic>(x: f32) -> f32 {
    let (quadrant, angle) = reduce::<I>(x);
    of_quadrant::<I>(quadrant + 1, angle)
}

/// x = n·π/2 + angle with |angle| hardly above π/4. Returns n modulo 4, in the low bits, and the angle.
///
/// Payne and Hanek's reduction (1983) in f64: of 2/π, only the bits that count modulo 4 for an x of such size, in three
/// parts, of which the first two have exact products with the 24 bits of x.
#[inline(always)]
fn reduce<I: Arithmetic>(x: f32) -> (u64, f64) {
    /// 2^(27·k)·2/π modulo 4, in multiples of 2^-27, of 2^-55, and the rest.
    const PARTS: [[f64; 3]; 4] = [
        [0.6366197690367699, 3.3308114877339534e-09, -1.160177773473606e-17],
        [-0.5529460534453392, 2.168126039814311e-09, 1.0330342399379403e-17],
        [1.2910009548068047, -2.3387752012826724e-09, -1.0872469543181842e-17],
        [-1.3139050975441933, 2.2660121279383105e-09, 1.0688538751642284e-17],
    ];
    /// From here on, x / 2^27 is an integer below 2^50, then x / 2^54, then x / 2^81; such products leave room to round.
    const SIZES: [f32; 3] = [TWO_50, TWO_50 * TWO_27, TWO_50 * TWO_27 * TWO_27];
    const TWO_27: f32 = 134_217_728.0;
    const TWO_50: f32 = TWO_27 * 8_388_608.0;
    let mut parts = PARTS[0];
    let mut scale = 1.0f64;
    let mut k = 0;
    while k < 3 {
        let larger = x.abs() >= SIZES[k];
        scale = if larger { 8_388_608.0 / SIZES[k] as f64 } else { scale };
        for (part, of_size) in parts.iter_mut().zip(PARTS[k + 1]) {
            *part = if larger { of_size } else { *part };
        }
        k += 1;
    }
    let scaled = f64::from(x) * scale;
    let (high, middle) = (scaled * parts[0], scaled * parts[1]);
    let (high_n, middle_n) = (high + ROUNDER64, middle + ROUNDER64);
    let high = high - (high_n - ROUNDER64);
    let middle = middle - (middle_n - ROUNDER64);
    let both_n = high + middle + ROUNDER64;
    // In this order each difference is exact where it is small.
    let turns = I::fma64(scaled, parts[2], (high - (both_n - ROUNDER64)) + middle);
    let n = high_n.to_bits().wrapping_add(middle_n.to_bits()).wrapping_add(both_n.to_bits());
    (n, turns * std::f64::consts::FRAC_PI_2)
}

/// sin(n·π/2 + angle), by Maclaurin's series.
#[inline(always)]
fn of_quadrant<I: Arithmetic>(n: u64, angle: f64) -> f32 {
    let square = angle * angle;
    let sine = polynomial64::<I, 6>(
        square,
        [1.0, -1.0 / 6.0, 1.0 / 120.0, -1.0 / 5040.0, 1.0 / 362_880.0, -1.0 / 39_916_800.0],
    );
    let cosine = polynomial64::<I, 6>(
        square,
        [1.0, -1.0 / 2.0, 1.0 / 24.0, -1.0 / 720.0, 1.0 / 40320.0, -1.0 / 3_628_800.0],
    );
    let magnitude = if n & 1 == 0 { angle * sine } else { cosine };
    f64::from_bits(magnitude.to_bits() ^ ((n & 2) << 62)) as f32
}
