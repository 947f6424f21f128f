//! The greatest elements of windows, and where they came from.

use super::geometry::{Class, Geometry};
use crate::chunks::Chunks;
use crate::isa::Isa;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands};
use crate::lanes::Arithmetic;
use crate::target::{Loop, Target};
use std::ops::Range;

/// Channels that are compared side by side.
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
}

/// Max pooling over each channel. Windows leave out what lies outside the inputs; NaN is the greatest of all.
#[derive(Debug)]
pub struct MaxPool {
    target: Target,
    geometry: Geometry,
    pooling: MaxPooling,
    class: Class,
    /// Lines of outputs; for the gradient, blocks of channels of images.
    chunks: Chunks,
}

impl MaxPool {
    /// # Panics
    /// When the machine lacks the instruction set, or the geometry does not keep the channels.
    pub fn new(isa: Isa, geometry: Geometry, pooling: MaxPooling) -> Self {
        geometry.check();
        assert!(geometry.is_depthwise(), "each channel is pooled by itself");
        let [class] = <[_; 1]>::try_from(geometry.forward()).expect("all outputs read alike");
        let items = match pooling {
            MaxPooling::Gradient => geometry.batch * geometry.channels.div_ceil(BLOCK),
            _ => geometry.batch * class.lines(),
        };
        let chunks = Chunks::new(items, (geometry.bytes() + geometry.flops()) as usize / items.max(1));
        MaxPool { target: Target::new(isa), geometry, pooling, class, chunks }
    }

    /// Inputs and outputs of one image.
    fn pixels(&self) -> (usize, usize) {
        let product =
            |extent: fn(&super::Axis) -> usize| self.geometry.axes.iter().map(extent).product::<usize>();
        (product(|axis| axis.input), product(|axis| axis.output))
    }
}

/// The operands of one chunk.
struct Pool<'a> {
    kernel: &'a MaxPool,
    items: Range<usize>,
    inputs: &'a [f32],
    /// The second operand, where there is one.
    others: &'a [f32],
    output: Buffer,
}

/// The greatest elements so far of some channels of a window, and which places of the window they were in.
struct Greatest {
    values: [f32; BLOCK],
    places: [u32; BLOCK],
    seen: u32,
}

impl Greatest {
    #[inline(always)]
    fn new() -> Self {
        Greatest { values: [f32::NEG_INFINITY; BLOCK], places: [0; BLOCK], seen: 0 }
    }

    /// Takes the next place of the window into account. The first of equal elements stays, and NaN does.
    #[inline(always)]
    fn meet(&mut self, values: &[f32]) {
        for ((greatest, place), &value) in self.values.iter_mut().zip(&mut self.places).zip(values) {
            let is_greater = (value > *greatest) | (value.is_nan() & !greatest.is_nan());
            *greatest = if is_greater { value } else { *greatest };
            *place = if is_greater { self.seen } else { *place };
        }
        self.seen += 1;
    }
}

impl Loop for Pool<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        for item in self.items.clone() {
            match self.kernel.pooling {
                MaxPooling::Gradient => self.scatter(item),
                _ => self.line(item),
            }
        }
    }
}

impl Pool<'_> {
    /// Calls `visit` for each output of some lines of an image: with its number in the image and its place.
    #[inline(always)]
    fn outputs(&self, lines: Range<usize>, mut visit: impl FnMut(usize, [usize; 3])) {
        let [_, across, columns] = &self.kernel.class.axes;
        for line in lines {
            let (plane, row) = (line / across.count, line % across.count);
            (0..columns.count).for_each(|column| visit(line * columns.count + column, [plane, row, column]));
        }
    }

    /// The greatest elements of a window, in a block of channels whose first element of all pixels is given.
    #[inline(always)]
    fn greatest(&self, place: [usize; 3], first: usize, width: usize) -> Greatest {
        let MaxPool { class, geometry, .. } = self.kernel;
        let mut greatest = Greatest::new();
        class.visit(place, |pixel, _| {
            let at = first + pixel * geometry.channels;
            greatest.meet(&self.inputs[at..at + width]);
        });
        greatest
    }

    /// A line of outputs.
    #[inline(always)]
    fn line(&self, item: usize) {
        let MaxPool { class, geometry, pooling, .. } = self.kernel;
        let channels = geometry.channels;
        let (image, line) = (item / class.lines(), item % class.lines());
        let (inputs, outputs) = self.kernel.pixels();
        self.outputs(line..line + 1, |output, place| {
            for from in (0..channels).step_by(BLOCK) {
                let width = BLOCK.min(channels - from);
                let first = image * inputs * channels + from;
                let at = (image * outputs + output) * channels + from;
                // SAFETY: each output is computed once.
                let output = unsafe { self.output.slice_mut::<f32>(at..at + width) };
                let greatest = self.greatest(place, first, width);
                if *pooling == MaxPooling::Value {
                    output.copy_from_slice(&greatest.values[..width]);
                    continue;
                }
                output.fill(0.0);
                let mut seen = 0;
                class.visit(place, |pixel, _| {
                    let others = &self.others[first + pixel * channels..][..width];
                    for ((output, other), place) in output.iter_mut().zip(others).zip(&greatest.places) {
                        *output = if *place == seen { *other } else { *output };
                    }
                    seen += 1;
                });
            }
        });
    }

    /// The gradient of a block of channels of an image.
    #[inline(always)]
    fn scatter(&self, item: usize) {
        let MaxPool { class, geometry, .. } = self.kernel;
        let channels = geometry.channels;
        let blocks = channels.div_ceil(BLOCK);
        let (image, from) = (item / blocks, item % blocks * BLOCK);
        let width = BLOCK.min(channels - from);
        let (inputs, outputs) = self.kernel.pixels();
        let (first, start) = (image * inputs * channels + from, image * outputs * channels + from);
        let output = |pixel: usize| {
            let at = first + pixel * channels;
            // SAFETY: each block of channels of an image is one chunk's, and no other part of it is borrowed.
            unsafe { self.output.slice_mut::<f32>(at..at + width) }
        };
        (0..inputs).for_each(|pixel| output(pixel).fill(0.0));
        self.outputs(0..class.lines(), |number, place| {
            let gradients = &self.others[start + number * channels..][..width];
            let greatest = self.greatest(place, first, width);
            let mut seen = 0;
            class.visit(place, |pixel, _| {
                for ((sum, gradient), place) in output(pixel).iter_mut().zip(gradients).zip(&greatest.places)
                {
                    *sum += if *place == seen { *gradient } else { 0.0 };
                }
                seen += 1;
            });
        });
    }
}

impl Kernel for MaxPool {
    fn name(&self) -> &'static str {
        match self.pooling {
            MaxPooling::Value => "maxPool",
            MaxPooling::Select => "maxPoolSelect",
            MaxPooling::Gradient => "maxPoolGradient",
        }
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        Cost { flops: self.geometry.flops(), bytes: self.geometry.bytes() }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let (inputs, outputs) = (self.geometry.inputs(), self.geometry.outputs());
        let sizes = match self.pooling {
            MaxPooling::Value => [inputs, 0, outputs],
            MaxPooling::Select => [inputs, inputs, outputs],
            MaxPooling::Gradient => [inputs, outputs, inputs],
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
