//! The gradient by the kernel.

use super::{Line, OverTiles, Tile};
use crate::arch::{Task, Vector};
use crate::chunks::{GRAIN, part};
use crate::convolution::geometry::{Class, Geometry};
use crate::isa::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands, Scratch};
use crate::target::Target;
use std::ops::Range;

/// The most parts of the kernel's gradient that are kept apart.
const MOST_PARTS: usize = 16;

/// The gradient of a depthwise convolution by its kernel. Each chunk adds up some lines of outputs, and a second phase adds these sums in
/// their order.
#[derive(Debug)]
pub struct DepthwiseKernelGradient {
    target: Target,
    geometry: Geometry,
    class: Class,
    phases: [u32; 2],
}

impl DepthwiseKernelGradient {
    /// # Panics
    /// When the machine lacks the instruction set, or the geometry is not depthwise.
    pub fn new(isa: Isa, geometry: Geometry) -> Self {
        geometry.check();
        assert!(geometry.is_depthwise(), "each channel has its own filter");
        let [class] = <[_; 1]>::try_from(geometry.forward()).expect("all outputs read alike");
        let lines = geometry.batch * class.lines();
        let work = (geometry.bytes() + geometry.flops()) as usize;
        let parts = (work / GRAIN).min(lines).clamp(1, MOST_PARTS);
        DepthwiseKernelGradient { target: Target::new(isa), geometry, class, phases: [parts as u32, 1] }
    }
}

/// The sums over some lines of outputs.
struct Sums<'a> {
    kernel: &'a DepthwiseKernelGradient,
    lines: Range<usize>,
    inputs: &'a [f32],
    gradients: &'a [f32],
    sums: &'a mut [f32],
}

impl Task for Sums<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) {
        let DepthwiseKernelGradient { geometry, class, .. } = self.kernel;
        self.sums.fill(0.0);
        for line in self.lines.clone() {
            let line = Line::new(class, geometry.channels, line, self.inputs);
            // SAFETY: the caller's.
            unsafe { line.compute::<V>(&mut self) };
        }
    }
}

impl OverTiles for Sums<'_> {
    #[inline(always)]
    unsafe fn begin<V: Vector, const WHOLE: bool, const P: usize, const N: usize>(
        &self,
        tile: &Tile<V, WHOLE>,
    ) -> [[V; N]; P] {
        // SAFETY: the caller's.
        unsafe {
            let mut gradients = [[V::zero(); N]; P];
            for (index, gradients) in gradients.iter_mut().enumerate() {
                let from = self.gradients.as_ptr().add(tile.target + index * tile.target_step);
                for (vector, gradient) in gradients.iter_mut().enumerate() {
                    *gradient = tile.lanes.load(from.add(vector * V::LANES));
                }
            }
            gradients
        }
    }

    #[inline(always)]
    unsafe fn place<V: Vector, const WHOLE: bool, const P: usize, const N: usize>(
        &mut self,
        tile: &Tile<V, WHOLE>,
        gradients: &mut [[V; N]; P],
        sources: *const f32,
        weights: usize,
    ) {
        for vector in 0..N {
            // SAFETY: the caller's.
            unsafe {
                let to = self.sums.as_mut_ptr().add(weights + vector * V::LANES);
                let mut sum = tile.lanes.load(to);
                for (index, gradients) in gradients.iter().enumerate() {
                    let source = tile.lanes.load(sources.add(index * tile.source_step + vector * V::LANES));
                    sum = source.multiply_add(gradients[vector], sum);
                }
                tile.lanes.store(sum, to);
            }
        }
    }

    #[inline(always)]
    unsafe fn end<V: Vector, const WHOLE: bool, const P: usize, const N: usize>(
        &self,
        _: &Tile<V, WHOLE>,
        _: [[V; N]; P],
    ) {
    }
}

impl Kernel for DepthwiseKernelGradient {
    fn name(&self) -> &'static str {
        "depthwiseKernelGradient"
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        Cost { flops: self.geometry.flops(), bytes: self.geometry.bytes() }
    }

    fn scratch(&self) -> Scratch {
        Scratch { shared: self.phases[0] as usize * self.geometry.weights(), private: 0 }
    }

    fn run(&self, phase: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let weights = self.geometry.weights();
        let sums_of = |index: u32| 4 * index as usize * weights..4 * (index as usize + 1) * weights;
        if phase == 1 {
            // SAFETY: this is the only chunk.
            let output = unsafe { operands.outputs[0].slice_mut::<f32>(0..weights) };
            output.fill(0.0);
            for index in 0..self.phases[0] {
                // SAFETY: nobody writes the sums in this phase.
                let sums = unsafe { operands.shared.part(sums_of(index)).slice::<f32>() };
                output.iter_mut().zip(sums).for_each(|(output, sum)| *output += sum);
            }
            return Ok(());
        }
        // SAFETY: numbers, which nobody writes meanwhile.
        let inputs = unsafe { operands.inputs[0].part(0..4 * self.geometry.inputs()).slice::<f32>() };
        // SAFETY: as above.
        let gradients = unsafe { operands.inputs[1].part(0..4 * self.geometry.outputs()).slice::<f32>() };
        // SAFETY: each chunk has its own sums.
        let sums = unsafe { operands.shared.part(sums_of(chunk)).slice_mut::<f32>(0..weights) };
        let all = self.geometry.batch * self.class.lines();
        let lines = part(all, self.phases[0] as usize, chunk as usize);
        // SAFETY: all have their sizes, and the sums are the chunk's own.
        unsafe { self.target.enter(Sums { kernel: self, lines, inputs, gradients, sums }) };
        Ok(())
    }
}
