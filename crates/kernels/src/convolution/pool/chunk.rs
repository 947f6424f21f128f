//! Max pooling of some lines of outputs.

use super::{BLOCK, MaxPool, MaxPooling};
use crate::convolution::Geometry;
use crate::kernel::Buffer;
use crate::lanes::Arithmetic;
use crate::target::Loop;
use std::ops::Range;

/// The operands of one chunk.
pub(super) struct Pool<'a> {
    pub kernel: &'a MaxPool,
    pub items: Range<usize>,
    pub inputs: &'a [f32],
    /// The second operand, where there is one.
    pub others: &'a [f32],
    pub output: Buffer,
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
        let MaxPool { geometry, pooling, disjoint, .. } = self.kernel;
        let [planes, lines, _] = geometry.axes.map(|axis| axis.output);
        for item in self.items.clone() {
            if pooling.is_gradient() && !disjoint {
                let blocks = geometry.channels.div_ceil(BLOCK);
                let (image, from) = (item / blocks, item % blocks * BLOCK);
                let channels = from..geometry.channels.min(from + BLOCK);
                self.clear(image, &channels);
                for line in 0..planes * lines {
                    self.line(image, [line / lines, line % lines], channels.clone());
                }
            } else {
                let (image, line) = (item / (planes * lines), item % (planes * lines));
                self.line(image, [line / lines, line % lines], 0..geometry.channels);
            }
        }
    }
}

impl Pool<'_> {
    /// Sets channels of an image's gradient to 0.
    #[inline(always)]
    fn clear(&self, image: usize, channels: &Range<usize>) {
        let pixels = self.kernel.pixels(|axis| axis.input);
        for pixel in image * pixels..(image + 1) * pixels {
            let at = pixel * self.kernel.geometry.channels;
            // SAFETY: each block of channels of an image is one chunk's, and no other part of it is borrowed.
            unsafe { self.output.slice_mut::<f32>(at + channels.start..at + channels.end) }.fill(0.0);
        }
    }

    /// Some channels of a line of outputs, or what its windows give to the gradient.
    #[inline(always)]
    fn line(&self, image: usize, [plane, line]: [usize; 2], channels: Range<usize>) {
        let Geometry { axes, channels: pitch, .. } = self.kernel.geometry;
        let [planes, lines, columns] = axes.map(|axis| axis.output);
        let output = ((image * planes + plane) * lines + line) * columns;
        for column in 0..columns {
            let window = self.seen(image, [plane, line, column]);
            let at = (output + column) * pitch;
            let mut from = channels.start;
            if self.kernel.pooling == MaxPooling::Value {
                while from + 32 <= channels.end {
                    self.value::<32>(&window, from, at + from);
                    from += 32;
                }
            }
            // Where the greatest elements are too, 16 of both are what the registers hold.
            while from + 16 <= channels.end {
                self.window::<16>(&window, from, at + from);
                from += 16;
            }
            while from + 8 <= channels.end {
                self.window::<8>(&window, from, at + from);
                from += 8;
            }
            while from < channels.end {
                self.window::<1>(&window, from, at + from);
                from += 1;
            }
        }
    }

    /// The window of an output.
    #[inline(always)]
    fn seen(&self, image: usize, place: [usize; 3]) -> Window {
        let Geometry { axes, channels, .. } = self.kernel.geometry;
        let [planes, lines, columns] = axes.map(|axis| axis.input);
        let windows = [0, 1, 2].map(|axis| &self.kernel.windows[axis][place[axis]]);
        let plane = image * planes + windows[0].start;
        let owned = [0, 1, 2].map(|axis| {
            let next = self.kernel.windows[axis].get(place[axis] + 1);
            next.map_or(axes[axis].input, |next| next.start) - windows[axis].start
        });
        Window {
            first: ((plane * lines + windows[1].start) * columns + windows[2].start) * channels,
            steps: [lines * columns * channels, columns * channels, channels],
            seen: windows.map(Range::len),
            owned: if self.kernel.disjoint { owned } else { windows.map(Range::len) },
        }
    }

    /// The greatest elements in N channels of a window, where nobody needs to know where they are.
    #[inline(always)]
    fn value<const N: usize>(&self, window: &Window, from: usize, at: usize) {
        let mut greatest = [f32::NEG_INFINITY; N];
        for plane in 0..window.seen[0] {
            for line in 0..window.seen[1] {
                let mut place = window.line(plane, line) + from;
                for _ in 0..window.seen[2] {
                    let values = lanes::<N>(self.inputs, place);
                    for i in 0..N {
                        let is_greater = (values[i] > greatest[i]) | values[i].is_nan();
                        greatest[i] = if is_greater { values[i] } else { greatest[i] };
                    }
                    place += window.steps[2];
                }
            }
        }
        self.write(at, &greatest);
    }

    /// N channels of a window.
    #[inline(always)]
    fn window<const N: usize>(&self, window: &Window, from: usize, at: usize) {
        let mut greatest = Greatest::<N>::new();
        for plane in 0..window.seen[0] {
            for line in 0..window.seen[1] {
                let mut place = window.line(plane, line) + from;
                for _ in 0..window.seen[2] {
                    greatest.meet(lanes(self.inputs, place));
                    place += window.steps[2];
                }
            }
        }
        match self.kernel.pooling {
            MaxPooling::Value => self.write(at, &greatest.values),
            MaxPooling::Select => self.select(window, from, &greatest.places, at),
            MaxPooling::Gradient => self.scatter(window, from, &greatest.places, lanes(self.others, at)),
            MaxPooling::ReluGradient => {
                let mut gradients = *lanes::<N>(self.others, at);
                for i in 0..N {
                    gradients[i] = if greatest.values[i] > 0.0 { gradients[i] } else { 0.0 };
                }
                self.scatter(window, from, &greatest.places, &gradients);
            }
        }
    }

    #[inline(always)]
    fn write<const N: usize>(&self, at: usize, values: &[f32; N]) {
        // SAFETY: each output is computed once.
        unsafe { self.output.slice_mut::<f32>(at..at + N) }.copy_from_slice(values);
    }

    /// What lies in the others where the greatest elements of a window do.
    #[inline(always)]
    fn select<const N: usize>(&self, window: &Window, from: usize, places: &[u32; N], at: usize) {
        let (mut found, mut seen) = ([0.0; N], 0);
        for plane in 0..window.seen[0] {
            for line in 0..window.seen[1] {
                let mut place = window.line(plane, line) + from;
                for _ in 0..window.seen[2] {
                    let others = lanes::<N>(self.others, place);
                    for i in 0..N {
                        found[i] = if places[i] == seen { others[i] } else { found[i] };
                    }
                    (place, seen) = (place + window.steps[2], seen + 1);
                }
            }
        }
        self.write(at, &found);
    }

    /// Gives an output's gradients to where the greatest elements of its window are: adds them, or where windows do not overlap, writes
    /// them and 0 to all inputs up to the next windows.
    #[inline(always)]
    fn scatter<const N: usize>(&self, window: &Window, from: usize, places: &[u32; N], gradients: &[f32; N]) {
        let [_, _, step] = window.steps;
        let mut seen = 0;
        for plane in 0..window.owned[0] {
            for line in 0..window.owned[1] {
                let is_seen = plane < window.seen[0] && line < window.seen[1];
                let columns = if is_seen { window.seen[2] } else { 0 };
                let mut place = window.line(plane, line) + from;
                for _ in 0..columns {
                    // SAFETY: each window's inputs, or block of channels of an image, are one chunk's, and no other part of them is borrowed.
                    let sums = unsafe { self.output.slice_mut::<f32>(place..place + N) };
                    let mut new = [0.0; N];
                    for i in 0..N {
                        new[i] = if places[i] == seen { gradients[i] } else { 0.0 };
                    }
                    if !self.kernel.disjoint {
                        for i in 0..N {
                            new[i] += sums[i];
                        }
                    }
                    sums.copy_from_slice(&new);
                    (place, seen) = (place + step, seen + 1);
                }
                for _ in columns..window.owned[2] {
                    self.write(place, &[0.0; N]);
                    place += step;
                }
            }
        }
    }
}

/// The inputs of a window.
struct Window {
    /// Its first element of the first channel, and from one plane, line and column to the next.
    first: usize,
    steps: [usize; 3],
    /// How many there are along each axis, ...
    seen: [usize; 3],
    /// ... and up to the next windows, where windows do not overlap.
    owned: [usize; 3],
}

impl Window {
    /// Where the first channel of a line begins.
    #[inline(always)]
    fn line(&self, plane: usize, line: usize) -> usize {
        self.first + plane * self.steps[0] + line * self.steps[1]
    }
}
