//! Places in a sorted list.

use super::{BYTES, Ordered};
use crate::Dtype;
use crate::chunks::Chunks;
use crate::kernel::{Cost, Kernel, KernelError, Operands, require_size};

/// For each value how many elements of a sorted list are less than it, or not greater.
#[derive(Debug)]
pub struct Searchsorted {
    dtype: Dtype,
    length: usize,
    values: usize,
    right: bool,
    chunks: Chunks,
}

impl Searchsorted {
    /// `right`: whether equal elements count too.
    ///
    /// # Panics
    /// When the dtype is not of four-byte numbers, the length is more than an int32 can count, or a size overflows.
    pub fn new(dtype: Dtype, length: usize, values: usize, right: bool) -> Self {
        assert!(matches!(dtype, Dtype::Float32 | Dtype::Int32), "orders are of numbers");
        assert!(length <= i32::MAX as usize, "the places are int32");
        require_size(&[length, BYTES]);
        require_size(&[values, BYTES]);
        let steps = length.max(2).ilog2() as usize;
        Searchsorted { dtype, length, values, right, chunks: Chunks::new(values, BYTES * (2 + steps)) }
    }

    fn run_chunk<T: Ordered>(&self, chunk: u32, operands: &Operands<'_>) {
        let range = self.chunks.range(chunk);
        // SAFETY: numbers, which nobody writes meanwhile.
        let sorted = unsafe { operands.inputs[0].part(0..self.length * BYTES).slice::<T>() };
        // SAFETY: as above.
        let values = unsafe { operands.inputs[1].part(0..self.values * BYTES).slice::<T>() };
        let output = operands.outputs[0].part(0..self.values * BYTES);
        // SAFETY: the values of chunks are disjoint.
        let output = unsafe { output.slice_mut::<i32>(range.clone()) };
        for (output, value) in output.iter_mut().zip(&values[range]) {
            let key = value.key();
            let before = |element: &T| if self.right { element.key() <= key } else { element.key() < key };
            *output = sorted.partition_point(before) as i32;
        }
    }
}

impl Kernel for Searchsorted {
    fn name(&self) -> &'static str {
        "searchsorted"
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        let steps = u64::from(self.length.max(2).ilog2());
        let (length, values) = (self.length as u64, self.values as u64);
        Cost { flops: 4 * values * steps, bytes: BYTES as u64 * (length + 2 * values) }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        match self.dtype {
            Dtype::Int32 => self.run_chunk::<i32>(chunk, operands),
            _ => self.run_chunk::<f32>(chunk, operands),
        }
        Ok(())
    }
}
