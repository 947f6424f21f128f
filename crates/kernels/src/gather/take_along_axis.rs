//! Elements chosen by an index for each.

use super::{INDEX, checked_index};
use crate::chunks::Chunks;
use crate::kernel::{Cost, Kernel, KernelError, Operands, require_size};

/// For each index the element at that place along an axis, in the line of the index.
#[derive(Debug)]
pub struct TakeAlongAxis {
    element_bytes: usize,
    outer: usize,
    extent: usize,
    /// Indices along the axis.
    count: usize,
    inner: usize,
    /// Of rows of `inner` indices.
    chunks: Chunks,
}

impl TakeAlongAxis {
    /// `shape` is the data's; `count` indices replace the extent of the axis.
    ///
    /// # Panics
    /// When elements have neither one byte nor four, the shape has no such axis, or a size overflows.
    pub fn new(element_bytes: usize, shape: &[usize], axis: usize, count: usize) -> Self {
        assert!(matches!(element_bytes, 1 | 4), "elements have one byte or four");
        require_size(&[shape, &[INDEX]].concat());
        let outer: usize = shape[..axis].iter().product();
        let inner: usize = shape[axis + 1..].iter().product();
        require_size(&[outer, count, inner, INDEX]);
        let chunks = Chunks::new(outer * count, inner * (INDEX + 2 * element_bytes));
        TakeAlongAxis { element_bytes, outer, extent: shape[axis], count, inner, chunks }
    }

    fn run_chunk<T: Copy>(&self, chunk: u32, operands: &Operands<'_>) -> Result<(), KernelError> {
        let TakeAlongAxis { outer, extent, count, inner, .. } = *self;
        let rows = self.chunks.range(chunk);
        // SAFETY: numbers, which nobody writes meanwhile.
        let data =
            unsafe { operands.inputs[0].part(0..outer * extent * inner * size_of::<T>()).slice::<T>() };
        // SAFETY: as above.
        let indices = unsafe { operands.inputs[1].part(0..outer * count * inner * INDEX).slice::<i32>() };
        let output = operands.outputs[0].part(0..outer * count * inner * size_of::<T>());
        let elements = rows.start * inner..rows.end * inner;
        // SAFETY: the rows of chunks are disjoint.
        let output = unsafe { output.slice_mut::<T>(elements.clone()) };
        if inner == 0 {
            return Ok(());
        }
        let lines = output.chunks_exact_mut(inner).zip(indices[elements].chunks_exact(inner));
        for ((output, indices), row) in lines.zip(rows) {
            let line = &data[row / count * extent * inner..][..extent * inner];
            for (place, (output, &index)) in output.iter_mut().zip(indices).enumerate() {
                *output = line[checked_index("takeAlongAxis", index, extent)? * inner + place];
            }
        }
        Ok(())
    }
}

impl Kernel for TakeAlongAxis {
    fn name(&self) -> &'static str {
        "takeAlongAxis"
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        let elements = (self.outer * self.count * self.inner) as u64;
        Cost { flops: 0, bytes: elements * (INDEX + 2 * self.element_bytes) as u64 }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        match self.element_bytes {
            1 => self.run_chunk::<u8>(chunk, operands),
            _ => self.run_chunk::<u32>(chunk, operands),
        }
    }
}
