//! Copies that rearrange: transposes, materialised broadcasts, slices, concatenations and padding.

mod concatenate;
mod dimensions;
mod dynamic_slice;
mod embed;
mod transpose;

use crate::chunks::Chunks;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, require_size};
pub use concatenate::Concatenate;
use dimensions::{Dimension, Odometer, RANK, last_read, merged};
pub use dynamic_slice::DynamicSlice;
pub use embed::Embed;
use transpose::transpose_tile;

/// The side of the square tiles in which a transpose walks its matrix, so that both sides stay in the nearest cache.
const TILE: usize = 64;

/// Copies an input, read with any strides, to a contiguous output.
///
/// A stride of 0 repeats the input along that dimension (a broadcast); permuted strides make a transpose, larger ones a slice, and
/// negative ones a reversal.
#[derive(Debug)]
pub struct StridedCopy {
    element_bytes: usize,
    /// Elements of the output.
    elements: usize,
    /// The element of the input that comes first.
    start: usize,
    /// Elements of the input from its first to the last that is read.
    extent: usize,
    walk: Walk,
    chunks: Chunks,
}

/// How the output is walked.
#[derive(Debug)]
enum Walk {
    /// Row by row, with `outer` as the loops around a row.
    Rows { outer: Vec<Dimension>, row: Dimension },
    /// As matrices of `rows` by `columns` where the input is contiguous along the rows' dimension and `pitch` is the
    /// step of the output from row to row; `outer` has the input's strides, `outer_steps` the output's.
    Transpose {
        outer: Vec<Dimension>,
        outer_steps: Vec<Dimension>,
        rows: usize,
        pitch: usize,
        columns: Dimension,
    },
}

impl StridedCopy {
    /// A copy of elements of 1 or 4 bytes to an output of `output_shape`; `input_strides`, in elements, has one entry
    /// for each dimension of the output.
    ///
    /// # Panics
    /// When an argument is not as described, or a size overflows.
    pub fn new(element_bytes: usize, output_shape: &[usize], input_strides: &[usize]) -> Self {
        let signed = |&stride: &usize| isize::try_from(stride).expect("a size fits");
        let strides: Vec<isize> = input_strides.iter().map(signed).collect();
        StridedCopy::starting_at(element_bytes, output_shape, 0, &strides)
    }

    /// A copy that begins with element `start` of the input, where strides may be negative.
    ///
    /// # Panics
    /// As [`StridedCopy::new`], and where the strides lead to before the input.
    pub fn starting_at(
        element_bytes: usize,
        output_shape: &[usize],
        start: usize,
        input_strides: &[isize],
    ) -> Self {
        assert!(matches!(element_bytes, 1 | 4), "elements have 1 or 4 bytes");
        assert_eq!(output_shape.len(), input_strides.len(), "one stride for each dimension");
        assert!(output_shape.len() <= RANK, "tensors have a limited rank");
        require_size(&[output_shape, &[element_bytes]].concat());
        let elements = output_shape.iter().product();
        let dimensions = merged(output_shape, input_strides);
        let extent = if elements == 0 { 0 } else { last_read(start, &dimensions) + 1 };
        require_size(&[extent, element_bytes]);
        let walk = if elements == 0 { Walk::empty() } else { Walk::new(dimensions) };
        let chunks = match &walk {
            Walk::Rows { .. } => Chunks::new(elements, 2 * element_bytes),
            Walk::Transpose { outer, rows, columns, .. } => {
                let matrices: usize = outer.iter().map(|dimension| dimension.extent).product();
                let tiles = matrices * rows.div_ceil(TILE) * columns.extent.div_ceil(TILE);
                Chunks::new(tiles, (elements / tiles).saturating_mul(4 * element_bytes))
            }
        };
        StridedCopy { element_bytes, elements, start, extent, walk, chunks }
    }

    /// `SQUARE` is the side of the squares that a transpose turns in registers.
    fn copy<T: Copy + Default, const SQUARE: usize>(&self, chunk: u32, input: Buffer, output: Buffer) {
        let range = self.chunks.range(chunk);
        match &self.walk {
            Walk::Rows { outer, row } => {
                // SAFETY: plain numbers, read only; the output is not the input.
                let input = unsafe { input.slice::<T>() };
                // SAFETY: the ranges of chunks are disjoint.
                let mut output = unsafe { output.slice_mut::<T>(range.clone()) };
                let mut position = Odometer::new(self.start, outer, range.start / row.extent);
                let mut column = range.start % row.extent;
                while !output.is_empty() {
                    let count = (row.extent - column).min(output.len());
                    let (head, rest) = output.split_at_mut(count);
                    let first = position.offset.wrapping_add_signed(column as isize * row.stride);
                    copy_row(head, input, first, row.stride);
                    (output, column) = (rest, 0);
                    position.advance(outer);
                }
            }
            Walk::Transpose { outer, outer_steps, rows, pitch, columns } => {
                let stride = columns.stride as usize;
                let tiles_across = columns.extent.div_ceil(TILE);
                let tiles = rows.div_ceil(TILE) * tiles_across;
                for item in range {
                    let (matrix, tile) = (item / tiles, item % tiles);
                    let (row, column) = (tile / tiles_across * TILE, tile % tiles_across * TILE);
                    let from = Odometer::new(self.start, outer, matrix).offset + row + column * stride;
                    let to = Odometer::new(0, outer_steps, matrix).offset + row * pitch + column;
                    let (height, width) = (TILE.min(rows - row), TILE.min(columns.extent - column));
                    let last_read = from + (height - 1) + (width - 1) * stride;
                    let last_written = to + (height - 1) * pitch + (width - 1);
                    assert!(last_read < input.elements::<T>() && last_written < output.elements::<T>());
                    // SAFETY: the tile's last elements lie within the buffers, and every tile is in one chunk only.
                    unsafe {
                        let from = input.pointer::<T>().add(from);
                        let to = output.pointer::<T>().add(to);
                        transpose_tile::<T, SQUARE>(from, stride, to, *pitch, height, width);
                    }
                }
            }
        }
    }
}

impl Kernel for StridedCopy {
    fn name(&self) -> &'static str {
        "stridedCopy"
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        // A broadcast reads less than it writes; a slice passes over more than it reads.
        let read = self.extent.min(self.elements) as u64;
        let bytes = (self.elements as u64 + read) * self.element_bytes as u64;
        Cost { flops: 0, bytes }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let input = operands.inputs[0].part(0..self.extent * self.element_bytes);
        let output = operands.outputs[0].part(0..self.elements * self.element_bytes);
        match self.element_bytes {
            1 => self.copy::<u8, 8>(chunk, input, output),
            _ => self.copy::<u32, 4>(chunk, input, output),
        }
        Ok(())
    }
}

impl Walk {
    fn empty() -> Self {
        Walk::Rows { outer: Vec::new(), row: Dimension { extent: 1, stride: 1 } }
    }

    fn new(mut dimensions: Vec<Dimension>) -> Self {
        let Some(row) = dimensions.pop() else { return Walk::empty() };
        let contiguous = dimensions.iter().position(|dimension| dimension.stride == 1);
        match contiguous {
            Some(index) if row.stride > 1 => {
                let steps = dimensions.iter().rev().scan(row.extent as isize, |step, dimension| {
                    let stride = *step;
                    *step *= dimension.extent as isize;
                    Some(Dimension { extent: dimension.extent, stride })
                });
                let mut outer_steps: Vec<Dimension> = steps.collect();
                outer_steps.reverse();
                let pitch = outer_steps.remove(index).stride as usize;
                let rows = dimensions.remove(index).extent;
                Walk::Transpose { outer: dimensions, outer_steps, rows, pitch, columns: row }
            }
            _ => Walk::Rows { outer: dimensions, row },
        }
    }
}

/// Copies every `stride`-th element of the input from `first` on.
fn copy_row<T: Copy>(output: &mut [T], input: &[T], first: usize, stride: isize) {
    let steps = stride.unsigned_abs();
    match stride {
        0 => output.fill(input[first]),
        1 => output.copy_from_slice(&input[first..first + output.len()]),
        2.. => output.iter_mut().zip(input[first..].iter().step_by(steps)).for_each(|(to, from)| *to = *from),
        _ => {
            let backwards = input[..=first].iter().rev().step_by(steps);
            output.iter_mut().zip(backwards).for_each(|(to, from)| *to = *from)
        }
    }
}

#[cfg(test)]
mod tests;
