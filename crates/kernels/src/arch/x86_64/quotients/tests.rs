use super::*;
use crate::{FlushDenormals, Isa};

const LANES: usize = VECTORS * 16;

/// Quotients and roots of the first operand, all by multiply-adds where the operands are in range.
#[target_feature(enable = "avx512f")]
unsafe fn compute(a: &[f32; LANES], b: &[f32; LANES]) -> [[f32; LANES]; 2] {
    let mut results = [[0.0; LANES]; 2];
    let (mut x, mut y) = ([_mm512_setzero_ps(); VECTORS], [_mm512_setzero_ps(); VECTORS]);
    // SAFETY: the machine has AVX-512, and the vectors are within the arrays.
    unsafe {
        for i in 0..VECTORS {
            x[i] = _mm512_loadu_ps(&raw const a[16 * i]);
            y[i] = _mm512_loadu_ps(&raw const b[16 * i]);
        }
        let (quotients, roots) = (divide::<0>(x, y), sqrt::<0>(x));
        for i in 0..VECTORS {
            _mm512_storeu_ps(&raw mut results[0][16 * i], quotients[i]);
            _mm512_storeu_ps(&raw mut results[1][16 * i], roots[i]);
        }
    }
    results
}

/// Compares the bits with those of the scalar instructions.
fn check(pairs: impl Iterator<Item = (f32, f32)>) {
    if !Isa::Avx512.is_available() {
        return;
    }
    let mut pairs = pairs.peekable();
    while pairs.peek().is_some() {
        let (mut a, mut b) = ([1.0; LANES], [1.0; LANES]);
        for ((a, b), pair) in a.iter_mut().zip(&mut b).zip(&mut pairs) {
            (*a, *b) = pair;
        }
        // SAFETY: the machine has AVX-512.
        let [quotients, roots] = unsafe { compute(&a, &b) };
        for i in 0..LANES {
            let (quotient, root) = (a[i] / b[i], a[i].sqrt());
            assert_eq!(quotients[i].to_bits(), quotient.to_bits(), "{:e} / {:e} = {quotient:e}", a[i], b[i]);
            assert_eq!(roots[i].to_bits(), root.to_bits(), "√{:e} = {root:e}", a[i]);
        }
    }
}

fn random() -> impl FnMut() -> u32 {
    let mut state = 1u64;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as u32
    }
}

/// The number 2ᵉ·(1 + significand / 2²³).
fn number(exponent: i32, significand: u32) -> f32 {
    f32::from_bits(((exponent + 127) as u32) << 23 | significand & (EXPONENT as u32 - 1))
}

#[test]
fn roots_of_every_significand_and_their_quotients_are_exact() {
    let mut random = random();
    check((0..1 << 24).map(|i| (f32::from_bits(0x3f80_0000 + i), number(0, random()))));
}

/// a·2ᵉ = b·m ± 1 with m the double of a midpoint: no quotient is nearer to one.
#[test]
fn quotients_next_to_midpoints_are_exact() {
    let hard = |b: u32| {
        let inverse =
            (0..5).fold(b, |inverse, _| inverse.wrapping_mul(2u32.wrapping_sub(b.wrapping_mul(inverse))));
        [(24, inverse), (25, inverse), (24, inverse.wrapping_neg()), (25, inverse.wrapping_neg())]
            .into_iter()
            .filter_map(move |(e, m)| {
                let m = (m & ((1 << e) - 1)) | 1 << 24;
                let a = (u64::from(b) * u64::from(m) + (1 << (e - 1))) >> e;
                (a >> 23 == 1).then(|| (number(0, a as u32), number(0, b)))
            })
    };
    let divisors = ((1 << 23) + 1..1 << 24).step_by(2);
    check(divisors.flat_map(hard));
}

#[test]
fn operands_in_range_have_exact_results() {
    let cases = || {
        let mut random = random();
        (0..1 << 20).map(move |_| {
            // Half of the exponents are at the ends of the ranges.
            let mut exponent = |lowest: i32, highest: i32| match random() >> 30 {
                0 => lowest,
                1 => highest,
                _ => lowest + (random() % (highest - lowest + 1) as u32) as i32,
            };
            let (dividend, divisor) = (exponent(-78, 49), exponent(-40, 23));
            let sign = |number: f32, negative: bool| if negative { -number } else { number };
            let is_zero = random() >> 28 == 0;
            let a = if is_zero { 0.0 } else { number(dividend, random()) };
            let signs = random() >> 30;
            (sign(a, signs & 1 == 1), sign(number(divisor, random()), signs & 2 == 2))
        })
    };
    // Without negative numbers, of which no root is in range, and with them.
    check(cases().map(|(a, b)| (a.abs(), b)));
    check(cases());
    let _flush = FlushDenormals::new();
    check(cases().map(|(a, b)| (a.abs(), b)));
    check(cases());
}

#[test]
fn operands_of_any_magnitude_have_exact_results() {
    let mut special = vec![0.0, f32::INFINITY, f32::NAN, f32::MAX, f32::from_bits(1), 1e-40, 1.0, 3.0];
    for exponent in -126..=127 {
        special.extend([0, 1, 0x7f_fffe, 0x7f_ffff].map(|significand| number(exponent, significand)));
    }
    special.extend(special.clone().iter().map(|x| -x));
    let cases = || {
        let mut random = random();
        let uniform = (0..1 << 20).map(move |_| (f32::from_bits(random()), f32::from_bits(random())));
        let pairs = special.iter().flat_map(|a| special.iter().step_by(7).map(move |b| (*a, *b)));
        uniform.chain(pairs)
    };
    // One case at a time, among others that are in range.
    let alone = |(a, b)| std::iter::once((a, b)).chain((1..LANES).map(|i| (i as f32, 3.0)));
    check(cases());
    check(special.iter().zip(special.iter().rev()).flat_map(|(a, b)| alone((*a, *b))));
    check(special.iter().flat_map(|a| alone((*a, 3.0))));
    let _flush = FlushDenormals::new();
    check(cases());
}
