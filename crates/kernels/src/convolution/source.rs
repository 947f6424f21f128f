//! The sources of a band of targets, as the micro-kernel can read them: rows at a constant distance.
//!
//! A window's places that follow one another along the last axis are one run of memory, together with their channels.
//! So a convolution is a sum of matrix products, one a run, whose rows overlap in memory. Nothing is copied but, where windows leave the
//! input and the zeros around it cannot be left out of the sums, the sources of the band with zeros around them.

use super::bands::Bands;
use super::geometry::{Class, Positions};
use crate::chunks::part;
use crate::matmul::BLOCK_DEPTH;
use std::ops::Range;

/// Elements of the sources of a band, which stay in the L2 cache.
const BAND: usize = 1 << 16;
/// Pixels at the ends of a line are computed apart, without the zeros around it, where these are such a share of all terms, ...
const LEAST_ZEROS: usize = 64;
/// ... and there are so many lines, whose ends are one tile.
const LEAST_LINES: usize = 4;
/// Lines of a band whose windows lie within the sources, for which it pays that those before and behind have small tiles of their own.
const LEAST_WHOLE_LINES: usize = 12;

/// A stretch of terms: where its sources lie behind the start of a window, and its first row of the packed weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub source: usize,
    pub row: usize,
    pub depth: usize,
    /// The lines of targets, from one up to another, whose sources of this run exist. Those of the others are zeros.
    pub lines: (usize, usize),
}

/// How the sources of a class of targets are read, for one group of channels.
#[derive(Debug)]
pub(super) struct Reading {
    pub axes: [Positions; 3],
    /// Channels of the sources, and of one group.
    channels: usize,
    group: usize,
    /// Whether the sources are copied with zeros around them; else they are read where they lie.
    is_copied: bool,
    /// Targets' lines along the second axis, in bands.
    pub bands: Bands,
    /// From one plane and line of the sources, as they are read, to the next. Where zeros lie around them, those behind a line are also
    /// some of those before the next one.
    plane: usize,
    line: usize,
    /// Where the sources that exist begin and end in a line with zeros around it, and the length of that line, in pixels.
    real: Range<usize>,
    width: usize,
    /// The terms of a window.
    pub terms: usize,
}

/// The rows that are multiplied: `lines` of `pixels` each.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub from: *const f32,
    pub lines: usize,
    pub line_step: usize,
    pub pixels: usize,
    pub pixel_step: usize,
}

impl Reading {
    /// `beside` is the number of elements that each target has. A plane had better have `wanted` bands.
    pub fn new(class: Class, channels: usize, group: usize, beside: usize, wanted: usize) -> Self {
        let mut reading = Self::in_bands(class, channels, group, beside, wanted);
        if !reading.axes.iter().all(Positions::is_inside) && !reading.leaves_out_zeros() {
            reading.copy();
        }
        reading
    }

    /// One whose sources are always copied with zeros around them, and all of one group.
    #[cfg(target_arch = "x86_64")]
    pub fn copied(class: Class, channels: usize, beside: usize, wanted: usize) -> Self {
        let mut reading = Self::in_bands(class, channels, channels, beside, wanted);
        reading.copy();
        reading
    }

    fn in_bands(class: Class, channels: usize, group: usize, beside: usize, wanted: usize) -> Self {
        let axes = class.axes;
        let [planes, across, columns] = &axes;
        let size = |lines: usize| {
            let sources = planes.span(1) * across.span(lines) * columns.span(columns.count);
            let targets = lines * columns.count;
            sources.saturating_mul(channels).saturating_add(targets.saturating_mul(beside))
        };
        let within = (1..=across.count).take_while(|&lines| size(lines) <= BAND).last().unwrap_or(1);
        let bands = Bands::new(across.count, within.min(across.count.div_ceil(wanted.max(1))));
        let line = columns.sources * channels;
        Reading {
            channels,
            group,
            is_copied: false,
            plane: across.sources * line,
            line,
            real: 0..0,
            width: 0,
            terms: axes.iter().map(|axis| axis.taps.len()).product::<usize>() * group,
            bands,
            axes,
        }
    }

    /// Has the sources copied with zeros around them.
    fn copy(&mut self) {
        let [_, across, columns] = &self.axes;
        let (left, width) = (columns.start(), columns.span(columns.count));
        let place = |source: usize| (source as isize - left).clamp(0, width as isize) as usize;
        (self.real, self.width) = (place(0)..place(columns.sources), width);
        let shared = self.real.start.min(width - self.real.end);
        self.line = (width - shared) * self.channels;
        self.plane = across.span(self.bands.most()) * self.line + shared * self.channels;
        self.is_copied = true;
    }

    /// Whether the pixels at the ends of the lines had better be computed apart, without the zeros beside them.
    pub fn parts_ends(&self) -> bool {
        let columns = &self.axes[2];
        let (count, taps) = (columns.count, columns.taps.len());
        let zeros: usize = (0..count).map(|pixel| taps - columns.existing(pixel).len()).sum();
        let follow = self.group == self.channels && self.group > 0 && columns.are_neighbours();
        let is_worth_it = zeros > 0 && zeros * LEAST_ZEROS >= taps * count;
        follow && is_worth_it && self.bands.most() >= LEAST_LINES
    }

    /// Whether no target needs zeros, which pays: those beside a line are left out with its ends, those before and behind with lines of
    /// windows.
    fn leaves_out_zeros(&self) -> bool {
        let [planes, lines, _] = &self.axes;
        let existing = |line| lines.existing_range(line).len();
        let whole = (0..lines.count).filter(|&line| existing(line) == lines.taps.len()).count();
        planes.taps.len() == 1
            && planes.is_inside()
            && self.parts_ends()
            && (0..lines.count).all(|line| existing(line) > 0)
            && whole >= LEAST_WHOLE_LINES * self.bands.count()
    }

    /// Whether zeros lie around the sources that are read.
    pub fn is_copied(&self) -> bool {
        self.is_copied
    }

    /// The terms of a window in stretches that lie together.
    pub fn runs(&self) -> Vec<Run> {
        let [planes, lines, columns] = &self.axes;
        let whole = self.group == self.channels;
        let mut runs: Vec<Run> = Vec::new();
        let mut row = 0;
        for plane in &planes.taps {
            for line in &lines.taps {
                let existing = lines.targets_of(line);
                let start = (plane.offset - planes.start()) as usize * self.plane
                    + (line.offset - lines.start()) as usize * self.line;
                let first = runs.len();
                for column in &columns.taps {
                    let source = start + (column.offset - columns.start()) as usize * self.channels;
                    match runs[first..].last_mut() {
                        Some(last) if whole && last.source + last.depth == source => last.depth += self.group,
                        _ => runs.push(Run {
                            source,
                            row,
                            depth: self.group,
                            lines: (existing.start, existing.end),
                        }),
                    }
                    row += self.group;
                }
            }
        }
        runs
    }

    /// The terms of one line of a window.
    pub fn line_terms(&self) -> usize {
        self.axes[2].taps.len() * self.group
    }

    /// The bytes from the first line of a window to the one behind its last, where its sources lie.
    pub fn window_bytes(&self) -> usize {
        self.axes[1].span(1) * self.axes[2].sources * self.channels * size_of::<f32>()
    }

    /// The terms of one place of a window.
    pub fn place_terms(&self) -> usize {
        self.group
    }

    /// The bands of all images.
    pub fn units(&self, batch: usize) -> usize {
        let targets = self.axes.iter().map(|axis| axis.count).product::<usize>();
        if targets == 0 { 0 } else { batch * self.axes[0].count * self.bands.count() }
    }

    /// The image, the place along the first axis, and the lines of a unit.
    pub fn unit(&self, index: usize) -> (usize, usize, Range<usize>) {
        let (plane, band) = (index / self.bands.count(), index % self.bands.count());
        (plane / self.axes[0].count, plane % self.axes[0].count, self.bands.lines(band))
    }

    /// The row of the first target of a line, counted over all targets.
    pub fn first_row(&self, image: usize, plane: usize, line: usize) -> usize {
        let [planes, lines, pixels] = &self.axes;
        let plane = image * planes.targets + planes.first + plane * planes.step;
        (plane * lines.targets + lines.first + line * lines.step) * pixels.targets + pixels.first
    }

    /// The elements of the targets of some units, of so many columns, if they follow one another: those of a class that is all targets.
    pub fn written(&self, units: Range<usize>, columns: usize) -> Option<Range<usize>> {
        let is_whole = self.axes.iter().all(|axis| axis.count == axis.targets);
        let first = |unit: usize| {
            let (image, plane, lines) = self.unit(unit);
            self.first_row(image, plane, lines.start)
        };
        is_whole.then(|| first(units.start) * columns..first(units.end) * columns)
    }

    /// From one line of the rows that are multiplied to the next, and from one pixel to the next.
    pub fn steps(&self) -> (usize, usize) {
        (self.axes[1].advance * self.line, self.axes[2].advance * self.channels)
    }

    /// Elements of private memory for a band with zeros around it, if it is copied so.
    pub fn scratch(&self) -> usize {
        if self.is_copied { self.axes[0].span(1) * self.plane } else { 0 }
    }

    /// The rows of the windows of a unit. Where nothing is copied, only sources that exist can be read.
    ///
    /// # Safety
    /// `sources` holds the sources of all images, and `scratch` has its size.
    pub unsafe fn rows(
        &self,
        sources: *const f32,
        image: usize,
        plane: usize,
        lines: Range<usize>,
        scratch: &mut [f32],
    ) -> Rows {
        let [planes, across, columns] = &self.axes;
        let from = if self.is_copied {
            // SAFETY: the caller's.
            unsafe { self.pad(sources, image, plane, lines.clone(), scratch) };
            scratch.as_ptr()
        } else {
            // The window of the first target may begin before the sources.
            let place = |axis: &Positions, target: usize| (target * axis.advance) as isize + axis.start();
            let plane = (image * planes.sources) as isize + place(planes, plane);
            let line = plane * across.sources as isize + place(across, lines.start);
            let pixel = line * columns.sources as isize + place(columns, 0);
            sources.wrapping_offset(pixel * self.channels as isize)
        };
        let (line_step, pixel_step) = self.steps();
        Rows { from, lines: lines.len(), line_step, pixels: columns.count, pixel_step }
    }

    /// Copies the sources of a band, with zeros for those that do not exist.
    ///
    /// # Safety
    /// `sources` holds the sources of all images.
    unsafe fn pad(
        &self,
        sources: *const f32,
        image: usize,
        plane: usize,
        lines: Range<usize>,
        to: &mut [f32],
    ) {
        let [before, end, width] = [self.real.start, self.real.end, self.width].map(|at| at * self.channels);
        let length = end - before;
        self.copied_lines(image, plane, lines, |place, source| {
            let to = &mut to[place..][..width];
            let Some(source) = source else { return to.fill(0.0) };
            // SAFETY: the line lies within the image.
            let existing = unsafe { std::slice::from_raw_parts(sources.add(source), length) };
            to[..before].fill(0.0);
            to[before..before + length].copy_from_slice(existing);
            to[before + length..].fill(0.0);
        });
    }

    /// The pixels of a copied line before those that exist, they, and those behind them.
    #[cfg(target_arch = "x86_64")]
    pub fn copied_pixels(&self) -> [usize; 3] {
        [self.real.start, self.real.len(), self.width - self.real.end]
    }

    /// Calls `visit` with the place of each line of a copied band, and where its first existing source lies, if there is one.
    #[inline(always)]
    pub fn copied_lines(
        &self,
        image: usize,
        plane: usize,
        lines: Range<usize>,
        mut visit: impl FnMut(usize, Option<usize>),
    ) {
        let [planes, across, columns] = &self.axes;
        let real = |axis: &Positions, index: isize| (0..axis.sources as isize).contains(&index);
        let begin = columns.start().max(0) as usize;
        for depth in 0..planes.span(1) {
            let source_plane = planes.start() + (plane * planes.advance + depth) as isize;
            for line in 0..across.span(lines.len()) {
                let source_line = across.start() + (lines.start * across.advance + line) as isize;
                let exists = !self.real.is_empty() && real(planes, source_plane) && real(across, source_line);
                let source = exists.then(|| {
                    let plane = image * planes.sources + source_plane as usize;
                    let line = plane * across.sources + source_line as usize;
                    (line * columns.sources + begin) * self.channels
                });
                visit(depth * self.plane + line * self.line, source);
            }
        }
    }
}

/// The runs in parts that are added in one chain each.
pub(super) fn pieces(runs: &[Run]) -> Vec<Run> {
    let parts = |run: &Run| {
        let Run { source, row, depth, lines } = *run;
        let parts = depth.div_ceil(BLOCK_DEPTH).max(1);
        (0..parts).map(move |index| {
            let part = part(depth, parts, index);
            Run { source: source + part.start, row: row + part.start, depth: part.len(), lines }
        })
    };
    runs.iter().flat_map(parts).collect()
}
