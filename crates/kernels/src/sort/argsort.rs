//! The order of rows.

use super::{BYTES, Ordered};
use crate::Dtype;
use crate::chunks::Chunks;
use crate::kernel::{Cost, Kernel, KernelError, Operands, Scratch, require_size};

/// For each row the places of its elements in ascending or descending order, or the first of them; equal elements keep their order.
///
/// A row is sorted as 64-bit integers of key and place, so that no two are equal: whatever sorts them gives the stable order.
#[derive(Debug)]
pub struct Argsort {
    dtype: Dtype,
    rows: usize,
    columns: usize,
    count: usize,
    descending: bool,
    chunks: Chunks,
}

impl Argsort {
    /// # Panics
    /// When the dtype is not of four-byte numbers, `count` is more than the columns, the columns are more than an int32 can
    /// count, or a size overflows.
    pub fn new(dtype: Dtype, rows: usize, columns: usize, count: usize, descending: bool) -> Self {
        assert!(matches!(dtype, Dtype::Float32 | Dtype::Int32), "orders are of numbers");
        assert!(count <= columns && columns <= i32::MAX as usize, "the places are int32");
        require_size(&[rows, columns, BYTES]);
        let chunks = Chunks::new(rows, columns.saturating_mul(16 * BYTES));
        Argsort { dtype, rows, columns, count, descending, chunks }
    }

    fn run_chunk<T: Ordered>(&self, chunk: u32, operands: &Operands<'_>, private: &mut [f32]) {
        let rows = self.chunks.range(chunk);
        // SAFETY: numbers, which nobody writes meanwhile.
        let input = unsafe { operands.inputs[0].part(0..self.rows * self.columns * BYTES).slice::<T>() };
        let output = operands.outputs[0].part(0..self.rows * self.count * BYTES);
        // SAFETY: the rows of chunks are disjoint.
        let output = unsafe { output.slice_mut::<i32>(rows.start * self.count..rows.end * self.count) };
        // SAFETY: any bits are an integer.
        let (_, pairs, _) = unsafe { private.align_to_mut::<u64>() };
        let pairs = &mut pairs[..self.columns];
        if self.count == 0 {
            return;
        }
        for (row, output) in rows.zip(output.chunks_exact_mut(self.count)) {
            let turned = if self.descending { u32::MAX } else { 0 };
            let elements = &input[row * self.columns..][..self.columns];
            for ((pair, element), place) in pairs.iter_mut().zip(elements).zip(0u32..) {
                *pair = u64::from(element.key() ^ turned) << 32 | u64::from(place);
            }
            if self.count < self.columns {
                pairs.select_nth_unstable(self.count);
            }
            pairs[..self.count].sort_unstable();
            for (output, pair) in output.iter_mut().zip(&*pairs) {
                *output = *pair as u32 as i32;
            }
        }
    }
}

impl Kernel for Argsort {
    fn name(&self) -> &'static str {
        "argsort"
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        let elements = (self.rows * self.columns) as u64;
        let levels = u64::from(self.columns.max(2).ilog2());
        Cost { flops: 4 * elements * levels, bytes: elements * 6 * BYTES as u64 }
    }

    fn scratch(&self) -> Scratch {
        // A pair takes two elements, and their first may have to move by one to be aligned.
        Scratch { shared: 0, private: 2 * self.columns + 1 }
    }

    fn run(
        &self,
        _: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError> {
        match self.dtype {
            Dtype::Int32 => self.run_chunk::<i32>(chunk, operands, private),
            _ => self.run_chunk::<f32>(chunk, operands, private),
        }
        Ok(())
    }
}
