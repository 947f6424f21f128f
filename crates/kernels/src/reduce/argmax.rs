//! Where the greatest element is.

use super::operation::{Element, Max, Operation};
use super::{BYTES, reduce_row};
use crate::chunks::Chunks;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch, require_size};
use crate::lanes::Arithmetic;
use crate::target::{Loop, Target};
use crate::{Dtype, Isa};

/// Rows shorter than this are searched in one pass, longer ones for their greatest element first.
const SHORT: usize = 64;
/// The most columns of a tile where the axis is not the last.
const WIDEST: usize = 256;

/// The index of the greatest element along one axis: the first such; the first NaN counts as the greatest.
#[derive(Debug)]
pub struct ArgMax {
    target: Target,
    dtype: Dtype,
    outer: usize,
    extent: usize,
    inner: usize,
    /// Columns of a tile, and tiles side by side.
    width: usize,
    across: usize,
    chunks: Chunks,
}

impl ArgMax {
    /// # Panics
    /// When the machine lacks the instruction set, the dtype is not of four-byte numbers, the shape has no such axis
    /// or nothing along it, or more than an int32 can count, or a size overflows.
    pub fn new(isa: Isa, dtype: Dtype, shape: &[usize], axis: usize) -> Self {
        assert!(matches!(dtype, Dtype::Float32 | Dtype::Int32), "reductions are of numbers");
        require_size(&[shape, &[BYTES]].concat());
        let extent = shape[axis];
        assert!((1..=i32::MAX as usize).contains(&extent), "the axis has a first index and a last");
        let outer: usize = shape[..axis].iter().product();
        let inner: usize = shape[axis + 1..].iter().product();
        let width = WIDEST.min(inner.max(1));
        let across = inner.div_ceil(width);
        let chunks = Chunks::new(outer * across, extent * width * BYTES);
        ArgMax { target: Target::new(isa), dtype, outer, extent, inner, width, across, chunks }
    }

    fn run_chunk<T: Element>(&self, chunk: u32, operands: &Operands<'_>, private: &mut [f32])
    where
        Max: Operation<T>,
    {
        let elements = self.outer * self.extent * self.inner;
        // SAFETY: numbers, which nobody writes meanwhile.
        let input = unsafe { operands.inputs[0].part(0..elements * BYTES).slice::<T>() };
        let output = operands.outputs[0].part(0..self.outer * self.inner * BYTES);
        let private = &mut private[..self.scratch().private];
        // SAFETY: elements are numbers of the size of f32, and any bits are one.
        let best = unsafe { std::slice::from_raw_parts_mut(private.as_mut_ptr().cast::<T>(), private.len()) };
        self.target.run(ArgMaxChunk { plan: self, chunk, input, output, best });
    }
}

impl Kernel for ArgMax {
    fn name(&self) -> &'static str {
        "argmax"
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        let elements = (self.outer * self.extent * self.inner) as u64;
        let results = (self.outer * self.inner) as u64;
        Cost { flops: elements, bytes: (elements + results) * BYTES as u64 }
    }

    fn scratch(&self) -> Scratch {
        Scratch { shared: 0, private: if self.inner == 1 { 0 } else { self.width } }
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

struct ArgMaxChunk<'a, T> {
    plan: &'a ArgMax,
    chunk: u32,
    input: &'a [T],
    output: Buffer,
    best: &'a mut [T],
}

impl<T: Element> Loop for ArgMaxChunk<'_, T>
where
    Max: Operation<T>,
{
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        let ArgMax { extent, inner, width, across, .. } = *self.plan;
        let tiles = self.plan.chunks.range(self.chunk);
        if inner == 1 {
            // SAFETY: the tiles of chunks are disjoint, and with rows a tile is one element.
            let output = unsafe { self.output.slice_mut::<i32>(tiles.clone()) };
            let rows = self.input[tiles.start * extent..tiles.end * extent].chunks_exact(extent);
            for (row, output) in rows.zip(output) {
                *output = if extent < SHORT { first_greatest(row) } else { find_greatest(row) } as i32;
            }
            return;
        }
        for tile in tiles {
            let (row, column) = (tile / across, tile % across * width);
            let columns = column..inner.min(column + width);
            let start = row * inner;
            // SAFETY: the tiles of chunks are disjoint.
            let output = unsafe { self.output.slice_mut::<i32>(start + columns.start..start + columns.end) };
            let matrix = &self.input[row * extent * inner..];
            let best = &mut self.best[..columns.len()];
            best.copy_from_slice(&matrix[columns.clone()]);
            output.fill(0);
            for index in 1..extent {
                let row = &matrix[index * inner..][columns.clone()];
                for ((best, output), value) in best.iter_mut().zip(output.iter_mut()).zip(row) {
                    let take = greater(*value, *best);
                    *best = if take { *value } else { *best };
                    *output = if take { index as i32 } else { *output };
                }
            }
        }
    }
}

/// Whether a value replaces the greatest before it.
#[inline(always)]
fn greater<T: Element>(value: T, best: T) -> bool {
    value > best || (value.is_nan() && !best.is_nan())
}

#[inline(always)]
fn first_greatest<T: Element>(row: &[T]) -> usize {
    let (mut best, mut at) = (row[0], 0);
    for (index, value) in row.iter().enumerate().skip(1) {
        if greater(*value, best) {
            (best, at) = (*value, index);
        }
    }
    at
}

/// The greatest element by a vectorised reduction, then the first place that has it.
#[inline(always)]
fn find_greatest<T: Element>(row: &[T]) -> usize
where
    Max: Operation<T>,
{
    let best = reduce_row::<T, Max>(row);
    let matches = |value: &T| if best.is_nan() { value.is_nan() } else { *value == best };
    let mut start = 0;
    for group in row.chunks(SHORT) {
        if group.iter().fold(false, |any, value| any | matches(value)) {
            return start + group.iter().position(matches).unwrap_or(0);
        }
        start += group.len();
    }
    0
}
