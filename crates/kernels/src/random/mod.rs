//! Random numbers that depend on a key, a step and a stream alone.

mod gamma;
mod permutation;
mod uniform;

pub use gamma::RandomGamma;
pub use permutation::RandomPermutation;
pub use uniform::RandomUniform;

use crate::kernel::Operands;

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

    /// The words of one block of a sequence of its own for each index.
    fn block(&self, index: u32, number: u32) -> [u32; WORDS] {
        let [_, _, step, stream] = self.counter;
        let [words] = Philox { counter: [0, number, step, stream], ..*self }.blocks(index);
        words
    }

    /// The words of a batch of blocks from `first` on.
    #[inline(always)]
    fn batch(&self, first: u32) -> [u32; BATCH] {
        let mut words = [0; BATCH];
        words.as_chunks_mut::<WORDS>().0.copy_from_slice(&self.blocks::<BLOCKS>(first));
        words
    }

    /// The words of the blocks from `first` on, block by block. They are kept in 64 bits, of which the upper half is
    /// ignored, because a vector instruction that multiplies 32 by 32 bits takes and gives them so.
    #[inline(always)]
    fn blocks<const N: usize>(&self, first: u32) -> [[u32; WORDS]; N] {
        let product = |word: u64, multiplier: u32| (word & u64::from(u32::MAX)) * u64::from(multiplier);
        let [_, c1, c2, c3] = self.counter.map(u64::from);
        let (mut c0, mut c1, mut c2, mut c3) = ([0; N], [c1; N], [c2; N], [c3; N]);
        for (number, c0) in (0..).zip(&mut c0) {
            *c0 = u64::from(first.wrapping_add(number));
        }
        let mut key = self.key;
        for _ in 0..Self::ROUNDS {
            for lane in 0..N {
                let left = product(c0[lane], Self::MULTIPLIERS[0]);
                let right = product(c2[lane], Self::MULTIPLIERS[1]);
                (c0[lane], c1[lane]) = ((right >> 32) ^ c1[lane] ^ u64::from(key[0]), right);
                (c2[lane], c3[lane]) = ((left >> 32) ^ c3[lane] ^ u64::from(key[1]), left);
            }
            key = [key[0].wrapping_add(Self::WEYL[0]), key[1].wrapping_add(Self::WEYL[1])];
        }
        let mut words = [[0; WORDS]; N];
        for (lane, words) in words.iter_mut().enumerate() {
            *words = [c0[lane] as u32, c1[lane] as u32, c2[lane] as u32, c3[lane] as u32];
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;
    use crate::kernel::Kernel;
    use crate::testing::{Memory, run_kernel};

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
    fn integers_follow_the_definition() {
        for range in [1, 6, 1000, 0x8000_0001, u32::MAX] {
            let expected: Vec<u32> = words([3, 4], 7, 2, 1003)
                .into_iter()
                .map(|word| ((u64::from(word) * u64::from(range)) >> 32) as u32)
                .collect();
            assert!(expected.iter().all(|&integer| integer < range));
            for isa in Isa::available() {
                let mut output = vec![0u32; 1003];
                let kernel = RandomUniform::integers(isa, 1003, 2, range);
                run_kernel(&kernel, &[&vec![3i32, 4], &vec![7i32]], &mut [&mut output]).unwrap();
                assert_eq!(output, expected, "{range} {isa:?}");
            }
        }
    }

    #[test]
    fn blocks_of_a_sequence_are_those_of_the_counter() {
        let philox = Philox { key: [1, 2], counter: [9, 9, 5, 6] };
        let expected = Philox { key: [1, 2], counter: [0, 3, 5, 6] }.batch(70);
        assert_eq!(philox.block(70, 3), expected[..WORDS]);
    }

    #[test]
    fn gamma_variates_have_the_moments_of_the_distribution() {
        const COUNT: usize = 40_000;
        for alpha in [0.3f32, 1.0, 2.5, 50.0] {
            let mut output = vec![0f32; COUNT];
            let kernel = RandomGamma::new(COUNT, 1, false);
            let operands: [&dyn Memory; 3] = [&vec![1i32, 2], &vec![0i32], &vec![alpha; COUNT]];
            run_kernel(&kernel, &operands, &mut [&mut output]).unwrap();
            let mean = output.iter().map(|&x| f64::from(x)).sum::<f64>() / COUNT as f64;
            let variance = output.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / COUNT as f64;
            // Mean and variance are both the shape; four standard errors of each.
            let alpha = f64::from(alpha);
            assert!((mean - alpha).abs() < 4.0 * (alpha / COUNT as f64).sqrt(), "{alpha}: mean {mean}");
            let error = ((2.0 * alpha * alpha + 6.0 * alpha) / COUNT as f64).sqrt();
            assert!((variance - alpha).abs() < 4.0 * error, "{alpha}: variance {variance}");
            let mut logarithms = vec![0f32; COUNT];
            let kernel = RandomGamma::new(COUNT, 1, true);
            run_kernel(&kernel, &operands, &mut [&mut logarithms]).unwrap();
            let near = |(&x, &log): (&f32, &f32)| (x.ln() - log).abs() < 1e-4 * log.abs().max(1.0);
            assert!(output.iter().zip(&logarithms).filter(|(x, _)| **x > 1e-30).all(near));
        }
    }

    #[test]
    fn gamma_variates_of_no_shape_are_nan() {
        let alphas = vec![0f32, -1.0, f32::NAN, f32::INFINITY, f32::MAX];
        let mut output = vec![0f32; 5];
        let kernel = RandomGamma::new(5, 0, false);
        run_kernel(&kernel, &[&vec![1i32, 2], &vec![0i32], &alphas], &mut [&mut output]).unwrap();
        assert!(output[..3].iter().all(|x| x.is_nan()));
        assert!(output[3] == f32::INFINITY && output[4] > 3e38);
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
