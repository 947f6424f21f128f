//! Reduction down the columns of a matrix.

use super::operation::{Element, Operation};
use super::rows::fold;
use std::ops::Range;

/// Rows that are combined in registers.
const ROWS: usize = 8;
/// Rows between two steps of the pairwise tree.
const BLOCK: usize = 32;
/// A matrix with fewer columns than this has several rows side by side taken for one.
const NARROW: usize = 64;

/// Some columns of some rows of a matrix that lies in memory row by row.
#[derive(Clone)]
pub(super) struct Strip<'a, T> {
    pub matrix: &'a [T],
    pub pitch: usize,
    pub rows: Range<usize>,
    pub columns: Range<usize>,
}

/// The working memory, in elements, that strips of at most so many rows and columns need.
pub(super) fn scratch(rows: usize, columns: usize) -> usize {
    let levels = rows.div_ceil(BLOCK).checked_ilog2().map_or(1, |log| log as usize + 1);
    levels.saturating_mul(columns.max(2 * NARROW))
}

/// Reduces every column of the strip to one element of the output.
#[inline(always)]
pub(super) fn reduce_strip<T: Element, O: Operation<T>>(
    strip: Strip<'_, T>,
    output: &mut [T],
    levels: &mut [T],
) {
    let Strip { matrix, pitch, rows, columns } = strip.clone();
    let side_by_side = NARROW.div_ceil(pitch);
    if columns.len() < pitch || side_by_side == 1 || rows.len() < 2 * side_by_side {
        return reduce_wide::<T, O>(strip, output, levels);
    }
    let wide = pitch * side_by_side;
    let whole = rows.len() / side_by_side;
    let matrix = &matrix[rows.start * pitch..rows.end * pitch];
    let mut sums = [O::IDENTITY; 2 * NARROW];
    let strip = Strip { matrix, pitch: wide, rows: 0..whole, columns: 0..wide };
    reduce_wide::<T, O>(strip, &mut sums[..wide], levels);
    output.fill(O::IDENTITY);
    for row in sums[..wide].chunks_exact(pitch).chain(matrix[whole * wide..].chunks_exact(pitch)) {
        combine_rows::<T, O, 1>(output, [row]);
    }
}

/// Pairwise over blocks of rows: level n of the tree holds sums over 2^n blocks, as a binary counter has bits.
#[inline(always)]
fn reduce_wide<T: Element, O: Operation<T>>(strip: Strip<'_, T>, output: &mut [T], levels: &mut [T]) {
    let Strip { matrix, pitch, rows, columns } = strip;
    let width = columns.len();
    let row = |index: usize| &matrix[index * pitch..][columns.clone()];
    let blocks = rows.len().div_ceil(BLOCK);
    if blocks <= 1 {
        output.fill(O::IDENTITY);
        return combine_block::<T, O>(output, rows, row);
    }
    let mut depth = 0;
    for block in 0..blocks {
        let start = rows.start + block * BLOCK;
        let level = &mut levels[depth * width..][..width];
        level.fill(O::IDENTITY);
        combine_block::<T, O>(level, start..rows.end.min(start + BLOCK), row);
        depth += 1;
        let merges = if block + 1 == blocks { depth - 1 } else { (block + 1).trailing_zeros() as usize };
        for _ in 0..merges {
            depth -= 1;
            let (lower, upper) = levels[(depth - 1) * width..].split_at_mut(width);
            combine_rows::<T, O, 1>(lower, [&upper[..width]]);
        }
    }
    output.copy_from_slice(&levels[..width]);
}

#[inline(always)]
fn combine_block<'a, T: Element, O: Operation<T>>(
    sums: &mut [T],
    mut rows: Range<usize>,
    row: impl Fn(usize) -> &'a [T],
) {
    while rows.len() >= ROWS {
        let mut pack: [&[T]; ROWS] = [&[]; ROWS];
        for (row_of_pack, index) in pack.iter_mut().zip(rows.start..) {
            *row_of_pack = row(index);
        }
        combine_rows::<T, O, ROWS>(sums, pack);
        rows.start += ROWS;
    }
    for index in rows {
        combine_rows::<T, O, 1>(sums, [row(index)]);
    }
}

/// Combines N rows, pairwise, into the sums of their columns.
#[inline(always)]
fn combine_rows<T: Element, O: Operation<T>, const N: usize>(sums: &mut [T], mut rows: [&[T]; N]) {
    for row in &mut rows {
        *row = &row[..sums.len()];
    }
    for (column, sum) in sums.iter_mut().enumerate() {
        let mut values = [O::IDENTITY; N];
        for (value, row) in values.iter_mut().zip(&rows) {
            *value = row[column];
        }
        *sum = O::combine(*sum, fold::<T, O, N>(values));
    }
}
