//! Rows chosen by index.

use super::{INDEX, checked_index};
use crate::chunks::Chunks;
use crate::kernel::{Cost, Kernel, KernelError, Operands, require_size};

/// Copies the row of the data that each index names.
#[derive(Debug)]
pub struct Take {
    row_bytes: usize,
    source_rows: usize,
    count: usize,
    chunks: Chunks,
}

impl Take {
    /// # Panics
    /// When a size overflows.
    pub fn new(row_bytes: usize, source_rows: usize, count: usize) -> Self {
        require_size(&[row_bytes, source_rows]);
        require_size(&[row_bytes, count]);
        require_size(&[INDEX, count]);
        let chunks = Chunks::new(count, row_bytes.saturating_mul(2).saturating_add(INDEX));
        Take { row_bytes, source_rows, count, chunks }
    }

    /// Copies rows of a size that the compiler knows.
    fn copy_fixed<const N: usize>(
        &self,
        source: &[u8],
        indices: &[i32],
        output: &mut [u8],
    ) -> Result<(), KernelError> {
        let (source, _) = source.as_chunks::<N>();
        let (output, _) = output.as_chunks_mut::<N>();
        for (output, &index) in output.iter_mut().zip(indices) {
            *output = source[checked_index("take", index, self.source_rows)?];
        }
        Ok(())
    }

    fn copy(&self, source: &[u8], indices: &[i32], output: &mut [u8]) -> Result<(), KernelError> {
        for (output, &index) in output.chunks_exact_mut(self.row_bytes).zip(indices) {
            let start = checked_index("take", index, self.source_rows)? * self.row_bytes;
            output.copy_from_slice(&source[start..start + self.row_bytes]);
        }
        Ok(())
    }
}

impl Kernel for Take {
    fn name(&self) -> &'static str {
        "take"
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        Cost { flops: 0, bytes: (2 * self.row_bytes as u64 + INDEX as u64) * self.count as u64 }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let range = self.chunks.range(chunk);
        let bytes = range.start * self.row_bytes..range.end * self.row_bytes;
        // SAFETY: bytes and numbers, which nobody writes meanwhile.
        let source = unsafe { operands.inputs[0].part(0..self.source_rows * self.row_bytes).slice::<u8>() };
        // SAFETY: as above.
        let indices = unsafe { operands.inputs[1].part(0..self.count * INDEX).slice::<i32>() };
        let output = operands.outputs[0].part(0..self.count * self.row_bytes);
        // SAFETY: the rows of chunks are disjoint.
        let output = unsafe { output.slice_mut::<u8>(bytes) };
        let indices = &indices[range];
        match self.row_bytes {
            0 => {
                indices.iter().try_for_each(|&index| checked_index("take", index, self.source_rows).map(drop))
            }
            1 => self.copy_fixed::<1>(source, indices, output),
            4 => self.copy_fixed::<4>(source, indices, output),
            8 => self.copy_fixed::<8>(source, indices, output),
            16 => self.copy_fixed::<16>(source, indices, output),
            64 => self.copy_fixed::<64>(source, indices, output),
            _ => self.copy(source, indices, output),
        }
    }
}
