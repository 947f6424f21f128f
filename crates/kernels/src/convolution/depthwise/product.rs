//! The convolution, and its gradient by the inputs.

use super::{ALONE, Line, PIXELS, VECTORS};
use crate::arch::{Task, Vector, with_vectors};
use crate::chunks::Chunks;
use crate::convolution::geometry::{Class, Geometry, Tap};
use crate::convolution::weights::Direction;
use crate::isa::Isa;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands};
use std::ops::Range;

/// A convolution with as many groups as channels and filters, or its gradient by the inputs.
#[derive(Debug)]
pub struct Depthwise {
    isa: Isa,
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
        assert!(isa.is_available(), "the machine has the instruction set");
        let lines = geometry.batch * classes.iter().map(Class::lines).sum::<usize>();
        let work = (geometry.bytes() + geometry.flops()) as usize;
        let chunks = Chunks::new(lines, work / lines.max(1));
        Depthwise { isa, geometry, direction, classes, sources, targets, chunks }
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
    unsafe fn run<V: Vector>(self) {
        let Depthwise { geometry, classes, .. } = self.kernel;
        let mut first = 0;
        for class in classes {
            let count = geometry.batch * class.lines();
            let (start, end) = (self.lines.start.max(first), self.lines.end.min(first + count));
            for line in start..end.max(start) {
                // SAFETY: the caller's.
                unsafe { self.line::<V>(class, line - first) };
            }
            first += count;
        }
    }
}

impl Lines<'_> {
    /// # Safety
    /// It runs inside `V::enter`, and nobody else uses the targets.
    #[inline(always)]
    unsafe fn line<V: Vector>(&self, class: &Class, line: usize) {
        let [planes, lines, columns] = &class.axes;
        let channels = self.kernel.geometry.channels;
        let (image, line) = (line / class.lines(), line % class.lines());
        let (plane, line) = (line / lines.count, line % lines.count);
        let pixels = planes.sources * lines.sources * columns.sources;
        let row = (image * planes.targets + planes.first + plane * planes.step) * lines.targets
            + lines.first
            + line * lines.step;
        let first = (row * columns.targets + columns.first) * channels;
        let line = Line {
            class,
            plane,
            line,
            taps: [planes.existing(plane), lines.existing(line)],
            sources: &self.sources[image * pixels * channels..][..pixels * channels],
            targets: self.targets.pointer::<f32>().wrapping_add(first),
        };
        let inner = columns.inside();
        let ends = (0..inner.start).chain(inner.end..columns.count);
        // SAFETY: the caller's; the columns and the channels exist, and inside a line all taps read sources.
        unsafe {
            for column in ends {
                self.pixels::<V, 1, ALONE>(&line, column, columns.existing(column));
            }
            let tiles = inner.len() / PIXELS;
            for tile in 0..tiles {
                self.pixels::<V, PIXELS, VECTORS>(&line, inner.start + tile * PIXELS, &columns.taps);
            }
            for column in inner.start + tiles * PIXELS..inner.end {
                self.pixels::<V, 1, ALONE>(&line, column, &columns.taps);
            }
        }
    }

    /// All channels of P neighbouring targets, up to N vectors at a time.
    ///
    /// # Safety
    /// As for `line`; the targets exist, and the taps read sources that exist.
    #[inline(always)]
    unsafe fn pixels<V: Vector, const P: usize, const N: usize>(
        &self,
        line: &Line<'_, *mut f32>,
        column: usize,
        taps: &[Tap],
    ) {
        let channels = self.kernel.geometry.channels;
        let (together, whole) = (channels / (N * V::LANES), channels / V::LANES);
        // SAFETY: the caller's; the channels exist.
        unsafe {
            for index in 0..together {
                self.tile::<V, P, N, false>(line, column, taps, index * N * V::LANES);
            }
            for index in together * N..whole {
                self.tile::<V, P, 1, false>(line, column, taps, index * V::LANES);
            }
            if whole * V::LANES < channels {
                self.tile::<V, P, 1, true>(line, column, taps, whole * V::LANES);
            }
        }
    }

    /// N vectors of channels of P neighbouring targets, or one that is partial.
    ///
    /// # Safety
    /// As for `pixels`; the channels exist.
    #[inline(always)]
    unsafe fn tile<V: Vector, const P: usize, const N: usize, const PARTIAL: bool>(
        &self,
        line: &Line<'_, *mut f32>,
        column: usize,
        column_taps: &[Tap],
        channel: usize,
    ) {
        let Line { class: Class { axes: [planes, lines, columns] }, sources, targets, .. } = *line;
        let channels = self.kernel.geometry.channels;
        let step = columns.advance * channels;
        // SAFETY: the taps read sources that exist, of which each has the channels, as have weights and targets.
        unsafe {
            let mask = V::mask(if PARTIAL { channels - channel } else { 0 });
            let load = |from: *const f32| if PARTIAL { V::load_masked(from, mask) } else { V::load(from) };
            let mut sums = [[V::zero(); N]; P];
            for first in line.taps[0] {
                let pixel = planes.source(line.plane, first) * lines.sources;
                let place = first.place * lines.window;
                for second in line.taps[1] {
                    let pixel = (pixel + lines.source(line.line, second)) * columns.sources;
                    let place = (place + second.place) * columns.window;
                    for third in column_taps {
                        let (pixel, place) = (pixel + columns.source(column, third), place + third.place);
                        let values = sources.as_ptr().add(pixel * channels + channel);
                        let weights = self.weights.as_ptr().add(place * channels + channel);
                        for vector in 0..N {
                            let weight = load(weights.add(vector * V::LANES));
                            for (index, sums) in sums.iter_mut().enumerate() {
                                let value = load(values.add(index * step + vector * V::LANES));
                                sums[vector] = value.multiply_add(weight, sums[vector]);
                            }
                        }
                    }
                }
            }
            for (index, sums) in sums.into_iter().enumerate() {
                let to = targets.add((column + index) * columns.step * channels + channel);
                for (vector, sum) in sums.into_iter().enumerate() {
                    match PARTIAL {
                        true => sum.store_masked(to, mask),
                        false => sum.store(to.add(vector * V::LANES)),
                    }
                }
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
        // SAFETY: `new` found the instruction set on this machine; each target is computed once.
        unsafe { with_vectors(self.isa, Lines { kernel: self, lines, sources, weights, targets }) };
        Ok(())
    }
}
