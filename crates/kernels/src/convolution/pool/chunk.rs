//! Max pooling of some lines of outputs.

use super::window::Window;
use super::{BLOCK, MaxPool, MaxPooling, NOWHERE};
use crate::convolution::Geometry;
use crate::kernel::Buffer;
use crate::lanes::Arithmetic;
use crate::target::Loop;
use std::ops::Range;

/// The operands of one chunk.
pub(super) struct Pool<'a> {
    pub kernel: &'a MaxPool,
    pub items: Range<usize>,
    /// The inputs from one element on, if they are read.
    pub inputs: &'a [f32],
    pub first: usize,
    /// The second operand, where there is one.
    pub others: &'a [f32],
    /// A byte for each window, where they are read or written.
    pub places: Buffer,
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
            if self.with_bytes(&window, &channels, at) {
                continue;
            }
            let mut from = channels.start;
            if self.kernel.pooling == MaxPooling::Value {
                while from + 32 <= channels.end {
                    self.window::<32>(&window, from, at + from);
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

    /// What comes of some channels of a window, if places are read or written: bytes have loops of their own.
    #[inline(always)]
    fn with_bytes(&self, window: &Window, channels: &Range<usize>, at: usize) -> bool {
        for from in channels.clone().step_by(BLOCK) {
            let channels = from..channels.end.min(from + BLOCK);
            match self.kernel.pooling {
                MaxPooling::Places { positive } => self.find(window, channels, at, positive),
                MaxPooling::PlacesGradient => self.give(window, channels, at),
                _ => return false,
            }
        }
        true
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

    /// What comes of N channels of a window.
    #[inline(always)]
    fn window<const N: usize>(&self, window: &Window, from: usize, at: usize) {
        match self.kernel.pooling {
            MaxPooling::Value => self.write(at, &self.value::<N>(window, from)),
            MaxPooling::Select => {
                let greatest = self.greatest::<N>(window, from);
                self.write(at, &self.select(window, from, &greatest.places));
            }
            MaxPooling::Gradient => {
                let greatest = self.greatest::<N>(window, from);
                self.scatter(window, from, &greatest.places, lanes(self.others, at));
            }
            MaxPooling::ReluGradient => {
                let greatest = self.greatest::<N>(window, from);
                let mut gradients = *lanes::<N>(self.others, at);
                for i in 0..N {
                    gradients[i] = if greatest.values[i] > 0.0 { gradients[i] } else { 0.0 };
                }
                self.scatter(window, from, &greatest.places, &gradients);
            }
            MaxPooling::Places { .. } | MaxPooling::PlacesGradient => unreachable!("these have bytes"),
        }
    }

    /// The greatest elements of some channels of a window, and their places as bytes.
    #[inline(always)]
    fn find(&self, window: &Window, channels: Range<usize>, at: usize, positive: bool) {
        let mut places = [0; BLOCK];
        let places = &mut places[..channels.len()];
        let mut from = 0;
        while from + 16 <= places.len() {
            self.find_lanes::<16>(window, channels.start + from, at, positive, &mut places[from..]);
            from += 16;
        }
        while from + 8 <= places.len() {
            self.find_lanes::<8>(window, channels.start + from, at, positive, &mut places[from..]);
            from += 8;
        }
        while from < places.len() {
            self.find_lanes::<1>(window, channels.start + from, at, positive, &mut places[from..]);
            from += 1;
        }
        // SAFETY: each output's place is one chunk's.
        let bytes = unsafe { self.places.slice_mut::<u8>(at + channels.start..at + channels.end) };
        // A loop over a length that the compiler does not know becomes one over vectors of bytes; an unrolled one does not.
        for (byte, place) in bytes.iter_mut().zip(places) {
            *byte = *place as u8;
        }
    }

    #[inline(always)]
    fn find_lanes<const N: usize>(
        &self,
        window: &Window,
        from: usize,
        at: usize,
        positive: bool,
        places: &mut [u32],
    ) {
        let mut greatest = self.greatest::<N>(window, from);
        self.write(at + from, &greatest.values);
        if positive {
            for i in 0..N {
                let has_place = greatest.values[i] > 0.0;
                greatest.places[i] = if has_place { greatest.places[i] } else { u32::from(NOWHERE) };
            }
        }
        places[..N].copy_from_slice(&greatest.places);
    }

    /// Gives the gradients of some channels of a window's output to the places of its greatest elements.
    #[inline(always)]
    fn give(&self, window: &Window, channels: Range<usize>, at: usize) {
        let range = at + channels.start..at + channels.end;
        let gradients = &self.others[range.clone()];
        // SAFETY: nobody writes the places meanwhile.
        let places = unsafe { self.places.part(range).slice::<u8>() };
        let mut seen = 0;
        for (place, is_seen) in window.places(window.owned) {
            let inputs = place + channels.start..place + channels.end;
            // SAFETY: each window's inputs are one chunk's, or each block of channels of an image, and no other part of them is borrowed.
            let output = unsafe { self.output.slice_mut::<f32>(inputs) };
            let own = if is_seen { seen } else { NOWHERE - 1 };
            let given = gradients.iter().zip(places);
            let given = given.map(|(gradient, place)| if *place == own { *gradient } else { 0.0 });
            if self.kernel.disjoint {
                output.iter_mut().zip(given).for_each(|(output, given)| *output = given);
            } else {
                output.iter_mut().zip(given).for_each(|(output, given)| *output += given);
            }
            seen += u8::from(is_seen);
        }
    }

    /// The greatest elements, where nobody needs to know where they are.
    #[inline(always)]
    fn value<const N: usize>(&self, window: &Window, from: usize) -> [f32; N] {
        let mut greatest = [f32::NEG_INFINITY; N];
        for (place, _) in window.places(window.seen) {
            let values = lanes::<N>(self.inputs, place + from - self.first);
            for i in 0..N {
                let is_greater = (values[i] > greatest[i]) | (values[i].is_nan() & !greatest[i].is_nan());
                greatest[i] = if is_greater { values[i] } else { greatest[i] };
            }
        }
        greatest
    }

    #[inline(always)]
    fn greatest<const N: usize>(&self, window: &Window, from: usize) -> Greatest<N> {
        let mut greatest = Greatest::new();
        for (place, _) in window.places(window.seen) {
            greatest.meet(lanes(self.inputs, place + from - self.first));
        }
        greatest
    }

    /// What lies in the others where the greatest elements do.
    #[inline(always)]
    fn select<const N: usize>(&self, window: &Window, from: usize, places: &[u32; N]) -> [f32; N] {
        let (mut found, mut seen) = ([0.0; N], 0);
        for (place, _) in window.places(window.seen) {
            let others = lanes::<N>(self.others, place + from);
            for i in 0..N {
                found[i] = if places[i] == seen { others[i] } else { found[i] };
            }
            seen += 1;
        }
        found
    }

    /// Gives an output's gradients to where the greatest elements of its window are: adds them, or where windows do not overlap, writes
    /// them and 0 to all inputs up to the next windows.
    #[inline(always)]
    fn scatter<const N: usize>(&self, window: &Window, from: usize, places: &[u32; N], gradients: &[f32; N]) {
        let mut seen = 0;
        for (place, is_seen) in window.places(window.owned) {
            let mut given = [0.0; N];
            if is_seen {
                for i in 0..N {
                    given[i] = if places[i] == seen { gradients[i] } else { 0.0 };
                }
                seen += 1;
            }
            let at = place + from;
            if !self.kernel.disjoint {
                // SAFETY: each block of channels of an image is one chunk's, and no other part of it is borrowed.
                let sums = unsafe { self.output.slice_mut::<f32>(at..at + N) };
                for i in 0..N {
                    given[i] += sums[i];
                }
            }
            self.write(at, &given);
        }
    }

    #[inline(always)]
    fn write<const N: usize>(&self, at: usize, values: &[f32; N]) {
        // SAFETY: each output is one chunk's, and so are each window's inputs, or each block of channels of an image; no other part is
        // borrowed.
        unsafe { self.output.slice_mut::<f32>(at..at + N) }.copy_from_slice(values);
    }
}
