//! The sum of squared deviations from the mean.
//!
//! The first stage makes the mean of each part and then the sum, less what the mean's rounding adds to it. The others combine the means and
//! sums of several parts (Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979). A mean
//! is kept as two numbers, the second of which is the mean of what deviates from the first: its rounding would count as much as the
//! deviations between parts where the mean is far from zero.

mod combine;
mod first;

use super::columns::MOST_RESULTS;
use super::input::Stored;
use super::stage::{BYTES, Stage, WIDEST};
use super::stages;
use crate::Isa;
use crate::chunks::part;
use crate::kernel::{Cost, Kernel, KernelError, Operands, Scratch, require_size};
use crate::reduced::ByParts;
use crate::target::Target;
use combine::Combine;
use first::{First, MEANS};
use std::ops::Range;

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
        let scratch = Scratch { shared: 3 * between, private: MEANS + MOST_RESULTS * (WIDEST + own) };
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
            let first = First { stage: &level.stage, tiles, input, means, sums, private };
            // SAFETY: nobody else writes what belongs to the tiles.
            return unsafe { self.target.enter(first) };
        }
        // SAFETY: numbers, which nobody writes during this phase.
        let from = left(phase - 1).map(|numbers| unsafe { numbers.slice::<f32>() });
        self.target.run(Combine { level, tiles, from, means, sums });
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
