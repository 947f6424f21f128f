//! Reduction down the columns of a matrix.

use super::input::Input;
use super::operation::{Element, Operation};
use std::ops::Range;

/// Rows that are combined in registers.
pub(super) const ROWS: usize = 8;
/// Columns that are combined side by side.
const LANES: usize = 16;
/// Rows between two steps of the pairwise tree.
const BLOCK: usize = 32;
/// A matrix with fewer columns than this has several rows side by side taken for one.
pub(super) const NARROW: usize = 64;
/// Blocks of rows of at most so many columns are read at once.
const SHORT: usize = 2 * NARROW;
/// The most elements that are read at once.
pub(super) const MOST_AT_ONCE: usize = BLOCK * SHORT;

/// Some columns of some rows of a matrix that lies in memory row by row.
#[derive(Clone)]
pub(super) struct Strip {
    /// The first element of the matrix.
    pub first: usize,
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
    input: &mut impl Input<T>,
    strip: Strip,
    output: &mut [T],
    levels: &mut [T],
) {
    let Strip { first, pitch, rows, columns } = strip.clone();
    let side_by_side = NARROW.div_ceil(pitch);
    if columns.len() < pitch || side_by_side == 1 || rows.len() < 2 * side_by_side {
        return reduce_wide::<T, O>(input, strip, output, levels);
    }
    let wide = pitch * side_by_side;
    let whole = rows.len() / side_by_side;
    let first = first + rows.start * pitch;
    let mut sums = [O::IDENTITY; 2 * NARROW];
    let strip = Strip { first, pitch: wide, rows: 0..whole, columns: 0..wide };
    reduce_wide::<T, O>(input, strip, &mut sums[..wide], levels);
    output.fill(O::IDENTITY);
    let rest = input.elements(first + whole * wide, rows.len() * pitch - whole * wide);
    for row in sums[..wide].chunks_exact(pitch).chain(rest.chunks_exact(pitch)) {
        combine_rows::<T, O, 1>(output, [row]);
    }
}

/// Pairwise over blocks of rows: level n of the tree holds sums over 2^n blocks, as a binary counter has bits.
#[inline(always)]
fn reduce_wide<T: Element, O: Operation<T>>(
    input: &mut impl Input<T>,
    strip: Strip,
    output: &mut [T],
    levels: &mut [T],
) {
    let Strip { first, pitch, rows, columns } = strip;
    let (first, width) = (first + columns.start, columns.len());
    let blocks = rows.len().div_ceil(BLOCK);
    if blocks <= 1 {
        output.fill(O::IDENTITY);
        return combine_block::<T, O>(input, first, pitch, rows, output);
    }
    let mut depth = 0;
    for block in 0..blocks {
        let start = rows.start + block * BLOCK;
        let level = &mut levels[depth * width..][..width];
        level.fill(O::IDENTITY);
        combine_block::<T, O>(input, first, pitch, start..rows.end.min(start + BLOCK), level);
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
fn combine_block<T: Element, O: Operation<T>>(
    input: &mut impl Input<T>,
    first: usize,
    pitch: usize,
    mut rows: Range<usize>,
    sums: &mut [T],
) {
    let at_once = if sums.len() <= SHORT { BLOCK } else { ROWS };
    while rows.len() >= ROWS {
        let count = at_once.min(rows.len() / ROWS * ROWS);
        let (values, pitch) = input.rows(first + rows.start * pitch, pitch, count, sums.len());
        for start in (0..count).step_by(ROWS) {
            let mut pack: [&[T]; ROWS] = [&[]; ROWS];
            for (index, row) in pack.iter_mut().enumerate() {
                *row = &values[(start + index) * pitch..][..sums.len()];
            }
            combine_rows::<T, O, ROWS>(sums, pack);
        }
        rows.start += count;
    }
    for index in rows {
        let row = input.elements(first + index * pitch, sums.len());
        combine_rows::<T, O, 1>(sums, [row]);
    }
}

/// Combines N rows, pairwise, into the sums of their columns.
#[inline(always)]
fn combine_rows<T: Element, O: Operation<T>, const N: usize>(sums: &mut [T], mut rows: [&[T]; N]) {
    let columns = sums.len();
    for row in &mut rows {
        *row = &row[..columns];
    }
    let (blocks, rest) = sums.as_chunks_mut::<LANES>();
    for (block, sums) in blocks.iter_mut().enumerate() {
        combine_columns::<T, O, LANES, N>(sums, &rows, block * LANES);
    }
    for (column, sum) in rest.iter_mut().enumerate() {
        let column = columns / LANES * LANES + column;
        combine_columns::<T, O, 1, N>(std::array::from_mut(sum), &rows, column);
    }
}

/// Combines some columns from one on. Written for arrays of lanes: in a loop over columns the rows would be taken for the lanes.
#[inline(always)]
fn combine_columns<T: Element, O: Operation<T>, const L: usize, const N: usize>(
    sums: &mut [T; L],
    rows: &[&[T]; N],
    first: usize,
) {
    let mut values = [[O::IDENTITY; L]; N];
    for (values, row) in values.iter_mut().zip(rows) {
        *values = row[first..first + L].try_into().expect("so many columns");
    }
    let mut width = N;
    while width > 1 {
        width /= 2;
        for index in 0..width {
            for lane in 0..L {
                values[index][lane] = O::combine(values[index][lane], values[index + width][lane]);
            }
        }
    }
    for lane in 0..L {
        sums[lane] = O::combine(sums[lane], values[0][lane]);
    }
}
