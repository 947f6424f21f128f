//! Convolutions of each channel by itself, and their gradients: sums over windows that run along the channels.

mod kernel_gradient;
mod product;

use super::geometry::{Class, Tap};
use crate::arch::{Lanes, Vector};

pub use kernel_gradient::DepthwiseKernelGradient;
pub use product::Depthwise;

/// Targets side by side, and vectors of their channels, that share registers: as many as chains of multiply-adds keep busy.
const PIXELS: usize = 4;
const VECTORS: usize = 2;
/// Vectors of a target alone.
const ALONE: usize = 8;

/// What is done with tiles of N vectors of channels of P neighbouring targets.
trait OverTiles {
    /// What a tile begins with in registers.
    ///
    /// # Safety
    /// It runs inside `V::enter`; the tile is of targets that exist, and so is the memory of the others.
    unsafe fn begin<V: Vector, const WHOLE: bool, const P: usize, const N: usize>(
        &self,
        tile: &Tile<V, WHOLE>,
    ) -> [[V; N]; P];

    /// A place of the windows: where its sources of the first target begin, and the first of its weights.
    ///
    /// # Safety
    /// As for `begin`; the sources and weights exist.
    unsafe fn place<V: Vector, const WHOLE: bool, const P: usize, const N: usize>(
        &mut self,
        tile: &Tile<V, WHOLE>,
        registers: &mut [[V; N]; P],
        sources: *const f32,
        weights: usize,
    );

    /// # Safety
    /// As for `begin`.
    unsafe fn end<V: Vector, const WHOLE: bool, const P: usize, const N: usize>(
        &self,
        tile: &Tile<V, WHOLE>,
        registers: [[V; N]; P],
    );
}

/// Some channels of neighbouring targets.
struct Tile<V: Vector, const WHOLE: bool> {
    lanes: Lanes<V, WHOLE>,
    /// Where the first target begins among all, and how far from it the next.
    target: usize,
    target_step: usize,
    /// From the sources of a target to those of the next.
    source_step: usize,
}

/// A line of targets.
struct Line<'a> {
    class: &'a Class,
    channels: usize,
    image: usize,
    plane: usize,
    line: usize,
    /// The taps of planes and lines that read sources that exist.
    taps: [&'a [Tap]; 2],
    /// The sources of the image.
    sources: &'a [f32],
}

impl<'a> Line<'a> {
    /// A line among those of a class in all images.
    fn new(class: &'a Class, channels: usize, index: usize, sources: &'a [f32]) -> Self {
        let [planes, lines, columns] = &class.axes;
        let (image, within) = (index / class.lines(), index % class.lines());
        let (plane, line) = (within / lines.count, within % lines.count);
        let elements = planes.sources * lines.sources * columns.sources * channels;
        let taps = [planes.existing(plane), lines.existing(line)];
        let sources = &sources[image * elements..][..elements];
        Line { class, channels, image, plane, line, taps, sources }
    }

    /// All its targets, from the first to the last.
    ///
    /// # Safety
    /// It runs inside `V::enter`; the work is sound for all channels of all targets of the line.
    #[inline(always)]
    unsafe fn compute<V: Vector>(&self, work: &mut impl OverTiles) {
        let [_, _, columns] = &self.class.axes;
        let inner = columns.inside(&columns.taps);
        let tiled = inner.start + inner.len() / PIXELS * PIXELS;
        // SAFETY: the caller's; the taps read sources that exist.
        unsafe {
            for column in 0..inner.start {
                self.targets::<V, 1, ALONE>(work, column, columns.existing(column));
            }
            for column in (inner.start..tiled).step_by(PIXELS) {
                self.targets::<V, PIXELS, VECTORS>(work, column, &columns.taps);
            }
            for column in tiled..columns.count {
                self.targets::<V, 1, ALONE>(work, column, columns.existing(column));
            }
        }
    }

    /// All channels of P neighbouring targets, up to N vectors at a time.
    ///
    /// # Safety
    /// As for `compute`; the targets exist, and the taps read sources that exist.
    #[inline(always)]
    unsafe fn targets<V: Vector, const P: usize, const N: usize>(
        &self,
        work: &mut impl OverTiles,
        column: usize,
        taps: &[Tap],
    ) {
        let (together, whole) = (self.channels / (N * V::LANES), self.channels / V::LANES);
        // SAFETY: the caller's; the channels exist.
        unsafe {
            for index in 0..together {
                self.tile::<V, true, P, N>(work, column, taps, index * N * V::LANES);
            }
            for index in together * N..whole {
                self.tile::<V, true, P, 1>(work, column, taps, index * V::LANES);
            }
            if whole * V::LANES < self.channels {
                self.tile::<V, false, P, 1>(work, column, taps, whole * V::LANES);
            }
        }
    }

    /// N vectors of channels, from one on, of P neighbouring targets.
    ///
    /// # Safety
    /// As for `targets`; the channels exist.
    #[inline(always)]
    unsafe fn tile<V: Vector, const WHOLE: bool, const P: usize, const N: usize>(
        &self,
        work: &mut impl OverTiles,
        column: usize,
        taps: &[Tap],
        channel: usize,
    ) {
        let [planes, lines, columns] = &self.class.axes;
        let plane = self.image * planes.targets + planes.first + self.plane * planes.step;
        let line = plane * lines.targets + lines.first + self.line * lines.step;
        let target = line * columns.targets + columns.first + column * columns.step;
        // SAFETY: the caller's; the taps read sources that exist, of which each has the channels, as have weights and targets.
        unsafe {
            let tile = Tile {
                lanes: Lanes::new(self.channels - channel),
                target: target * self.channels + channel,
                target_step: columns.step * self.channels,
                source_step: columns.advance * self.channels,
            };
            let mut registers = work.begin::<V, WHOLE, P, N>(&tile);
            for first in self.taps[0] {
                let pixel = planes.source(self.plane, first) * lines.sources;
                let place = first.place * lines.window;
                for second in self.taps[1] {
                    let pixel = (pixel + lines.source(self.line, second)) * columns.sources;
                    let place = (place + second.place) * columns.window;
                    for third in taps {
                        let pixel = pixel + columns.source(column, third);
                        let sources = self.sources.as_ptr().add(pixel * self.channels + channel);
                        let weights = (place + third.place) * self.channels + channel;
                        work.place::<V, WHOLE, P, N>(&tile, &mut registers, sources, weights);
                    }
                }
            }
            work.end::<V, WHOLE, P, N>(&tile, registers);
        }
    }
}
