//! Uniform random numbers.

use super::{BATCH, BLOCKS, Philox};
use crate::Isa;
use crate::chunks::Chunks;
use crate::kernel::{Cost, Kernel, KernelError, Operands};
use crate::lanes::Arithmetic;
use crate::target::{Loop, Target};

/// Uniform numbers, element i from word i of the stream.
#[derive(Debug)]
pub struct RandomUniform {
    target: Target,
    elements: usize,
    stream: u32,
    kind: Kind,
    /// Of whole batches.
    chunks: Chunks,
}

/// What becomes of a word.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Its upper 24 bits, as an f32 in [0, 1).
    Fraction,
    /// The high word of its product with so many integers: one of those from 0 on, in 32 bits.
    Integer(u32),
}

impl RandomUniform {
    /// Numbers in [0, 1).
    ///
    /// # Panics
    /// When the machine lacks the instruction set, or the elements are more than an int32 can count.
    pub fn new(isa: Isa, elements: usize, stream: u32) -> Self {
        RandomUniform::of_kind(isa, elements, stream, Kind::Fraction)
    }

    /// The first `range` integers from 0 on.
    ///
    /// # Panics
    /// As [`RandomUniform::new`].
    pub fn integers(isa: Isa, elements: usize, stream: u32, range: u32) -> Self {
        RandomUniform::of_kind(isa, elements, stream, Kind::Integer(range))
    }

    fn of_kind(isa: Isa, elements: usize, stream: u32, kind: Kind) -> Self {
        assert!(elements <= i32::MAX as usize, "a block number fits in one word of the counter");
        let chunks = Chunks::new(elements.div_ceil(BATCH), 16 * BATCH);
        RandomUniform { target: Target::new(isa), elements, stream, kind, chunks }
    }
}

impl Kernel for RandomUniform {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Fraction => "randomUniform",
            Kind::Integer(_) => "randomIntegers",
        }
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        Cost { flops: 20 * self.elements as u64, bytes: 4 * self.elements as u64 }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let philox = Philox::from_operands(operands, self.stream);
        let batches = self.chunks.range(chunk);
        let elements = batches.start * BATCH..self.elements.min(batches.end * BATCH);
        let output = operands.outputs[0].part(0..self.elements * size_of::<f32>());
        let block = (batches.start * BLOCKS) as u32;
        match self.kind {
            Kind::Fraction => {
                // SAFETY: the batches of chunks are disjoint.
                let output = unsafe { output.slice_mut::<f32>(elements) };
                self.target.run(Words { philox, block, output, convert: uniform });
            }
            Kind::Integer(range) => {
                // SAFETY: as above.
                let output = unsafe { output.slice_mut::<u32>(elements) };
                let convert = |word: u32| ((u64::from(word) * u64::from(range)) >> 32) as u32;
                self.target.run(Words { philox, block, output, convert });
            }
        }
        Ok(())
    }
}

/// The words from those of a block on, each made an element.
struct Words<'a, T, F> {
    philox: Philox,
    block: u32,
    output: &'a mut [T],
    convert: F,
}

impl<T, F: Fn(u32) -> T> Loop for Words<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        let Words { philox, mut block, output, convert } = self;
        let (batches, rest) = output.as_chunks_mut::<BATCH>();
        for output in batches {
            for (output, word) in output.iter_mut().zip(philox.batch(block)) {
                *output = convert(word);
            }
            block = block.wrapping_add(BLOCKS as u32);
        }
        if !rest.is_empty() {
            for (output, word) in rest.iter_mut().zip(philox.batch(block)) {
                *output = convert(word);
            }
        }
    }
}

/// The 24 upper bits of a word as a fraction: every value is exact in f32.
#[inline(always)]
fn uniform(word: u32) -> f32 {
    (word >> 8) as i32 as f32 * (1.0 / 16_777_216.0)
}
