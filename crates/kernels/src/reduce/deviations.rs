//! The sum of squared deviations from the mean.
//!
//! The first stage makes the mean of each part and then the sum, less what the mean's rounding adds to it. The others combine the means and
//! sums of several parts (Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979). A mean
//! is kept as two numbers, the second of which is the mean of what deviates from the first: its rounding would count as much as the
//! deviations between parts where the mean is far from zero.

use super::columns::{Columns, Combined, NARROW, Strip, reduce_strip};
use super::input::Stored;
use super::operation::Sum;
use super::rows::reduce_stretch;
use super::stage::{BYTES, Stage, WIDEST};
use super::stages;
use crate::Isa;
use crate::arch::{Task, Vector, with_vectors};
use crate::chunks::part;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch, require_size};
use crate::lanes::Arithmetic;
use crate::reduced::ByParts;
use crate::target::{Loop, Target};
use std::marker::PhantomData;
use std::ops::Range;

/// Room for the means of a tile's columns, of few as often as a row of several rows side by side has them.
const MEANS: usize = if WIDEST > 3 * NARROW { WIDEST } else { 3 * NARROW };

/// The sum of (x - mean)² over any axes of a tensor of floats.
#[derive(Debug)]
pub struct SquaredDeviations {
    isa: Isa,
    target: Target,
    levels: Vec<Level>,
    phases: Vec<u32>,
    scratch: Scratch,
}

/// A stage, and of how many elements each mean is that it reads.
#[derive(Debug)]
struct Level {
    stage: Stage,
    elements: usize,
    /// Where the stage before left several parts of some length: that length and the number of parts.
    split: Option<(usize, usize)>,
}

impl Level {
    /// The elements of the mean at a place of the dimension that is reduced.
    #[inline(always)]
    fn count(&self, index: usize) -> f64 {
        let parts = self.split.map_or(1, |(length, parts)| part(length, parts, index).len());
        (self.elements * parts) as f64
    }
}

impl SquaredDeviations {
    /// Over `axes`, which are distinct.
    ///
    /// # Panics
    /// When the machine lacks the instruction set, an axis is none of the shape's, or a size overflows.
    pub fn new(isa: Isa, shape: &[usize], axes: &[usize]) -> Self {
        assert!(axes.iter().all(|&axis| axis < shape.len()), "the axes are the shape's");
        require_size(&[shape, &[BYTES]].concat());
        let mut levels: Vec<Level> = Vec::new();
        let mut elements = 1;
        for stage in stages(shape, axes) {
            let before = levels.last().map(|level| &level.stage).filter(|stage| stage.parts > 1);
            let split = before.map(|stage| (stage.reduced, stage.parts));
            let length = split.map_or(stage.reduced, |(length, _)| length);
            let each = elements;
            // A split dimension is all there once its parts are combined.
            if stage.parts == 1 {
                elements *= length;
            }
            levels.push(Level { stage, elements: each, split });
        }
        let between: usize =
            levels[..levels.len() - 1].iter().map(|level| level.stage.output_elements()).sum();
        let own = levels.iter().map(|level| level.stage.private()).max().unwrap_or(0);
        let scratch = Scratch { shared: 3 * between, private: MEANS + 2 * WIDEST + 2 * own };
        let phases = levels.iter().map(|level| level.stage.chunks()).collect();
        SquaredDeviations { isa, target: Target::new(isa), levels, phases, scratch }
    }

    /// Does some tiles of a stage, which nobody else does.
    fn run_tiles(&self, phase: usize, tiles: Range<usize>, operands: &Operands<'_>, private: &mut [f32]) {
        let level = &self.levels[phase];
        let sizes = |phases: Range<usize>| -> usize {
            self.levels[phases].iter().map(|level| level.stage.output_elements() * BYTES).sum()
        };
        // What a stage leaves for the next: the two numbers of the means, and the sums.
        let left = |phase: usize| {
            let (start, size) = (3 * sizes(0..phase), sizes(phase..phase + 1));
            [0, 1, 2].map(|index| operands.shared.part(start + index * size..start + (index + 1) * size))
        };
        let (means, sums) = match phase + 1 == self.levels.len() {
            true => (None, operands.outputs[0].part(0..sizes(phase..phase + 1))),
            false => {
                let [means, rests, sums] = left(phase);
                (Some([means, rests]), sums)
            }
        };
        let private = &mut private[..self.scratch.private];
        if phase == 0 {
            let input = operands.inputs[0].part(0..level.stage.input_elements() * BYTES);
            // SAFETY: numbers, of which nobody writes those of the tiles meanwhile.
            let input = unsafe { Stored::new(input) };
            let first = First { stage: &level.stage, tiles, input, means, sums, private };
            // SAFETY: `new` found the instruction set on this machine.
            return unsafe { with_vectors(self.isa, first) };
        }
        // SAFETY: numbers, which nobody writes during this phase.
        let from = left(phase - 1).map(|numbers| unsafe { numbers.slice::<f32>() });
        self.target.run(Combine { level, tiles, from, means, sums });
    }
}

/// The means and sums of some tiles of the tensor.
struct First<'a> {
    stage: &'a Stage,
    tiles: Range<usize>,
    input: Stored,
    /// Where the means go, if a later stage reads them.
    means: Option<[Buffer; 2]>,
    sums: Buffer,
    private: &'a mut [f32],
}

impl Task for First<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) {
        let stage = self.stage;
        let (means, private) = self.private.split_at_mut(MEANS);
        let (totals, levels) = private.split_at_mut(2 * WIDEST);
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
                of_row(&mut self.input, first + rows.start, rows.len(), means, totals);
            } else {
                let strip = Strip { first, pitch: stage.inner, rows, columns };
                // SAFETY: the caller's.
                unsafe { of_columns::<V>(&mut self.input, strip, means, totals, levels) };
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
fn of_row(input: &mut Stored, first: usize, count: usize, means: &mut [f32], totals: &mut [f32]) {
    let mean = reduce_stretch::<f32, Sum>(input, first, count, |x| x) / count.max(1) as f32;
    means[0] = mean;
    totals[0] = reduce_stretch::<f32, Sum>(input, first, count, |x| x - mean);
    totals[1] = reduce_stretch::<f32, Sum>(input, first, count, |x| (x - mean) * (x - mean));
}

/// The means of columns, then the sums of deviations from them and of the squares.
///
/// # Safety
/// It runs inside `V::enter`.
#[inline(always)]
unsafe fn of_columns<V: Vector>(
    input: &mut Stored,
    strip: Strip,
    means: &mut [f32],
    totals: &mut [f32],
    levels: &mut [f32],
) {
    let (width, count) = (strip.columns.len(), strip.rows.len().max(1) as f32);
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
        for first in (0..columns).step_by(V::LANES) {
            // SAFETY: the means, the rows and the results have the columns, and the code runs where the vectors were switched on.
            unsafe {
                let at = |values: &[f32]| values.as_ptr().add(first);
                if columns - first < V::LANES {
                    let mask = V::mask(columns - first);
                    let [sum, square] = add::<V, N>(
                        V::load_masked(at(means), mask),
                        rows.map(|row| V::load_masked(at(row), mask)),
                    );
                    sum.add(V::load_masked(at(sums), mask)).store_masked(sums.as_mut_ptr().add(first), mask);
                    square
                        .add(V::load_masked(at(squares), mask))
                        .store_masked(squares.as_mut_ptr().add(first), mask);
                } else {
                    let [sum, square] = add::<V, N>(V::load(at(means)), rows.map(|row| V::load(at(row))));
                    sum.add(V::load(at(sums))).store(sums.as_mut_ptr().add(first));
                    square.add(V::load(at(squares))).store(squares.as_mut_ptr().add(first));
                }
            }
        }
    }
}

/// The sums of deviations from means, and of their squares.
///
/// # Safety
/// The code runs where the vectors were switched on.
#[inline(always)]
unsafe fn add<V: Vector, const N: usize>(mean: V, rows: [V; N]) -> [V; 2] {
    // SAFETY: as above.
    unsafe {
        let (mut sum, mut square) = (V::zero(), V::zero());
        for row in rows {
            let deviation = row.subtract(mean);
            sum = sum.add(deviation);
            square = square.add(deviation.multiply_add(deviation, V::zero()));
        }
        [sum, square]
    }
}

/// The means and sums of several together, for some tiles.
struct Combine<'a> {
    level: &'a Level,
    tiles: Range<usize>,
    /// Both numbers of the means, and the sums.
    from: [&'a [f32]; 3],
    means: Option<[Buffer; 2]>,
    sums: Buffer,
}

impl Loop for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        let stage = &self.level.stage;
        let mut totals = [[0f64; WIDEST]; 2];
        let [means, sums] = &mut totals;
        for tile in self.tiles {
            let (row, column) = (tile / stage.across, tile % stage.across * stage.width);
            let width = stage.inner.min(column + stage.width) - column;
            let first = row / stage.parts * stage.reduced * stage.inner + column;
            let rows = part(stage.reduced, stage.parts, row % stage.parts);
            let (means, sums) = (&mut means[..width], &mut sums[..width]);
            means.fill(0.0);
            sums.fill(0.0);
            let mut elements = 0.0;
            for index in rows.clone() {
                let count = self.level.count(index);
                let [from_means, rests, _] =
                    self.from.map(|from| &from[first + index * stage.inner..][..width]);
                // What has no elements has no mean either.
                if count > 0.0 {
                    elements += count;
                    for column in 0..width {
                        means[column] += count * (f64::from(from_means[column]) + f64::from(rests[column]));
                    }
                }
            }
            if elements > 0.0 {
                for mean in &mut *means {
                    *mean /= elements;
                }
            }
            for index in rows {
                let count = self.level.count(index);
                let [from_means, rests, from_sums] =
                    self.from.map(|from| &from[first + index * stage.inner..][..width]);
                if count > 0.0 {
                    for column in 0..width {
                        let mean = f64::from(from_means[column]) + f64::from(rests[column]);
                        let deviation = mean - means[column];
                        sums[column] += f64::from(from_sums[column]) + count * (deviation * deviation);
                    }
                }
            }
            let place = row * stage.inner + column..row * stage.inner + column + width;
            // SAFETY: the tiles are the caller's own.
            let slice = |buffer: Buffer| unsafe { buffer.slice_mut::<f32>(place.clone()) };
            let to_sums = slice(self.sums);
            for column in 0..width {
                to_sums[column] = sums[column] as f32;
            }
            if let Some(buffers) = self.means {
                let [to_means, rests] = buffers.map(slice);
                for column in 0..width {
                    to_means[column] = means[column] as f32;
                    rests[column] = (means[column] - f64::from(to_means[column])) as f32;
                }
            }
        }
    }
}

impl Kernel for SquaredDeviations {
    fn name(&self) -> &'static str {
        "sumSquaredDeviations"
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        let elements = self.levels[0].stage.input_elements() as u64;
        let results = self.levels[self.levels.len() - 1].stage.output_elements() as u64;
        Cost { flops: 4 * elements, bytes: (elements + results) * BYTES as u64 }
    }

    fn scratch(&self) -> Scratch {
        self.scratch
    }

    fn run(
        &self,
        phase: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError> {
        let tiles = self.levels[phase as usize].stage.tiles(chunk);
        self.run_tiles(phase as usize, tiles, operands, private);
        Ok(())
    }
}

impl ByParts for SquaredDeviations {
    fn parts(&self) -> usize {
        self.levels[0].stage.parts()
    }

    fn part(&self, index: usize) -> Range<usize> {
        self.levels[0].stage.part(index)
    }

    fn operand_bytes(&self, _operand: usize) -> usize {
        BYTES
    }

    fn run_part(&self, index: usize, operands: &Operands<'_>, private: &mut [f32]) {
        self.run_tiles(0, self.levels[0].stage.tiles_of(index), operands, private);
    }
}
