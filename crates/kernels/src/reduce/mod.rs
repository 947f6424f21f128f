//! Reductions over axes: the sum, the product, the greatest and the least, and where the greatest is.

mod argmax;
mod columns;
mod deviations;
mod input;
mod operation;
mod rows;
mod stage;

pub use argmax::ArgMax;
pub use deviations::SquaredDeviations;
pub(crate) use operation::{Element, Max, Operation, Sum};
pub(crate) use rows::reduce_row;

use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch, require_size};
use crate::reduced::ByParts;
use crate::target::Target;
use crate::{Dtype, Elementwise, Isa};
use input::{Computed, Input, Stored};
use operation::{Min, Product};
use stage::{BYTES, MOST_AT_ONCE, Stage, StageTiles};
use std::marker::PhantomData;
use std::ops::Range;

/// A reduction over any axes of a tensor, as a sequence of stages that each reduce one dimension. The tensor lies in memory, or
/// an elementwise chain computes it block by block.
#[derive(Debug)]
pub struct Reduce {
    target: Target,
    kind: Kind,
    dtype: Dtype,
    chain: Option<Elementwise>,
    stages: Vec<Stage>,
    phases: Vec<u32>,
    scratch: Scratch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sum,
    Product,
    Max,
    Min,
}

impl Reduce {
    /// The sum over `axes`, which are distinct. Integers wrap.
    ///
    /// # Panics
    /// When the machine lacks the instruction set, the dtype is not of four-byte numbers, an axis is none of the
    /// shape's, or a size overflows.
    pub fn sum(isa: Isa, dtype: Dtype, shape: &[usize], axes: &[usize]) -> Self {
        Reduce::new(isa, Kind::Sum, dtype, shape, axes)
    }

    /// The product over `axes`, which are distinct. Integers wrap.
    ///
    /// # Panics
    /// As [`Reduce::sum`].
    pub fn product(isa: Isa, dtype: Dtype, shape: &[usize], axes: &[usize]) -> Self {
        Reduce::new(isa, Kind::Product, dtype, shape, axes)
    }

    /// The greatest element over `axes`, which are distinct. NaN is greater than any number.
    ///
    /// # Panics
    /// As [`Reduce::sum`], and when there is nothing to reduce.
    pub fn max(isa: Isa, dtype: Dtype, shape: &[usize], axes: &[usize]) -> Self {
        assert!(axes.iter().all(|&axis| shape[axis] > 0), "an empty set has no greatest element");
        Reduce::new(isa, Kind::Max, dtype, shape, axes)
    }

    /// The least element over `axes`, which are distinct. NaN is less than any number.
    ///
    /// # Panics
    /// As [`Reduce::max`].
    pub fn min(isa: Isa, dtype: Dtype, shape: &[usize], axes: &[usize]) -> Self {
        assert!(axes.iter().all(|&axis| shape[axis] > 0), "an empty set has no least element");
        Reduce::new(isa, Kind::Min, dtype, shape, axes)
    }

    fn new(isa: Isa, kind: Kind, dtype: Dtype, shape: &[usize], axes: &[usize]) -> Self {
        assert!(matches!(dtype, Dtype::Float32 | Dtype::Int32), "reductions are of numbers");
        assert!(axes.iter().all(|&axis| axis < shape.len()), "the axes are the shape's");
        require_size(&[shape, &[BYTES]].concat());
        let stages = stages(shape, axes);
        let between = &stages[..stages.len() - 1];
        let scratch = Scratch {
            shared: between.iter().map(Stage::output_elements).sum(),
            private: stages.iter().map(Stage::private).max().unwrap_or(0),
        };
        let phases = stages.iter().map(Stage::chunks).collect();
        Reduce { target: Target::new(isa), kind, dtype, chain: None, stages, phases, scratch }
    }

    /// Whether a reduction of floats reads only whole rows of so many elements, so that a chain with operands by row or column can compute
    /// what it reads.
    pub fn reads_rows_of(shape: &[usize], axes: &[usize], columns: usize) -> bool {
        stages(shape, axes)[0].reads_rows_of(columns)
    }

    /// The same reduction, to the bit, of the result of a chain of one segment: the operands are then the chain's.
    ///
    /// # Panics
    /// When the elements are not of the type and number of the tensor's; later, when the chain reads rows of a length that
    /// [`Reduce::reads_rows_of`] does not allow.
    pub fn of_chain(mut self, chain: Elementwise) -> Self {
        assert_eq!(self.dtype, Dtype::Float32, "a chain makes floats");
        assert_eq!(
            chain.elements(),
            self.stages[0].input_elements(),
            "the chain makes the tensor's elements"
        );
        self.scratch.private += MOST_AT_ONCE + chain.scratch().private;
        self.chain = Some(chain);
        self
    }

    /// Reduces some tiles of a stage, which nobody else does.
    fn run_tiles(&self, phase: usize, tiles: Range<usize>, operands: &Operands<'_>, private: &mut [f32]) {
        let stage = &self.stages[phase];
        let from =
            self.stages[..phase].iter().rev().skip(1).map(Stage::output_elements).sum::<usize>() * BYTES;
        let to = self.stages[..phase].iter().map(Stage::output_elements).sum::<usize>() * BYTES;
        let (read, written) = (stage.input_elements() * BYTES, stage.output_elements() * BYTES);
        let output = if phase + 1 == self.stages.len() {
            operands.outputs[0].part(0..written)
        } else {
            operands.shared.part(to..to + written)
        };
        let private = &mut private[..self.scratch.private];
        if phase == 0
            && let Some(chain) = &self.chain
        {
            let (own, private) = private.split_at_mut(stage.private());
            let (values, private) = private.split_at_mut(MOST_AT_ONCE);
            let input = Computed { chain, operands: operands.inputs, values, private };
            return self.run_kind::<f32>(stage, tiles, input, output, own);
        }
        let input = if phase == 0 {
            operands.inputs[0].part(0..read)
        } else {
            operands.shared.part(from..from + read)
        };
        // SAFETY: numbers, of which nobody writes those of the tiles meanwhile.
        let input = unsafe { Stored::new(input) };
        match self.dtype {
            Dtype::Int32 => self.run_kind::<i32>(stage, tiles, input, output, private),
            _ => self.run_kind::<f32>(stage, tiles, input, output, private),
        }
    }

    fn run_kind<T: Element>(
        &self,
        stage: &Stage,
        tiles: Range<usize>,
        input: impl Input<T>,
        output: Buffer,
        private: &mut [f32],
    ) where
        Sum: Operation<T>,
        Product: Operation<T>,
        Max: Operation<T>,
        Min: Operation<T>,
    {
        match self.kind {
            Kind::Sum => self.run_stage::<T, Sum>(stage, tiles, input, output, private),
            Kind::Product => self.run_stage::<T, Product>(stage, tiles, input, output, private),
            Kind::Max => self.run_stage::<T, Max>(stage, tiles, input, output, private),
            Kind::Min => self.run_stage::<T, Min>(stage, tiles, input, output, private),
        }
    }

    fn run_stage<T: Element, O: Operation<T>>(
        &self,
        stage: &Stage,
        tiles: Range<usize>,
        input: impl Input<T>,
        output: Buffer,
        private: &mut [f32],
    ) {
        self.target.run(StageTiles::<_, T, O> {
            stage,
            tiles,
            input,
            output,
            // SAFETY: elements are numbers of the size of f32, and any bits are one.
            private: unsafe {
                std::slice::from_raw_parts_mut(private.as_mut_ptr().cast::<T>(), private.len())
            },
            operation: PhantomData::<O>,
        });
    }
}

impl Kernel for Reduce {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Sum => "sum",
            Kind::Product => "prod",
            Kind::Max => "max",
            Kind::Min => "min",
        }
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        let elements = self.stages[0].input_elements() as u64;
        let results = self.stages[self.stages.len() - 1].output_elements() as u64;
        let chain = self.chain.as_ref().map(Elementwise::cost).unwrap_or_default();
        // What the chain makes is read, but not from memory.
        let read = if self.chain.is_some() {
            chain.bytes - elements * BYTES as u64
        } else {
            elements * BYTES as u64
        };
        Cost { flops: elements + chain.flops, bytes: read + results * BYTES as u64 }
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
        self.run_tiles(phase as usize, self.stages[phase as usize].tiles(chunk), operands, private);
        Ok(())
    }
}

impl ByParts for Reduce {
    fn parts(&self) -> usize {
        self.stages[0].parts()
    }

    fn part(&self, index: usize) -> Range<usize> {
        self.stages[0].part(index)
    }

    fn operand_bytes(&self, operand: usize) -> usize {
        self.chain.as_ref().map_or(BYTES, |chain| chain.input_bytes(operand))
    }

    fn run_part(&self, index: usize, operands: &Operands<'_>, private: &mut [f32]) {
        self.run_tiles(0, self.stages[0].tiles_of(index), operands, private);
    }
}

/// Merges neighbouring axes that are both reduced or both kept, then reduces from the innermost axis outwards.
fn stages(shape: &[usize], axes: &[usize]) -> Vec<Stage> {
    let mut groups: Vec<(bool, usize)> = Vec::new();
    for (axis, &extent) in shape.iter().enumerate().filter(|&(_, &extent)| extent != 1) {
        let reduced = axes.contains(&axis);
        match groups.last_mut() {
            Some((same, product)) if *same == reduced => *product *= extent,
            _ => groups.push((reduced, extent)),
        }
    }
    let mut stages = Vec::new();
    let mut inner = 1;
    while let Some((reduced, extent)) = groups.pop() {
        if !reduced {
            inner *= extent;
            continue;
        }
        let outer = groups.iter().map(|(_, extent)| extent).product();
        stages.extend(Stage::plan(outer, extent, inner));
    }
    if stages.is_empty() {
        stages = Stage::plan(1, 1, inner);
    }
    stages
}

#[cfg(test)]
mod tests;
