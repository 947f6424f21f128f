//! The gradient by the kernel.

use super::{ALONE, Line, PIXELS, VECTORS};
use crate::arch::{Task, Vector, with_vectors};
use crate::chunks::{GRAIN, part};
use crate::convolution::geometry::{Class, Geometry, Tap};
use crate::isa::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands, Scratch};
use std::ops::Range;

/// The most parts of the kernel's gradient that are kept apart.
const MOST_PARTS: usize = 16;

/// The gradient of a depthwise convolution by its kernel. Each chunk adds up some lines of outputs, and a second phase adds these sums in
/// their order.
#[derive(Debug)]
pub struct DepthwiseKernelGradient {
    isa: Isa,
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
        assert!(isa.is_available(), "the machine has the instruction set");
        let [class] = <[_; 1]>::try_from(geometry.forward()).expect("all outputs read alike");
        let lines = geometry.batch * class.lines();
        let work = (geometry.bytes() + geometry.flops()) as usize;
        let parts = (work / GRAIN).min(lines).clamp(1, MOST_PARTS);
        DepthwiseKernelGradient { isa, geometry, class, phases: [parts as u32, 1] }
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
        self.sums.fill(0.0);
        for line in self.lines.clone() {
            // SAFETY: the caller's; the line is one of the gradients'.
            unsafe { self.line::<V>(line) };
        }
    }
}

impl Sums<'_> {
    /// # Safety
    /// It runs inside `V::enter`, and the line exists.
    #[inline(always)]
    unsafe fn line<V: Vector>(&mut self, line: usize) {
        let DepthwiseKernelGradient { geometry, class, .. } = self.kernel;
        let [planes, lines, columns] = &class.axes;
        let channels = geometry.channels;
        let (image, within) = (line / class.lines(), line % class.lines());
        let (plane, row) = (within / lines.count, within % lines.count);
        let pixels = planes.sources * lines.sources * columns.sources;
        let line = Line {
            class,
            plane,
            line: row,
            taps: [planes.existing(plane), lines.existing(row)],
            sources: &self.inputs[image * pixels * channels..][..pixels * channels],
            targets: &self.gradients[line * columns.count * channels..][..columns.count * channels],
        };
        let inner = columns.inside();
        let tiles = inner.len() / PIXELS;
        let rest = inner.start + tiles * PIXELS;
        // SAFETY: the caller's; the columns and the channels exist, and inside a line all taps read sources.
        unsafe {
            for column in 0..inner.start {
                self.pixels::<V, 1, ALONE>(&line, column, columns.existing(column));
            }
            for tile in 0..tiles {
                self.pixels::<V, PIXELS, VECTORS>(&line, inner.start + tile * PIXELS, &columns.taps);
            }
            for column in rest..columns.count {
                self.pixels::<V, 1, ALONE>(&line, column, columns.existing(column));
            }
        }
    }

    /// What P neighbouring gradients add to all channels, up to N vectors at a time.
    ///
    /// # Safety
    /// As for `line`; the gradients exist, and the taps read inputs that exist.
    #[inline(always)]
    unsafe fn pixels<V: Vector, const P: usize, const N: usize>(
        &mut self,
        line: &Line<'_, &[f32]>,
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

    /// What P neighbouring gradients add to N vectors of channels, or to one that is partial.
    ///
    /// # Safety
    /// As for `pixels`; the channels exist.
    #[inline(always)]
    unsafe fn tile<V: Vector, const P: usize, const N: usize, const PARTIAL: bool>(
        &mut self,
        line: &Line<'_, &[f32]>,
        column: usize,
        column_taps: &[Tap],
        channel: usize,
    ) {
        let Line { class: Class { axes: [planes, lines, columns] }, sources, targets, .. } = *line;
        let channels = self.kernel.geometry.channels;
        let step = columns.advance * channels;
        // SAFETY: the taps read sources that exist, of which each has the channels, as have gradients and sums.
        unsafe {
            let mask = V::mask(if PARTIAL { channels - channel } else { 0 });
            let load = |from: *const f32| if PARTIAL { V::load_masked(from, mask) } else { V::load(from) };
            let mut gradients = [[V::zero(); N]; P];
            for (index, gradients) in gradients.iter_mut().enumerate() {
                let from = targets.as_ptr().add((column + index) * channels + channel);
                for (vector, gradient) in gradients.iter_mut().enumerate() {
                    *gradient = load(from.add(vector * V::LANES));
                }
            }
            for first in line.taps[0] {
                let pixel = planes.source(line.plane, first) * lines.sources;
                let place = first.place * lines.window;
                for second in line.taps[1] {
                    let pixel = (pixel + lines.source(line.line, second)) * columns.sources;
                    let place = (place + second.place) * columns.window;
                    for third in column_taps {
                        let (pixel, place) = (pixel + columns.source(column, third), place + third.place);
                        let values = sources.as_ptr().add(pixel * channels + channel);
                        let to = self.sums.as_mut_ptr().add(place * channels + channel);
                        for vector in 0..N {
                            let to = to.add(vector * V::LANES);
                            let mut sum = load(to);
                            for (index, gradients) in gradients.iter().enumerate() {
                                let value = load(values.add(index * step + vector * V::LANES));
                                sum = value.multiply_add(gradients[vector], sum);
                            }
                            match PARTIAL {
                                true => sum.store_masked(to, mask),
                                false => sum.store(to),
                            }
                        }
                    }
                }
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
        // SAFETY: `new` found the instruction set on this machine.
        unsafe { with_vectors(self.isa, Sums { kernel: self, lines, inputs, gradients, sums }) };
        Ok(())
    }
}
