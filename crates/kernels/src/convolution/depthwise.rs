//! Convolutions of each channel by itself, and their gradients: sums over windows that run along the channels.

use super::geometry::{Class, Geometry};
use super::weights::Direction;
use crate::chunks::{Chunks, GRAIN, part};
use crate::isa::Isa;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch};
use crate::lanes::Arithmetic;
use crate::target::{Loop, Target};
use std::ops::Range;

/// Channels whose sums stay in registers.
const BLOCK: usize = 32;
/// The most parts of the kernel's gradient that are kept apart.
const MOST_PARTS: usize = 16;

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

impl Loop for Lines<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        let Depthwise { geometry, classes, .. } = self.kernel;
        let mut first = 0;
        for class in classes {
            let count = geometry.batch * class.lines();
            let (start, end) = (self.lines.start.max(first), self.lines.end.min(first + count));
            for line in start..end.max(start) {
                self.line::<I>(class, line - first);
            }
            first += count;
        }
    }
}

impl Lines<'_> {
    #[inline(always)]
    fn line<I: Arithmetic>(&self, class: &Class, line: usize) {
        let [planes, lines, columns] = &class.axes;
        let channels = self.kernel.geometry.channels;
        let (image, line) = (line / class.lines(), line % class.lines());
        let (plane, line) = (line / lines.count, line % lines.count);
        let pixels = planes.sources * lines.sources * columns.sources;
        let sources = &self.sources[image * pixels * channels..][..pixels * channels];
        let row = (image * planes.targets + planes.first + plane * planes.step) * lines.targets
            + lines.first
            + line * lines.step;
        for column in 0..columns.count {
            let pixel = row * columns.targets + columns.first + column * columns.step;
            // SAFETY: each target is computed once.
            let target = unsafe { self.targets.slice_mut::<f32>(pixel * channels..(pixel + 1) * channels) };
            for (index, block) in target.chunks_mut(BLOCK).enumerate() {
                let mut sums = [0.0f32; BLOCK];
                let width = block.len();
                class.visit([plane, line, column], |pixel, place| {
                    let values = &sources[pixel * channels + index * BLOCK..][..width];
                    let weights = &self.weights[place * channels + index * BLOCK..][..width];
                    for ((sum, value), weight) in sums.iter_mut().zip(values).zip(weights) {
                        *sum = I::fma(*value, *weight, *sum);
                    }
                });
                block.copy_from_slice(&sums[..width]);
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
        self.target.run(Lines { kernel: self, lines, sources, weights, targets });
        Ok(())
    }
}

/// The gradient of such a convolution by its kernel. Each chunk adds up some lines of outputs, and a second phase adds these sums in
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

impl Loop for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        let DepthwiseKernelGradient { geometry, class, .. } = self.kernel;
        let [planes, lines, columns] = &class.axes;
        let channels = geometry.channels;
        let pixels = planes.sources * lines.sources * columns.sources;
        self.sums.fill(0.0);
        for line in self.lines {
            let (image, within) = (line / class.lines(), line % class.lines());
            let (plane, row) = (within / lines.count, within % lines.count);
            let inputs = &self.inputs[image * pixels * channels..][..pixels * channels];
            for column in 0..columns.count {
                let gradients = &self.gradients[(line * columns.count + column) * channels..][..channels];
                class.visit([plane, row, column], |pixel, place| {
                    let values = &inputs[pixel * channels..][..channels];
                    let sums = &mut self.sums[place * channels..][..channels];
                    for ((sum, value), gradient) in sums.iter_mut().zip(values).zip(gradients) {
                        *sum = I::fma(*value, *gradient, *sum);
                    }
                });
            }
        }
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
        self.target.run(Sums { kernel: self, lines, inputs, gradients, sums });
        Ok(())
    }
}
