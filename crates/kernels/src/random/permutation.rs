//! Random permutations.

use super::{BATCH, Philox, WORDS};
use crate::kernel::{Cost, Kernel, KernelError, Operands};

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
