//! The means and sums of parts.

use crate::arch::{Lanes, Task, Vector};
use crate::chunks::part;
use crate::kernel::Buffer;
use crate::reduce::Sum;
use crate::reduce::columns::{Columns, Combined, MOST_RESULTS, NARROW, Strip, reduce_strip};
use crate::reduce::input::Stored;
use crate::reduce::rows::reduce_stretch;
use crate::reduce::stage::{Stage, WIDEST};
use std::marker::PhantomData;
use std::ops::Range;

/// Room for the means of a tile's columns, of few as often as a row of several rows side by side has them.
pub(super) const MEANS: usize = if WIDEST > 3 * NARROW { WIDEST } else { 3 * NARROW };

/// The means and sums of some tiles of the tensor.
pub(super) struct First<'a> {
    pub stage: &'a Stage,
    pub tiles: Range<usize>,
    pub input: Stored,
    /// Where the means go, if a later stage reads them.
    pub means: Option<[Buffer; 2]>,
    pub sums: Buffer,
    pub private: &'a mut [f32],
}

impl Task for First<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) {
        let stage = self.stage;
        let (means, private) = self.private.split_at_mut(MEANS);
        let (totals, levels) = private.split_at_mut(MOST_RESULTS * WIDEST);
        for tile in self.tiles {
            let (row, column) = (tile / stage.across, tile % stage.across * stage.width);
            let columns = column..stage.inner.min(column + stage.width);
            let first = row / stage.parts * stage.reduced * stage.inner;
            let rows = part(stage.reduced, stage.parts, row % stage.parts);
            let place = row * stage.inner + columns.start..row * stage.inner + columns.end;
            // What has no elements does not deviate from 0.
            let count = rows.len().max(1) as f32;
            let width = columns.len();
            let (means, totals) = (&mut means[..], &mut totals[..2 * width]);
            if stage.inner == 1 {
                of_row(&mut self.input, first + rows.start..first + rows.end, count, means, totals);
            } else {
                let strip = Strip { first, pitch: stage.inner, rows, columns };
                // SAFETY: the caller's.
                unsafe { of_columns::<V>(&mut self.input, strip, count, means, totals, levels) };
            }
            let (rests, squares) = totals.split_at_mut(width);
            for (rest, square) in rests.iter_mut().zip(squares) {
                *rest /= count;
                // Rounding leaves a little less than nothing of equal elements, and what is too large stays so.
                let sum = *square - count * (*rest * *rest);
                if !square.is_infinite() {
                    *square = if sum < 0.0 { 0.0 } else { sum };
                }
            }
            // SAFETY: the tiles are the caller's own.
            let slice = |buffer: Buffer| unsafe { buffer.slice_mut::<f32>(place.clone()) };
            slice(self.sums).copy_from_slice(&totals[width..]);
            if let Some([to_means, to_rests]) = self.means {
                slice(to_means).copy_from_slice(&means[..width]);
                slice(to_rests).copy_from_slice(&totals[..width]);
            }
        }
    }
}

/// The mean of elements that follow one another, then the sums of their deviations from it and of the squares.
#[inline(always)]
fn of_row(input: &mut Stored, row: Range<usize>, count: f32, means: &mut [f32], totals: &mut [f32]) {
    let (first, length) = (row.start, row.len());
    let mean = reduce_stretch::<f32, Sum>(input, first, length, |x| x) / count;
    means[0] = mean;
    totals[0] = reduce_stretch::<f32, Sum>(input, first, length, |x| x - mean);
    totals[1] = reduce_stretch::<f32, Sum>(input, first, length, |x| (x - mean) * (x - mean));
}

/// The means of columns, then the sums of deviations from them and of the squares.
///
/// # Safety
/// It runs inside `V::enter`.
#[inline(always)]
unsafe fn of_columns<V: Vector>(
    input: &mut Stored,
    strip: Strip,
    count: f32,
    means: &mut [f32],
    totals: &mut [f32],
    levels: &mut [f32],
) {
    let width = strip.columns.len();
    reduce_strip(input, strip.clone(), &Combined(PhantomData::<Sum>), &mut means[..width], levels);
    for mean in &mut means[..width] {
        *mean /= count;
    }
    // Of few columns, rows side by side are read at once.
    if strip.pitch < NARROW {
        for index in width..MEANS {
            means[index] = means[index - width];
        }
    }
    let deviations = Deviations::<V> { means, vectors: PhantomData };
    reduce_strip(input, strip, &deviations, totals, levels);
}

/// The sums of deviations from the means of columns, and of their squares. Used inside `V::enter` alone.
struct Deviations<'a, V> {
    means: &'a [f32],
    vectors: PhantomData<V>,
}

impl<V: Vector> Columns<f32> for Deviations<'_, V> {
    type Operation = Sum;
    const RESULTS: usize = 2;

    #[inline(always)]
    fn combine<const N: usize>(&self, results: &mut [f32], rows: [&[f32]; N]) {
        let columns = results.len() / 2;
        let (sums, squares) = results.split_at_mut(columns);
        let means = &self.means[..columns];
        let rows = rows.map(|row| &row[..columns]);
        let whole = columns / V::LANES * V::LANES;
        // SAFETY: the means, the rows and the results have the columns, and the code runs where the vectors were switched on.
        unsafe {
            for first in (0..whole).step_by(V::LANES) {
                add::<V, true, N>(Lanes::new(V::LANES), first, means, rows, sums, squares);
            }
            if whole < columns {
                add::<V, false, N>(Lanes::new(columns - whole), whole, means, rows, sums, squares);
            }
        }
    }
}

/// Adds deviations from the means of some columns, and their squares.
///
/// # Safety
/// The code runs where the vectors were switched on, and all slices have the lanes from `first` on.
#[inline(always)]
unsafe fn add<V: Vector, const WHOLE: bool, const N: usize>(
    lanes: Lanes<V, WHOLE>,
    first: usize,
    means: &[f32],
    rows: [&[f32]; N],
    sums: &mut [f32],
    squares: &mut [f32],
) {
    // SAFETY: the caller's.
    unsafe {
        let load = |from: &[f32]| lanes.load(from.as_ptr().add(first));
        let mean = load(means);
        let (mut sum, mut square) = (V::zero(), V::zero());
        for row in rows {
            let deviation = load(row).subtract(mean);
            sum = sum.add(deviation);
            square = square.add(deviation.multiply_add(deviation, V::zero()));
        }
        for (total, results) in [(sum, sums), (square, squares)] {
            lanes.store(load(results).add(total), results.as_mut_ptr().add(first));
        }
    }
}
