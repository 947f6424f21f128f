//! The greatest elements of windows, and where they came from.

use super::geometry::{Class, Geometry};
use crate::chunks::Chunks;
use crate::isa::Isa;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands};
use crate::lanes::Arithmetic;
use crate::target::{Loop, Target};
use std::ops::Range;

/// Channels of an image whose gradient is one item of work.
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

/// The greatest elements so far of N channels of a window, and which places of the window they were in.
struct Greatest<const N: usize> {
    values: [f32; N],
    places: [u32; N],
    seen: u32,
}

impl<const N: usize> Greatest<N> {
    #[inline(always)]
    fn new() -> Self {
        Greatest { values: [f32::NEG_INFINITY; N], places: [0; N], seen: 0 }
    }

    /// Takes the next place of the window into account. The first of equal elements stays, and NaN does.
    #[inline(always)]
    fn meet(&mut self, values: &[f32; N]) {
        for i in 0..N {
            let (value, greatest) = (values[i], self.values[i]);
            let is_greater = (value > greatest) | (value.is_nan() & !greatest.is_nan());
            self.values[i] = if is_greater { value } else { greatest };
            self.places[i] = if is_greater { self.seen } else { self.places[i] };
        }
        self.seen += 1;
    }
}

/// N elements from some place on.
#[inline(always)]
fn lanes<const N: usize>(elements: &[f32], at: usize) -> &[f32; N] {
    elements[at..at + N].try_into().expect("a slice of N elements")
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
    /// The greatest elements of a window in N channels, the first of which in the first pixel is given.
    #[inline(always)]
    fn greatest<const N: usize>(&self, place: [usize; 3], first: usize) -> Greatest<N> {
        let MaxPool { class, geometry, .. } = self.kernel;
        let mut greatest = Greatest::new();
        class.visit(place, |pixel, _| greatest.meet(lanes(self.inputs, first + pixel * geometry.channels)));
        greatest
    }

    /// A line of outputs. The loops here are plain ones, since large closures would not end up where the instruction set is switched on.
    #[inline(always)]
    fn line(&self, item: usize) {
        let class = &self.kernel.class;
        let [_, across, columns] = &class.axes;
        let (image, line) = (item / class.lines(), item % class.lines());
        let channels = self.kernel.geometry.channels;
        for column in 0..columns.count {
            let place = [line / across.count, line % across.count, column];
            let output = line * columns.count + column;
            let mut from = 0;
            while from + 32 <= channels {
                self.output::<32>(image, output, place, from);
                from += 32;
            }
            while from + 8 <= channels {
                self.output::<8>(image, output, place, from);
                from += 8;
            }
            while from < channels {
                self.output::<1>(image, output, place, from);
                from += 1;
            }
        }
    }

    /// N channels of an output.
    #[inline(always)]
    fn output<const N: usize>(&self, image: usize, output: usize, place: [usize; 3], from: usize) {
        let MaxPool { class, geometry, pooling, .. } = self.kernel;
        let (inputs, outputs) = self.kernel.pixels();
        let first = image * inputs * geometry.channels + from;
        let at = (image * outputs + output) * geometry.channels + from;
        // SAFETY: each output is computed once.
        let output = unsafe { self.output.slice_mut::<f32>(at..at + N) };
        let greatest = self.greatest::<N>(place, first);
        if *pooling == MaxPooling::Value {
            output.copy_from_slice(&greatest.values);
            return;
        }
        let (mut found, mut seen) = ([0.0; N], 0);
        class.visit(place, |pixel, _| {
            let others = lanes::<N>(self.others, first + pixel * geometry.channels);
            for i in 0..N {
                found[i] = if greatest.places[i] == seen { others[i] } else { found[i] };
            }
            seen += 1;
        });
        output.copy_from_slice(&found);
    }

    /// The gradient of a block of channels of an image.
    #[inline(always)]
    fn scatter(&self, item: usize) {
        let channels = self.kernel.geometry.channels;
        let blocks = channels.div_ceil(BLOCK);
        let (image, mut from) = (item / blocks, item % blocks * BLOCK);
        let end = channels.min(from + BLOCK);
        while from + 32 <= end {
            self.scatter_lanes::<32>(image, from);
            from += 32;
        }
        while from + 8 <= end {
            self.scatter_lanes::<8>(image, from);
            from += 8;
        }
        while from < end {
            self.scatter_lanes::<1>(image, from);
            from += 1;
        }
    }

    /// The gradient of N channels of an image.
    #[inline(always)]
    fn scatter_lanes<const N: usize>(&self, image: usize, from: usize) {
        let MaxPool { class, geometry, .. } = self.kernel;
        let channels = geometry.channels;
        let (inputs, outputs) = self.kernel.pixels();
        let (first, start) = (image * inputs * channels + from, image * outputs * channels + from);
        let output = |pixel: usize| {
            let at = first + pixel * channels;
            // SAFETY: each block of channels of an image is one chunk's, and no other part of it is borrowed.
            unsafe { self.output.slice_mut::<f32>(at..at + N) }
        };
        for pixel in 0..inputs {
            output(pixel).fill(0.0);
        }
        let [_, across, columns] = &class.axes;
        for line in 0..class.lines() {
            for column in 0..columns.count {
                let place = [line / across.count, line % across.count, column];
                let gradients = lanes::<N>(self.others, start + (line * columns.count + column) * channels);
                let greatest = self.greatest::<N>(place, first);
                let mut seen = 0;
                class.visit(place, |pixel, _| {
                    let sums = output(pixel);
                    for i in 0..N {
                        sums[i] += if greatest.places[i] == seen { gradients[i] } else { 0.0 };
                    }
                    seen += 1;
                });
            }
        }
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
