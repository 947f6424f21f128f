//! Reduction down the columns of a matrix.

use super::input::Input;
use super::operation::{Element, Operation};
use std::marker::PhantomData;
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

/// What the elements of columns are reduced to, each to one result or more.
pub(super) trait Columns<T> {
    /// What combines the results of some rows with those of others.
    type Operation: Operation<T>;
    const RESULTS: usize;

    /// Combines N rows into the results, of which there are first one for each column, then the second for each.
    fn combine<const N: usize>(&self, results: &mut [T], rows: [&[T]; N]);
}

/// The elements combined by an operation.
pub(super) struct Combined<O>(pub PhantomData<O>);

impl<T: Element, O: Operation<T>> Columns<T> for Combined<O> {
    type Operation = O;
    const RESULTS: usize = 1;

    #[inline(always)]
    fn combine<const N: usize>(&self, results: &mut [T], rows: [&[T]; N]) {
        combine_rows::<T, O, N>(results, rows);
    }
}

/// The most results of a column.
pub(super) const MOST_RESULTS: usize = 2;

/// The working memory, in elements, that strips of at most so many rows and columns need for each result.
pub(super) fn scratch(rows: usize, columns: usize) -> usize {
    let levels = rows.div_ceil(BLOCK).checked_ilog2().map_or(1, |log| log as usize + 1);
    levels.saturating_mul(columns.max(2 * NARROW))
}

/// Reduces every column of the strip to its results.
#[inline(always)]
pub(super) fn reduce_strip<T: Element, C: Columns<T>>(
    input: &mut impl Input<T>,
    strip: Strip,
    by: &C,
    output: &mut [T],
    levels: &mut [T],
) {
    let Strip { first, pitch, rows, columns } = strip.clone();
    let side_by_side = NARROW.div_ceil(pitch);
    if columns.len() < pitch || side_by_side == 1 || rows.len() < 2 * side_by_side {
        return reduce_wide::<T, C>(input, strip, by, output, levels);
    }
    let wide = pitch * side_by_side;
    let whole = rows.len() / side_by_side;
    let first = first + rows.start * pitch;
    let mut sums = [C::Operation::IDENTITY; MOST_RESULTS * 2 * NARROW];
    let sums = &mut sums[..C::RESULTS * wide];
    let strip = Strip { first, pitch: wide, rows: 0..whole, columns: 0..wide };
    reduce_wide::<T, C>(input, strip, by, sums, levels);
    output.fill(C::Operation::IDENTITY);
    for (output, sums) in output.chunks_exact_mut(pitch).zip(sums.chunks_exact(wide)) {
        for row in sums.chunks_exact(pitch) {
            combine_rows::<T, C::Operation, 1>(output, [row]);
        }
    }
    let rest = input.elements(first + whole * wide, rows.len() * pitch - whole * wide);
    for row in rest.chunks_exact(pitch) {
        by.combine(output, [row]);
    }
}

/// Pairwise over blocks of rows: level n of the tree holds sums over 2^n blocks, as a binary counter has bits.
#[inline(always)]
fn reduce_wide<T: Element, C: Columns<T>>(
    input: &mut impl Input<T>,
    strip: Strip,
    by: &C,
    output: &mut [T],
    levels: &mut [T],
) {
    let Strip { first, pitch, rows, columns } = strip;
    let (first, width) = (first + columns.start, C::RESULTS * columns.len());
    let blocks = rows.len().div_ceil(BLOCK);
    if blocks <= 1 {
        output.fill(C::Operation::IDENTITY);
        return combine_block::<T, C>(input, first, pitch, rows, by, output);
    }
    let mut depth = 0;
    for block in 0..blocks {
        let start = rows.start + block * BLOCK;
        let level = &mut levels[depth * width..][..width];
        level.fill(C::Operation::IDENTITY);
        combine_block::<T, C>(input, first, pitch, start..rows.end.min(start + BLOCK), by, level);
        depth += 1;
        let merges = if block + 1 == blocks { depth - 1 } else { (block + 1).trailing_zeros() as usize };
        for _ in 0..merges {
            depth -= 1;
            let (lower, upper) = levels[(depth - 1) * width..].split_at_mut(width);
            combine_rows::<T, C::Operation, 1>(lower, [&upper[..width]]);
        }
    }
    output.copy_from_slice(&levels[..width]);
}

#[inline(always)]
fn combine_block<T: Element, C: Columns<T>>(
    input: &mut impl Input<T>,
    first: usize,
    pitch: usize,
    mut rows: Range<usize>,
    by: &C,
    sums: &mut [T],
) {
    let width = sums.len() / C::RESULTS;
    let at_once = if width <= SHORT { BLOCK } else { ROWS };
    while rows.len() >= ROWS {
        let count = at_once.min(rows.len() / ROWS * ROWS);
        let (values, pitch) = input.rows(first + rows.start * pitch, pitch, count, width);
        for start in (0..count).step_by(ROWS) {
            let mut pack: [&[T]; ROWS] = [&[]; ROWS];
            for (index, row) in pack.iter_mut().enumerate() {
                *row = &values[(start + index) * pitch..][..width];
            }
            by.combine(sums, pack);
        }
        rows.start += count;
    }
    for index in rows {
        let row = input.elements(first + index * pitch, width);
        by.combine(sums, [row]);
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
