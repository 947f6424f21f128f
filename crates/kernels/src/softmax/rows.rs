//! What the softmax and its loss share: the exponential of rows minus their greatest elements.
//!
//! Rows are staged in tiles of contiguous memory, so that the exponential, which is most of the work, runs on full
//! vectors even where a row has ten columns.

use crate::Isa;
use crate::chunks::Chunks;
use crate::kernel::require_size;
use crate::lanes::{Arithmetic, GROUP};
use crate::math;
use crate::reduce::{Operation, reduce_row};
use crate::target::Target;

/// Elements of a tile; it stays in the nearest cache.
pub(super) const TILE: usize = 1024;
/// The most rows of a tile.
pub(super) const ROWS: usize = 64;
/// What an element costs, as bytes of memory traffic.
const WEIGHT: usize = 16;

/// The rows of a kernel, cut into chunks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    pub target: Target,
    pub rows: usize,
    pub columns: usize,
    pub chunks: Chunks,
}

impl Rows {
    pub fn new(isa: Isa, rows: usize, columns: usize) -> Self {
        require_size(&[rows, columns, size_of::<f32>()]);
        Rows {
            target: Target::new(isa),
            rows,
            columns,
            chunks: Chunks::new(rows, columns.saturating_mul(WEIGHT)),
        }
    }

    /// The bytes of all rows.
    pub fn bytes(&self) -> usize {
        self.rows * self.columns * size_of::<f32>()
    }

    /// Rows of a tile.
    pub fn height(&self) -> usize {
        (TILE / self.columns).clamp(1, ROWS)
    }
}

/// The greatest number; whether a NaN wins is chance, as it reaches the result through the difference.
struct Greatest;

impl Operation<f32> for Greatest {
    const IDENTITY: f32 = f32::NEG_INFINITY;

    #[inline(always)]
    fn combine(a: f32, b: f32) -> f32 {
        if a > b { a } else { b }
    }
}

#[inline(always)]
pub(super) fn greatest(row: &[f32]) -> f32 {
    reduce_row::<f32, Greatest>(row)
}

#[inline(always)]
pub(super) fn subtract(input: &[f32], greatest: f32, output: &mut [f32]) {
    map(input, output, |value| value - greatest);
}

/// Writes the map of a row, in short vectors: most rows are short.
#[inline(always)]
pub(super) fn map(input: &[f32], output: &mut [f32], of: impl Fn(f32) -> f32) {
    let (groups, rest) = input.as_chunks::<8>();
    let (output, output_rest) = output[..input.len()].as_chunks_mut::<8>();
    for (output, group) in output.iter_mut().zip(groups) {
        for (output, value) in output.iter_mut().zip(group) {
            *output = of(*value);
        }
    }
    for (output, value) in output_rest.iter_mut().zip(rest) {
        *output = of(*value);
    }
}

/// Takes the exponential of the first elements of a tile, and of more up to a whole group.
#[inline(always)]
pub(super) fn exp_all<I: Arithmetic>(tile: &mut [f32; TILE], count: usize) {
    tile[..count.next_multiple_of(GROUP)].iter_mut().for_each(|value| *value = math::exp::<I>(*value));
}
