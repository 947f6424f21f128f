//! The convolution, and its gradient by the inputs.

use super::{Line, OverTiles, Tile};
use crate::arch::{Task, Vector};
use crate::chunks::Chunks;
use crate::convolution::geometry::{Class, Geometry};
use crate::convolution::weights::Direction;
use crate::isa::Isa;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands};
use crate::target::Target;
use std::ops::Range;

/// A convolution with as many groups as channels and filters, or its gradient by the inputs.
#[derive(Debug)]
pub struct Depthwise {
    target: Target,
    geometry: Geometry,
    direction: Direction,
    classes: Vec<Class>,
    sources: usize,
    targets: usize,
    /// Lines of targets of all classes, class after class, in each image after image.
    chunks: Chunks,
}

impl Depthwise {
    /// # Panics
    /// When the machine lacks the instruction set, or the geometry is not depthwise.
    pub fn forward(isa: Isa, geometry: Geometry) -> Self {
        let sizes = (geometry.inputs(), geometry.outputs());
        Self::new(isa, geometry, Direction::Forward, geometry.forward(), sizes)
    }

    /// # Panics
    /// As `forward`.
    pub fn input_gradient(isa: Isa, geometry: Geometry) -> Self {
        let sizes = (geometry.outputs(), geometry.inputs());
        Self::new(isa, geometry, Direction::Backward, geometry.backward(), sizes)
    }

    fn new(
        isa: Isa,
        geometry: Geometry,
        direction: Direction,
        classes: Vec<Class>,
        (sources, targets): (usize, usize),
    ) -> Self {
        geometry.check();
        assert!(geometry.is_depthwise(), "each channel has its own filter");
        let lines = geometry.batch * classes.iter().map(Class::lines).sum::<usize>();
        let work = (geometry.bytes() + geometry.flops()) as usize;
        let chunks = Chunks::new(lines, work / lines.max(1));
        Depthwise { target: Target::new(isa), geometry, direction, classes, sources, targets, chunks }
    }
}

/// Some lines of targets.
struct Lines<'a> {
    kernel: &'a Depthwise,
    lines: Range<usize>,
    sources: &'a [f32],
    weights: &'a [f32],
    targets: Buffer,
}

impl Task for Lines<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) {
        let Depthwise { geometry, classes, .. } = self.kernel;
        let mut first = 0;
        for class in classes {
            let count = geometry.batch * class.lines();
            let (start, end) = (self.lines.start.max(first), self.lines.end.min(first + count));
            for line in start..end.max(start) {
                let line = Line::new(class, geometry.channels, line - first, self.sources);
                // SAFETY: the caller's.
                unsafe { line.compute::<V>(&mut self) };
            }
            first += count;
        }
    }
}

impl OverTiles for Lines<'_> {
    #[inline(always)]
    unsafe fn begin<V: Vector, const WHOLE: bool, const P: usize, const N: usize>(
        &self,
        _: &Tile<V, WHOLE>,
    ) -> [[V; N]; P] {
        // SAFETY: the caller's.
        [[unsafe { V::zero() }; N]; P]
    }

    #[inline(always)]
    unsafe fn place<V: Vector, const WHOLE: bool, const P: usize, const N: usize>(
        &mut self,
        tile: &Tile<V, WHOLE>,
        sums: &mut [[V; N]; P],
        sources: *const f32,
        weights: usize,
    ) {
        for vector in 0..N {
            // SAFETY: the caller's.
            unsafe {
                let weight = tile.lanes.load(self.weights.as_ptr().add(weights + vector * V::LANES));
                for (index, sums) in sums.iter_mut().enumerate() {
                    let source = tile.lanes.load(sources.add(index * tile.source_step + vector * V::LANES));
                    sums[vector] = source.multiply_add(weight, sums[vector]);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn end<V: Vector, const WHOLE: bool, const P: usize, const N: usize>(
        &self,
        tile: &Tile<V, WHOLE>,
        sums: [[V; N]; P],
    ) {
        for (index, sums) in sums.into_iter().enumerate() {
            let target = tile.target + index * tile.target_step;
            for (vector, sum) in sums.into_iter().enumerate() {
                let to = self.targets.pointer::<f32>().wrapping_add(target + vector * V::LANES);
                // SAFETY: the caller's.
                unsafe { tile.lanes.store(sum, to) };
            }
        }
    }
}

impl Kernel for Depthwise {
    fn name(&self) -> &'static str {
        match self.direction {
            Direction::Forward => "depthwise",
            Direction::Backward => "depthwiseInputGradient",
        }
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        Cost { flops: self.geometry.flops(), bytes: self.geometry.bytes() }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        // SAFETY: numbers, which nobody writes meanwhile.
        let sources = unsafe { operands.inputs[0].part(0..4 * self.sources).slice::<f32>() };
        // SAFETY: as above.
        let weights = unsafe { operands.inputs[1].part(0..4 * self.geometry.weights()).slice::<f32>() };
        let targets = operands.outputs[0].part(0..4 * self.targets);
        let lines = self.chunks.range(chunk);
        // SAFETY: all have their sizes, and each target is computed once.
        unsafe { self.target.enter(Lines { kernel: self, lines, sources, weights, targets }) };
        Ok(())
    }
}
