//! How far results are from the true value: the measure that the tests and the example `exhaustive` share.

use crate::{FlushDenormals, Isa, Unary};

/// What counts as 2^128 when it is compared with finite results: the first power of two beyond f32.
const BEYOND: f64 = (1u128 << 127) as f64 * 2.0;

/// The distance of `result` from the true value in units in the last place of the true value. Infinite where NaN, infinity
/// or the sign of zero are wrong. A true value below the normal range asks for zero or the least normal number.
pub fn ulp_error(result: f32, truth: f64) -> f64 {
    let verdict = |right: bool| if right { 0.0 } else { f64::INFINITY };
    if truth.is_nan() || result.is_nan() {
        return verdict(truth.is_nan() && result.is_nan());
    }
    if truth.is_infinite() {
        return verdict(f64::from(result) == truth);
    }
    let least = f64::from(f32::MIN_POSITIVE);
    if truth == 0.0 {
        return verdict(
            f64::from(result.abs()) < least && result.is_sign_negative() == truth.is_sign_negative(),
        );
    }
    if truth.abs() < least {
        return verdict(f64::from(result.abs()) <= least);
    }
    let truth = truth.clamp(-BEYOND, BEYOND);
    let result = f64::from(result).clamp(-BEYOND, BEYOND);
    let exponent = ((truth.to_bits() >> 52 & 0x7ff) as i32 - 1023).min(127);
    (result - truth).abs() / 2f64.powi(exponent - 23)
}

/// Whether a quick look tells that the error is at most `ulp`.
fn clearly_within(result: f32, truth: f64, ulp: f64) -> bool {
    const EXPONENT: u64 = 0x7ff << 52;
    let unit = f64::from_bits((truth.to_bits() & EXPONENT).saturating_sub(23 << 52));
    let normal = truth.abs() >= f64::from(f32::MIN_POSITIVE) && truth.abs() <= f64::from(f32::MAX);
    (result.to_bits() == (truth as f32).to_bits())
        | (normal & ((f64::from(result) - truth).abs() <= ulp * unit))
}

/// A denormal number as kernels see it.
pub fn flushed(x: f32) -> f32 {
    if x.is_subnormal() { 0f32.copysign(x) } else { x }
}

/// The worst result of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Worst {
    pub ulp: f64,
    pub input: f32,
}

impl Worst {
    /// The worse of the two.
    pub fn or(self, other: Worst) -> Worst {
        if other.ulp > self.ulp { other } else { self }
    }
}

/// The worst error of an operation on each instruction set over the f32 with the given bit patterns.
pub fn worst(op: Unary, isas: &[Isa], patterns: impl Iterator<Item = u32>) -> Vec<Worst> {
    const BATCH: usize = 1024;
    let _flush = FlushDenormals::new();
    let mut worst = vec![Worst::default(); isas.len()];
    let mut patterns = patterns.peekable();
    let (mut inputs, mut truths, mut results) = (Vec::new(), Vec::new(), Vec::new());
    while patterns.peek().is_some() {
        inputs.clear();
        inputs.extend(patterns.by_ref().take(BATCH).map(f32::from_bits));
        truths.clear();
        truths.extend(inputs.iter().map(|x| op.oracle(f64::from(flushed(*x)))));
        for (worst, isa) in worst.iter_mut().zip(isas) {
            results.clone_from(&inputs);
            op.apply(*isa, &mut results);
            let pairs = results.iter().zip(&truths);
            if pairs.fold(true, |all, (result, truth)| all & clearly_within(*result, *truth, worst.ulp)) {
                continue;
            }
            for ((input, truth), result) in inputs.iter().zip(&truths).zip(&results) {
                *worst = worst.or(Worst { ulp: ulp_error(*result, *truth), input: *input });
            }
        }
    }
    worst
}
