//! Copies of a few channels of the sources of a piece, close together, so that they stay in the L1 cache for all taps and filters.

use super::super::geometry::{Class, Positions, Tap};
use super::piece::Piece;
use super::rows::Part;
use crate::arch::CACHE_LINE;

/// Elements of a vector, in which a few are copied.
const WHOLE: usize = 8;
/// The most elements of the copies of one part, ...
const MOST: usize = 1 << 15;
/// ... and of several, which stay in the L2 cache.
const MOST_AT_ONCE: usize = 1 << 16;

/// Where the copies of the sources of a piece lie: by image, tap along the planes, line and pixel.
#[derive(Debug)]
pub(super) struct Copies {
    lines: Places,
    pixels: Places,
    /// Places of an image.
    image: usize,
}

/// Places along an axis, sorted by their remainder by the distance of two neighbouring targets' sources: so those that one tap reads follow
/// one another.
#[derive(Debug)]
pub(in crate::convolution) struct Places {
    /// The first place of each remainder that a tap has.
    pub remainders: Vec<(usize, usize)>,
    /// The sources from the first to the last.
    span: usize,
    count: usize,
}

impl Places {
    /// Places for the sources of so many neighbouring targets.
    pub fn new(axis: &Positions, targets: usize) -> Self {
        let span = axis.span(targets);
        let mut used: Vec<usize> =
            axis.taps.iter().map(|tap| distance(axis, tap.offset) % axis.advance).collect();
        used.sort_unstable();
        used.dedup();
        let mut count = 0;
        let first = |remainder: usize| {
            let first = (remainder, count);
            count += span.saturating_sub(remainder).div_ceil(axis.advance);
            first
        };
        let remainders = used.into_iter().map(first).collect();
        Places { remainders, span, count }
    }

    /// Of the source that a tap reads for the first target: the index of its remainder, and its place among those of this remainder.
    pub fn of_remainder(&self, axis: &Positions, tap: &Tap) -> (usize, usize) {
        let distance = distance(axis, tap.offset);
        let index = self.remainders.iter().position(|(used, _)| *used == distance % axis.advance);
        (index.unwrap_or(0), distance / axis.advance)
    }

    /// Where the source lies that a tap reads for the first target.
    fn place(&self, axis: &Positions, tap: &Tap) -> usize {
        let (index, place) = self.of_remainder(axis, tap);
        self.remainders.get(index).map_or(0, |(_, first)| *first) + place
    }

    /// The most places of a remainder.
    pub fn longest(&self, axis: &Positions) -> usize {
        self.span.div_ceil(axis.advance)
    }

    /// The places of a remainder whose sources exist, where the first of all places is that of a source which may not: how many of the
    /// remainder lie before them, the first of the sources, and how many exist.
    #[inline(always)]
    pub fn existing(&self, axis: &Positions, start: isize, remainder: usize) -> (usize, usize, usize) {
        let start = start + remainder as isize;
        let places = self.span.saturating_sub(remainder).div_ceil(axis.advance);
        let before = ((-start).max(0) as usize).div_ceil(axis.advance);
        let source = start + (before * axis.advance) as isize;
        let existing = ((axis.sources as isize - source).max(0) as usize).div_ceil(axis.advance);
        (before.min(places), source as usize, existing.min(places.saturating_sub(before)))
    }
}

/// How far the source of a tap lies behind that of the first one.
fn distance(axis: &Positions, offset: isize) -> usize {
    (offset - axis.start()) as usize
}

impl Copies {
    /// If copies pay for sources with so many channels, of pieces of at most so many images, lines and pixels.
    pub fn new(
        class: &Class,
        channels: usize,
        tile_rows: usize,
        [images, lines, pixels]: [usize; 3],
    ) -> Option<Self> {
        let [_, across, columns] = &class.axes;
        // With more channels a tile, which reads a few of them, finds the next pixel's in another cache line.
        if columns.advance.saturating_mul(channels) <= CACHE_LINE || columns.taps.is_empty() {
            return None;
        }
        let (lines, pixels) = (Places::new(across, lines), Places::new(columns, pixels));
        let image = class.axes[0].taps.len().checked_mul(lines.count)?.checked_mul(pixels.count)?;
        let size = image.checked_mul(images)?.checked_mul(tile_rows)?;
        (size <= MOST).then_some(Copies { lines, pixels, image })
    }

    /// Elements of the copies of one channel of so many images.
    pub fn size(&self, images: usize) -> usize {
        images * self.image
    }

    /// How many of so many channels are copied at once, at least `least`.
    pub fn channels_at_once(&self, images: usize, channels: usize, least: usize) -> usize {
        (MOST_AT_ONCE / self.size(images).max(1)).clamp(least, channels.max(least))
    }

    /// From one pixel, line and image to the next, in places.
    pub fn steps(&self) -> [usize; 3] {
        [1, self.pixels.count, self.image]
    }

    /// Where taps find the source of the first target.
    pub fn place(&self, class: &Class, taps: [usize; 3]) -> usize {
        let [_, lines, pixels] = &class.axes;
        let line = self.lines.place(lines, &lines.taps[taps[1]]);
        (taps[0] * self.lines.count + line) * self.pixels.count
            + self.pixels.place(pixels, &pixels.taps[taps[2]])
    }

    /// Copies the channels of some parts of a group that begins with a channel. Part follows part.
    ///
    /// # Safety
    /// The piece has its sources.
    #[inline(always)]
    pub unsafe fn copy(&self, piece: &Piece, parts: &[Part], group: usize, to: &mut [f32]) {
        let class = &piece.kernel.class;
        let [planes, lines, _] = &class.axes;
        let line_start = (piece.lines.start * lines.advance) as isize + lines.start();
        let size = self.size(piece.images);
        for image in 0..piece.images {
            for (index, tap) in planes.taps.iter().enumerate() {
                let plane = (piece.plane * planes.advance) as isize + tap.offset;
                if !(0..planes.sources as isize).contains(&plane) {
                    continue;
                }
                let plane = (piece.image + image) * planes.sources + plane as usize;
                for &(remainder, first) in &self.lines.remainders {
                    for (at, line) in (remainder..self.lines.span).step_by(lines.advance).enumerate() {
                        let line = line_start + line as isize;
                        if !(0..lines.sources as isize).contains(&line) {
                            continue;
                        }
                        let line = plane * lines.sources + line as usize;
                        let place = (image * planes.taps.len() + index) * self.lines.count + first + at;
                        let place = place * self.pixels.count;
                        // The parts of a line in turn, which is in the L1 cache then.
                        for part in parts {
                            let start = size * (part.channel - parts[0].channel) + place * part.count;
                            let to = &mut to[start..start + self.pixels.count * part.count];
                            // SAFETY: the line exists.
                            unsafe { self.line(piece, line, part.count, group + part.channel, to) };
                        }
                    }
                }
            }
        }
    }

    /// Copies the pixels of a line.
    ///
    /// # Safety
    /// The line exists.
    #[inline(always)]
    unsafe fn line(&self, piece: &Piece, line: usize, count: usize, channel: usize, to: &mut [f32]) {
        let columns = &piece.kernel.class.axes[2];
        let channels = piece.kernel.geometry.channels;
        let start = (piece.pixels.start * columns.advance) as isize + columns.start();
        for &(remainder, first) in &self.pixels.remainders {
            let (before, pixel, copied) = self.pixels.existing(columns, start, remainder);
            let to = &mut to[(first + before) * count..][..copied * count];
            let from = (line * columns.sources).wrapping_add(pixel) * channels + channel;
            // SAFETY: the pixels exist.
            unsafe { copy_pixels(piece.sources.wrapping_add(from), columns.advance * channels, count, to) };
        }
    }
}

/// Copies `count` elements every `step` elements, as many as `to` has room for.
///
/// # Safety
/// They are valid, and so is what lies between them.
#[inline(always)]
pub(in crate::convolution) unsafe fn copy_pixels(
    from: *const f32,
    step: usize,
    count: usize,
    to: &mut [f32],
) {
    // SAFETY: the caller's.
    unsafe {
        match count {
            4 => copy::<4>(from, step, to),
            5 => copy::<5>(from, step, to),
            6 => copy::<6>(from, step, to),
            8 => copy::<8>(from, step, to),
            12 => copy::<12>(from, step, to),
            13 => copy::<13>(from, step, to),
            14 => copy::<14>(from, step, to),
            16 => copy::<16>(from, step, to),
            32 => copy::<32>(from, step, to),
            _ => {
                for (pixel, to) in to.chunks_exact_mut(count).enumerate() {
                    to.copy_from_slice(std::slice::from_raw_parts(from.wrapping_add(pixel * step), count));
                }
            }
        }
    }
}

/// # Safety
/// As for `copy_pixels`.
#[inline(always)]
unsafe fn copy<const N: usize>(from: *const f32, step: usize, to: &mut [f32]) {
    let pixels = to.len() / N;
    let mut first = 0;
    if N < WHOLE && 2 * N >= WHOLE && step >= WHOLE {
        // Whole vectors, of which the next one overwrites the end.
        for pixel in 0..pixels.saturating_sub(1) {
            // SAFETY: what is read too much lies before the next pixel's end, and so does what is written too much.
            unsafe {
                let whole = from.wrapping_add(pixel * step).cast::<[f32; WHOLE]>().read_unaligned();
                to.as_mut_ptr().add(pixel * N).cast::<[f32; WHOLE]>().write_unaligned(whole);
            }
        }
        first = pixels.saturating_sub(1);
    }
    for (pixel, to) in to.as_chunks_mut::<N>().0.iter_mut().enumerate().skip(first) {
        // SAFETY: the caller's.
        *to = unsafe { from.wrapping_add(pixel * step).cast::<[f32; N]>().read_unaligned() };
    }
}
