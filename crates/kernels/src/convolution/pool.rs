//! The greatest elements of windows, and where they came from.

mod chunk;
#[cfg(test)]
mod tests;
mod window;

use super::geometry::{Axis, Geometry};
use super::product::makes_pairs;
use crate::chunks::Chunks;
use crate::isa::Isa;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands};
use crate::target::Target;
use chunk::Pool;
use std::ops::Range;

/// Channels of an image whose gradient is one item of work where windows overlap.
const BLOCK: usize = 64;

/// The place in windows of an element that gets no gradient.
const NOWHERE: u8 = u8::MAX;

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
    /// Its value, and its place in the window as a byte: from the inputs. Where `positive`, only elements greater than 0 have a place.
    Places { positive: bool },
    /// The gradient by the inputs: from these places and the outputs' gradients.
    PlacesGradient,
}

impl MaxPooling {
    fn is_gradient(self) -> bool {
        matches!(self, MaxPooling::Gradient | MaxPooling::ReluGradient | MaxPooling::PlacesGradient)
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

    /// Whether it makes the values of the greatest elements, and nothing else.
    pub fn is_of_values(&self) -> bool {
        self.pooling == MaxPooling::Value
    }

    /// The pooling that makes places of the greatest elements, and the gradient that reads them, if this is the values and the other their
    /// gradient.
    pub fn with_places(&self, gradient: &MaxPool) -> Option<[MaxPool; 2]> {
        let positive = match gradient.pooling {
            MaxPooling::Gradient => false,
            MaxPooling::ReluGradient => true,
            _ => return None,
        };
        let is_pair = self.is_of_values() && self.geometry == gradient.geometry;
        let has_places = is_pair && self.geometry.window() < usize::from(NOWHERE);
        let with = |own: &MaxPool, pooling| MaxPool { pooling, ..own.clone() };
        has_places.then(|| {
            [with(self, MaxPooling::Places { positive }), with(gradient, MaxPooling::PlacesGradient)]
        })
    }

    /// Whether this is of the outputs of a convolution that can pool them while they are near: it makes them in pairs of lines, each of which
    /// has one line of windows, of one or both.
    pub fn can_follow(&self, convolution: &Geometry) -> bool {
        let Geometry { batch, axes, channels, .. } = self.geometry;
        let [planes, lines, _] = axes;
        let is_value = matches!(self.pooling, MaxPooling::Value | MaxPooling::Places { .. });
        let in_pairs = planes == Axis::NONE && lines.stride == 2 && lines.window <= 2 && lines.low == 0;
        let extents = axes.map(|axis| axis.input) == convolution.axes.map(|axis| axis.output);
        let are_outputs = extents && (batch, channels) == (convolution.batch, convolution.filters);
        let is_possible = is_value && self.disjoint && in_pairs && are_outputs && convolution.groups == 1;
        is_possible && makes_pairs(convolution)
    }

    pub(crate) fn outputs(&self) -> usize {
        self.geometry.outputs()
    }

    /// Pools the windows of some pixels: pairs of lines of images, as far as these have them. `inputs` are their elements.
    ///
    /// # Panics
    /// When there are fewer outputs, or pixels.
    pub(crate) fn pool_pixels(&self, pixels: Range<usize>, inputs: &[f32], outputs: &[Buffer]) {
        let [_, lines, columns] = self.geometry.axes;
        let item = |pixel: usize| {
            let line = pixel / columns.input;
            line / lines.input * lines.output + (line % lines.input).div_ceil(lines.stride).min(lines.output)
        };
        self.target.run(Pool {
            kernel: self,
            items: item(pixels.start)..item(pixels.end),
            inputs,
            first: pixels.start * self.geometry.channels,
            others: &[],
            places: outputs.get(1).copied().unwrap_or(Buffer::EMPTY),
            output: outputs[0],
        });
    }

    /// Outputs, or inputs, of one image.
    fn pixels(&self, extent: fn(&Axis) -> usize) -> usize {
        self.geometry.axes.iter().map(extent).product()
    }
}

impl Kernel for MaxPool {
    fn name(&self) -> &'static str {
        match self.pooling {
            MaxPooling::Value | MaxPooling::Places { .. } => "maxPool",
            MaxPooling::Select => "maxPoolSelect",
            _ => "maxPoolGradient",
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
            MaxPooling::Value | MaxPooling::Places { .. } => [inputs, 0, outputs],
            MaxPooling::Select => [inputs, inputs, outputs],
            MaxPooling::Gradient | MaxPooling::ReluGradient => [inputs, outputs, inputs],
            MaxPooling::PlacesGradient => [0, outputs, inputs],
        };
        let operand = |index: usize| match operands.inputs.get(index) {
            // SAFETY: numbers, which nobody writes meanwhile.
            Some(buffer) => unsafe { buffer.part(0..4 * sizes[index]).slice::<f32>() },
            None => &[],
        };
        let places = match self.pooling {
            MaxPooling::Places { .. } => operands.outputs[1].part(0..outputs),
            MaxPooling::PlacesGradient => operands.inputs[0].part(0..outputs),
            _ => Buffer::EMPTY,
        };
        self.target.run(Pool {
            kernel: self,
            items: self.chunks.range(chunk),
            inputs: operand(0),
            first: 0,
            others: operand(1),
            places,
            output: operands.outputs[0].part(0..4 * sizes[2]),
        });
        Ok(())
    }
}
