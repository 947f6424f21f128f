//! Random numbers that depend on a key, a step and a stream alone.

use crate::Isa;
use crate::chunks::Chunks;
use crate::kernel::{Cost, Kernel, KernelError, Operands};
use crate::lanes::Arithmetic;
use crate::target::{Loop, Target};

/// Words of a block of the generator.
const WORDS: usize = 4;
/// Blocks that are generated at once.
const BLOCKS: usize = 16;
/// Words that are generated at once.
const BATCH: usize = WORDS * BLOCKS;

/// Philox 4x32-10 for one block number after another (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, 2011).
#[derive(Clone, Copy, Debug)]
struct Philox {
    key: [u32; 2],
    /// The counter, of which word 0 is the number of the block.
    counter: [u32; WORDS],
}

impl Philox {
    const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
    /// The golden ratio and the square root of 3, by which the key moves from round to round.
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    const ROUNDS: usize = 10;

    /// Reads key int32[2] and step int32[] from the operands.
    fn from_operands(operands: &Operands<'_>, stream: u32) -> Self {
        // SAFETY: plain numbers, which nobody writes meanwhile.
        let key = unsafe { operands.inputs[0].part(0..8).slice::<u32>() };
        // SAFETY: as above.
        let step = unsafe { operands.inputs[1].part(0..4).slice::<u32>() };
        Philox { key: [key[0], key[1]], counter: [0, 0, step[0], stream] }
    }

    /// The words of the blocks from `first` on, block by block. They are kept in 64 bits, of which the upper half is
    /// ignored, because a vector instruction that multiplies 32 by 32 bits takes and gives them so.
    #[inline(always)]
    fn batch(&self, first: u32) -> [u32; BATCH] {
        let product = |word: u64, multiplier: u32| (word & u64::from(u32::MAX)) * u64::from(multiplier);
        let [_, c1, c2, c3] = self.counter.map(u64::from);
        let (mut c0, mut c1, mut c2, mut c3) = ([0; BLOCKS], [c1; BLOCKS], [c2; BLOCKS], [c3; BLOCKS]);
        for (number, c0) in (0..).zip(&mut c0) {
            *c0 = u64::from(first.wrapping_add(number));
        }
        let mut key = self.key;
        for _ in 0..Self::ROUNDS {
            for lane in 0..BLOCKS {
                let left = product(c0[lane], Self::MULTIPLIERS[0]);
                let right = product(c2[lane], Self::MULTIPLIERS[1]);
                (c0[lane], c1[lane]) = ((right >> 32) ^ c1[lane] ^ u64::from(key[0]), right);
                (c2[lane], c3[lane]) = ((left >> 32) ^ c3[lane] ^ u64::from(key[1]), left);
            }
            key = [key[0].wrapping_add(Self::WEYL[0]), key[1].wrapping_add(Self::WEYL[1])];
        }
        let mut words = [0; BATCH];
        for (lane, words) in words.as_chunks_mut::<WORDS>().0.iter_mut().enumerate() {
            *words = [c0[lane] as u32, c1[lane] as u32, c2[lane] as u32, c3[lane] as u32];
        }
        words
    }
}

/// Uniform numbers in [0, 1): element i is the upper 24 bits of word i of the stream.
#[derive(Debug)]
pub struct RandomUniform {
    target: Target,
    elements: usize,
    stream: u32,
    /// Of whole batches.
    chunks: Chunks,
}

impl RandomUniform {
    /// # Panics
    /// When the machine lacks the instruction set, or the elements are more than an int32 can count.
    pub fn new(isa: Isa, elements: usize, stream: u32) -> Self {
        assert!(elements <= i32::MAX as usize, "a block number fits in one word of the counter");
        let chunks = Chunks::new(elements.div_ceil(BATCH), 16 * BATCH);
        RandomUniform { target: Target::new(isa), elements, stream, chunks }
    }
}

impl Kernel for RandomUniform {
    fn name(&self) -> &'static str {
        "randomUniform"
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
        // SAFETY: the batches of chunks are disjoint.
        let output = unsafe { output.slice_mut::<f32>(elements) };
        self.target.run(Uniform { philox, block: (batches.start * BLOCKS) as u32, output });
        Ok(())
    }
}

struct Uniform<'a> {
    philox: Philox,
    block: u32,
    output: &'a mut [f32],
}

impl Loop for Uniform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        let Uniform { philox, mut block, output } = self;
        let (batches, rest) = output.as_chunks_mut::<BATCH>();
        for output in batches {
            for (output, word) in output.iter_mut().zip(philox.batch(block)) {
                *output = uniform(word);
            }
            block = block.wrapping_add(BLOCKS as u32);
        }
        if !rest.is_empty() {
            for (output, word) in rest.iter_mut().zip(philox.batch(block)) {
                *output = uniform(word);
            }
        }
    }
}

/// The 24 upper bits of a word as a fraction: every value is exact in f32.
#[inline(always)]
fn uniform(word: u32) -> f32 {
    (word >> 8) as i32 as f32 * (1.0 / 16_777_216.0)
}

/// A permutation of 0..length by the shuffle of Fisher and Yates, from the end; word i of the stream decides the
/// swap of place i.
#[derive(Debug)]
pub struct RandomPermutation {
    length: usize,
    stream: u32,
}

impl RandomPermutation {
    /// # Panics
    /// When the length is more than an int32 can count.
    pub fn new(length: usize, stream: u32) -> Self {
        assert!(length <= i32::MAX as usize, "the elements are int32");
        RandomPermutation { length, stream }
    }
}

impl Kernel for RandomPermutation {
    fn name(&self) -> &'static str {
        "randomPermutation"
    }

    /// Each swap depends on the one before.
    fn phases(&self) -> &[u32] {
        &[1]
    }

    fn cost(&self) -> Cost {
        Cost { flops: 30 * self.length as u64, bytes: 12 * self.length as u64 }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        assert_eq!(chunk, 0, "the chunk is the only one");
        let philox = Philox::from_operands(operands, self.stream);
        let output = operands.outputs[0].part(0..self.length * size_of::<i32>());
        // SAFETY: there is one chunk only.
        let output = unsafe { output.slice_mut::<i32>(0..self.length) };
        output.iter_mut().zip(0..).for_each(|(place, index)| *place = index);
        for start in (0..self.length).step_by(BATCH).rev() {
            let words = philox.batch((start / WORDS) as u32);
            for place in (start.max(1)..self.length.min(start + BATCH)).rev() {
                let other = (u64::from(words[place - start]) * (place as u64 + 1)) >> 32;
                output.swap(place, other as usize);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::run_kernel;

    /// Words from the definition, one block at a time.
    fn words(key: [u32; 2], step: u32, stream: u32, count: usize) -> Vec<u32> {
        let block = |number: u32| {
            let [mut c0, mut c1, mut c2, mut c3] = [number, 0, step, stream];
            let [mut k0, mut k1] = key;
            for _ in 0..10 {
                let (first, second) = (0xD251_1F53 * u64::from(c0), 0xCD9E_8D57 * u64::from(c2));
                (c0, c1, c2, c3) = (
                    (second >> 32) as u32 ^ c1 ^ k0,
                    second as u32,
                    (first >> 32) as u32 ^ c3 ^ k1,
                    first as u32,
                );
                (k0, k1) = (k0.wrapping_add(0x9E37_79B9), k1.wrapping_add(0xBB67_AE85));
            }
            [c0, c1, c2, c3]
        };
        (0..).flat_map(block).take(count).collect()
    }

    /// The vectors that the authors publish with Random123.
    #[test]
    fn known_answers() {
        let known = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, expected) in known {
            assert_eq!(Philox { key, counter }.batch(counter[0])[..WORDS], expected);
        }
    }

    #[test]
    fn uniform_numbers_follow_the_definition() {
        let key = vec![-5i32, 77];
        for elements in [0, 1, 3, 4, 63, 64, 65, 1000, 300_001] {
            for (step, stream) in [(0, 0), (-1, 3), (123_456, u32::MAX)] {
                let expected: Vec<f32> = words([-5i32 as u32, 77], step as u32, stream, elements)
                    .into_iter()
                    .map(|word| (f64::from(word >> 8) / f64::from(1 << 24)) as f32)
                    .collect();
                for isa in Isa::available() {
                    let mut output = vec![f32::NAN; elements];
                    let kernel = RandomUniform::new(isa, elements, stream);
                    run_kernel(&kernel, &[&key, &vec![step]], &mut [&mut output]).unwrap();
                    assert_eq!(output, expected, "{elements} {isa:?}");
                    assert!(output.iter().all(|value| (0.0..1.0).contains(value)));
                }
            }
        }
    }

    #[test]
    fn permutations_follow_the_definition() {
        for length in [0, 1, 2, 3, 64, 65, 1000, 10_007] {
            let words = words([1, 2], 9, 4, length);
            let mut expected: Vec<i32> = (0..length as i32).collect();
            for place in (1..length).rev() {
                let other = (u64::from(words[place]) * (place as u64 + 1)) >> 32;
                expected.swap(place, other as usize);
            }
            let mut output = vec![-1i32; length];
            let kernel = RandomPermutation::new(length, 4);
            run_kernel(&kernel, &[&vec![1i32, 2], &vec![9i32]], &mut [&mut output]).unwrap();
            assert_eq!(output, expected);
            let mut sorted = output;
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..length as i32));
        }
    }

    #[test]
    fn memory_is_checked() {
        let mut output = vec![0f32; 10];
        let mut check = |kernel: &dyn Kernel, key: usize, step: usize| {
            let (key, step) = (vec![0i32; key], vec![0i32; step]);
            let run = std::panic::AssertUnwindSafe(|| run_kernel(kernel, &[&key, &step], &mut [&mut output]));
            assert!(std::panic::catch_unwind(run).is_err());
        };
        check(&RandomUniform::new(Isa::best(), 10, 0), 1, 1);
        check(&RandomUniform::new(Isa::best(), 10, 0), 2, 0);
        check(&RandomUniform::new(Isa::best(), 11, 0), 2, 1);
        check(&RandomPermutation::new(11, 0), 2, 1);
    }
}
