//! The greatest elements of windows, and where they came from.

mod chunk;

use super::geometry::{Axis, Geometry};
use crate::chunks::Chunks;
use crate::isa::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands};
use crate::target::Target;
use chunk::Pool;
use std::ops::Range;

/// Channels of an image whose gradient is one item of work where windows overlap.
const BLOCK: usize = 64;

/// What is done with the greatest element of each window, the first of equal ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxPooling {
    /// Its value: from the inputs.
    Value,
    /// What lies in its place in other inputs: from the inputs and the others.
    Select,
    /// The gradient by the inputs: from the inputs and the outputs' gradients.
    Gradient,
    /// The gradient by what a relu made the inputs of: that by the inputs where they are positive, else 0.
    ReluGradient,
}

impl MaxPooling {
    fn is_gradient(self) -> bool {
        matches!(self, MaxPooling::Gradient | MaxPooling::ReluGradient)
    }
}

/// Max pooling over each channel. Windows leave out what lies outside the inputs; NaN is the greatest of all.
#[derive(Clone, Debug)]
pub struct MaxPool {
    target: Target,
    geometry: Geometry,
    pooling: MaxPooling,
    /// The inputs along each axis that each output sees.
    windows: [Vec<Range<usize>>; 3],
    /// Whether no input is in two windows.
    disjoint: bool,
    /// Lines of outputs; for the gradient of windows that overlap, blocks of channels of images.
    chunks: Chunks,
}

impl MaxPool {
    /// # Panics
    /// When the machine lacks the instruction set, or the geometry is dilated or does not keep the channels.
    pub fn new(isa: Isa, geometry: Geometry, pooling: MaxPooling) -> Self {
        geometry.check();
        assert!(geometry.is_depthwise(), "each channel is pooled by itself");
        let seen = |axis: Axis| {
            assert!(axis.dilation == 1, "pooling is not dilated");
            let window = |output: usize| {
                let start = output * axis.stride;
                let [start, end] = [start, start + axis.window].map(|at| at.saturating_sub(axis.low));
                start.min(axis.input)..end.min(axis.input)
            };
            (0..axis.output).map(window).collect::<Vec<_>>()
        };
        let disjoint = geometry.axes.iter().all(|axis| axis.output > 0 && axis.stride >= axis.window);
        let items = if pooling.is_gradient() && !disjoint {
            geometry.batch * geometry.channels.div_ceil(BLOCK)
        } else {
            geometry.batch * geometry.axes[0].output * geometry.axes[1].output
        };
        let chunks = Chunks::new(items, (geometry.bytes() + geometry.flops()) as usize / items.max(1));
        let windows = geometry.axes.map(seen);
        MaxPool { target: Target::new(isa), geometry, pooling, windows, disjoint, chunks }
    }

    /// The gradient by what a relu made the inputs of, if this is the gradient by the inputs.
    pub fn with_relu(&self) -> Option<MaxPool> {
        let is_gradient = self.pooling == MaxPooling::Gradient;
        is_gradient.then(|| MaxPool { pooling: MaxPooling::ReluGradient, ..self.clone() })
    }

    /// Outputs, or inputs, of one image.
    fn pixels(&self, extent: fn(&Axis) -> usize) -> usize {
        self.geometry.axes.iter().map(extent).product()
    }
}

impl Kernel for MaxPool {
    fn name(&self) -> &'static str {
        match self.pooling {
            MaxPooling::Value => "maxPool",
            MaxPooling::Select => "maxPoolSelect",
            MaxPooling::Gradient | MaxPooling::ReluGradient => "maxPoolGradient",
        }
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        Cost { flops: self.geometry.flops(), bytes: self.geometry.bytes() }
    }

    /// Of a gradient whose windows do not overlap, where the inputs of the windows of a line lie together.
    fn written(&self, _: u32, chunk: u32) -> Option<Range<usize>> {
        let [planes, lines, columns] = self.geometry.axes;
        let together = lines.output == 1 || (planes.output == 1 && planes.input == 1);
        if !self.pooling.is_gradient() || !self.disjoint || !together {
            return None;
        }
        let start = |item: usize| {
            let (image, plane, line) = (
                item / lines.output / planes.output,
                item / lines.output % planes.output,
                item % lines.output,
            );
            let first = image * planes.input + self.windows[0][plane].start;
            (first * lines.input + self.windows[1][line].start) * columns.input * self.geometry.channels
        };
        let items = self.chunks.range(chunk);
        Some(start(items.start)..start(items.end))
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let (inputs, outputs) = (self.geometry.inputs(), self.geometry.outputs());
        let sizes = match self.pooling {
            MaxPooling::Value => [inputs, 0, outputs],
            MaxPooling::Select => [inputs, inputs, outputs],
            MaxPooling::Gradient | MaxPooling::ReluGradient => [inputs, outputs, inputs],
        };
        let operand = |index: usize| match operands.inputs.get(index) {
            // SAFETY: numbers, which nobody writes meanwhile.
            Some(buffer) => unsafe { buffer.part(0..4 * sizes[index]).slice::<f32>() },
            None => &[],
        };
        self.target.run(Pool {
            kernel: self,
            items: self.chunks.range(chunk),
            inputs: operand(0),
            others: operand(1),
            output: operands.outputs[0].part(0..4 * sizes[2]),
        });
        Ok(())
    }
}
