//! Random numbers of the gamma distribution.

use super::Philox;
use crate::chunks::Chunks;
use crate::kernel::{Cost, Kernel, KernelError, Operands, require_size};

/// Numbers of the gamma distribution with scale 1, or their logarithms, which small shapes do not take to zero; operand 2 has
/// the shape parameter of each.
///
/// Marsaglia and Tsang, A Simple Method for Generating Gamma Variables, 2000. An element draws block after block of a sequence
/// of its own, whose counter holds its index and the number of the trial. All is computed in f64, so that other platforms'
/// logarithms and cosines round to the same results.
#[derive(Debug)]
pub struct RandomGamma {
    elements: usize,
    stream: u32,
    logarithm: bool,
    chunks: Chunks,
}

/// Trials after which the mode is taken: each is accepted in 95 of 100 cases.
const TRIALS: u32 = 64;

impl RandomGamma {
    /// # Panics
    /// When the elements are more than an int32 can count.
    pub fn new(elements: usize, stream: u32, logarithm: bool) -> Self {
        assert!(elements <= i32::MAX as usize, "an index fits in one word of the counter");
        require_size(&[elements, size_of::<f32>()]);
        RandomGamma { elements, stream, logarithm, chunks: Chunks::new(elements, 512) }
    }
}

impl Kernel for RandomGamma {
    fn name(&self) -> &'static str {
        "randomGamma"
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        Cost { flops: 300 * self.elements as u64, bytes: 8 * self.elements as u64 }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let philox = Philox::from_operands(operands, self.stream);
        let range = self.chunks.range(chunk);
        let bytes = self.elements * size_of::<f32>();
        // SAFETY: plain numbers, which nobody writes meanwhile.
        let alphas = unsafe { operands.inputs[2].part(0..bytes).slice::<f32>() };
        // SAFETY: the ranges of chunks are disjoint.
        let output = unsafe { operands.outputs[0].part(0..bytes).slice_mut::<f32>(range.clone()) };
        for ((output, &alpha), index) in
            output.iter_mut().zip(&alphas[range.clone()]).zip(range.start as u32..)
        {
            let logarithm = log_gamma_variate(f64::from(alpha), |trial| philox.block(index, trial));
            *output = (if self.logarithm { logarithm } else { logarithm.exp() }) as f32;
        }
        Ok(())
    }
}

/// The logarithm of one number of the distribution.
fn log_gamma_variate(alpha: f64, block: impl Fn(u32) -> [u32; 4]) -> f64 {
    if !(alpha > 0.0 && alpha < f64::INFINITY) {
        return if alpha == f64::INFINITY { alpha } else { f64::NAN };
    }
    // The middle of one of 2^32 steps in (0, 1).
    let open = |word: u32| (f64::from(word) + 0.5) * 2f64.powi(-32);
    // A shape below 1 is that of one more, times a power of a uniform number.
    let d = if alpha < 1.0 { alpha + 2.0 / 3.0 } else { alpha - 1.0 / 3.0 };
    let c = 1.0 / (9.0 * d).sqrt();
    let boost = |word| if alpha < 1.0 { open(word).ln() / alpha } else { 0.0 };
    for trial in 0..TRIALS {
        let words = block(trial);
        // Box and Muller's normal number.
        let x = (-2.0 * open(words[0]).ln()).sqrt() * (std::f64::consts::TAU * open(words[1])).cos();
        let t = c * x;
        if t <= -1.0 {
            continue;
        }
        // The candidate is d·(1 + t)³; the bound is d·(1 - (1 + t)³ + 3 ln(1 + t)) without what cancels.
        let log = t.ln_1p();
        if open(words[2]).ln() < 0.5 * x * x + d * (3.0 * (log - t) - t * t * (3.0 + t)) {
            return d.ln() + 3.0 * log + boost(words[3]);
        }
    }
    d.ln() + boost(block(0)[3])
}
