//! The sum of squared deviations from the mean.
//!
//! The first stage makes the mean and the sum of each part, which it reads again while it is in the cache. The others combine those of
//! several parts (Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979). A mean is
//! kept as two numbers, the second of which is the mean of what deviates from the first: its rounding would count as much as the
//! deviations between parts where the mean is far from zero.

use super::columns::{NARROW, Strip, reduce_strip};
use super::input::{Input, Stored};
use super::operation::Sum;
use super::rows::reduce_stretch;
use super::stage::{BYTES, MOST_AT_ONCE, Stage, WIDEST};
use super::stages;
use crate::Isa;
use crate::chunks::part;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch, require_size};
use crate::lanes::Arithmetic;
use crate::reduced::ByParts;
use crate::target::{Loop, Target};
use std::ops::Range;

/// Room for the means of a tile's columns, of few as often as a row of several rows side by side has them.
const MEANS: usize = if WIDEST > 3 * NARROW { WIDEST } else { 3 * NARROW };

/// The sum of (x - mean)² over any axes of a tensor of floats.
#[derive(Debug)]
pub struct SquaredDeviations {
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
        let scratch = Scratch { shared: 3 * between, private: own + MEANS + MOST_AT_ONCE };
        let phases = levels.iter().map(|level| level.stage.chunks()).collect();
        SquaredDeviations { target: Target::new(isa), levels, phases, scratch }
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
            return self.target.run(First { stage: &level.stage, tiles, input, means, sums, private });
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

impl Loop for First<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(mut self) {
        let stage = self.stage;
        let (means, private) = self.private.split_at_mut(MEANS);
        let (values, levels) = private.split_at_mut(MOST_AT_ONCE);
        for tile in self.tiles {
            let (row, column) = (tile / stage.across, tile % stage.across * stage.width);
            let columns = column..stage.inner.min(column + stage.width);
            let first = row / stage.parts * stage.reduced * stage.inner;
            let rows = part(stage.reduced, stage.parts, row % stage.parts);
            let place = row * stage.inner + columns.start..row * stage.inner + columns.end;
            // SAFETY: the tiles are the caller's own.
            let sums = unsafe { self.sums.slice_mut::<f32>(place.clone()) };
            let count = rows.len() as f32;
            let width = columns.len();
            let strip = Strip { first, pitch: stage.inner, rows, columns };
            add_up(&mut self.input, strip.clone(), &mut means[..width], levels);
            for mean in &mut means[..width] {
                *mean /= count;
            }
            // Of few columns, rows side by side are read at once.
            if stage.inner < NARROW {
                for index in width..MEANS {
                    means[index] = means[index - width];
                }
            }
            let (input, pitch) = (self.input, stage.inner);
            let mut squared = Deviations::<true> { input, pitch, column, means, values };
            add_up(&mut squared, strip.clone(), sums, levels);
            if let Some(buffers) = &self.means {
                // SAFETY: as for the sums.
                let [to_means, rests] =
                    buffers.map(|buffer| unsafe { buffer.slice_mut::<f32>(place.clone()) });
                to_means.copy_from_slice(&means[..width]);
                let mut deviations = Deviations::<false> { input, pitch, column, means, values };
                add_up(&mut deviations, strip, rests, levels);
                for column in 0..width {
                    rests[column] /= count;
                    // Rounding leaves a little less than nothing of equal elements.
                    let sum = sums[column] - count * (rests[column] * rests[column]);
                    sums[column] = if sum < 0.0 { 0.0 } else { sum };
                }
            }
        }
    }
}

/// The sums of some columns.
#[inline(always)]
fn add_up(input: &mut impl Input<f32>, strip: Strip, sums: &mut [f32], levels: &mut [f32]) {
    if strip.pitch == 1 {
        sums[0] = reduce_stretch::<f32, Sum>(input, strip.first + strip.rows.start, strip.rows.len());
    } else {
        reduce_strip::<f32, Sum>(input, strip, sums, levels);
    }
}

/// Deviations from the mean, or their squares, which exist only while they are added up.
struct Deviations<'a, const SQUARED: bool> {
    input: Stored,
    /// Elements of a row of the matrix, and the column of the first mean.
    pitch: usize,
    column: usize,
    means: &'a [f32],
    /// Room for the most elements that are asked for at once.
    values: &'a mut [f32],
}

impl<const SQUARED: bool> Input<f32> for Deviations<'_, SQUARED> {
    #[inline(always)]
    fn rows(&mut self, first: usize, pitch: usize, count: usize, width: usize) -> (&[f32], usize) {
        let (from, from_pitch): (&[f32], usize) = self.input.rows(first, pitch, count, width);
        for row in 0..count {
            let from = &from[row * from_pitch..][..width];
            let values = &mut self.values[row * width..][..width];
            if self.pitch == 1 {
                let mean = self.means[0];
                for index in 0..width {
                    let deviation = from[index] - mean;
                    values[index] = if SQUARED { deviation * deviation } else { deviation };
                }
            } else {
                // Rows begin with the same column.
                let means = &self.means[first % self.pitch - self.column..][..width];
                for index in 0..width {
                    let deviation = from[index] - means[index];
                    values[index] = if SQUARED { deviation * deviation } else { deviation };
                }
            }
        }
        (self.values, width)
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
