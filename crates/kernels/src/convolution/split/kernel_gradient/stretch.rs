//! Stretches of targets, and of the sources that they read, which lie alike: so the sources of a tap are a stretch from some place on.

use crate::arch::{Task, Vector};
use crate::convolution::geometry::{Class, Positions, Tap};
use crate::convolution::kernel_gradient::{Places, copy_pixels};
use crate::matmul::BLOCK_DEPTH;
use std::ops::Range;

/// Targets that are added up at once: several images, or lines of a plane, or pixels of a line.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub image: usize,
    pub images: usize,
    pub plane: usize,
    pub lines: Range<usize>,
    pub pixels: Range<usize>,
}

/// Where targets and sources lie in a stretch: by image, line and pixel, sources also by their remainders. Zeros behind a line or an image are
/// also those before the next.
#[derive(Debug)]
pub(super) struct Arrangement {
    lines: Places,
    pixels: Places,
    /// From one line to the next, and from one image to the next.
    line: usize,
    image: usize,
    /// The places of the sources of one remainder by lines and one by pixels, in the longest stretch.
    sources: usize,
}

impl Arrangement {
    /// For stretches of at most so many images, lines and pixels. Several lines are whole ones, and several images too.
    pub fn new(class: &Class, [images, lines, pixels]: [usize; 3]) -> Self {
        let [_, across, columns] = &class.axes;
        let (of_lines, of_pixels) = (Places::new(across, lines), Places::new(columns, pixels));
        let line = distance(&of_pixels, columns, pixels);
        let image = distance(&of_lines, across, lines).saturating_mul(line);
        let extents = [images, of_lines.longest(across), of_pixels.longest(columns)];
        let sources = places(extents, [image, line]);
        Arrangement { lines: of_lines, pixels: of_pixels, line, image, sources }
    }

    /// The places of the sources of the longest stretch.
    pub fn sources(&self) -> usize {
        let remainders = self.lines.remainders.len() * self.pixels.remainders.len();
        self.sources.saturating_mul(remainders)
    }

    /// The places from the first to the last target of so many images, lines and pixels.
    pub fn targets(&self, extents: [usize; 3]) -> usize {
        places(extents, [self.image, self.line])
    }

    /// Where each tap along the lines and the pixels finds the source of the first target.
    pub fn taps(&self, class: &Class) -> Vec<usize> {
        let [_, across, columns] = &class.axes;
        let lines = across.taps.iter().map(|tap| self.lines.of_remainder(across, tap));
        let pixels = columns.taps.iter().map(|tap| self.pixels.of_remainder(columns, tap));
        let place = |(i, line): (usize, usize), (j, pixel): (usize, usize)| {
            let first = self.first(i, j).saturating_add(line.saturating_mul(self.line));
            first.saturating_add(pixel)
        };
        lines.flat_map(|line| pixels.clone().map(move |pixel| place(line, pixel))).collect()
    }

    /// The first place of a remainder by lines and one by pixels.
    #[inline(always)]
    fn first(&self, line: usize, pixel: usize) -> usize {
        (line * self.pixels.remainders.len() + pixel).saturating_mul(self.sources)
    }
}

/// The places from the first to the last of so many images, lines and pixels, at distances from one image and line to the next.
fn places([images, lines, pixels]: [usize; 3], [image, line]: [usize; 2]) -> usize {
    let last = |count: usize, step: usize| count.saturating_sub(1).saturating_mul(step);
    last(images, image).saturating_add(last(lines, line)).saturating_add(pixels)
}

/// From the places of so many neighbouring targets, and of their sources, to the next.
fn distance(places: &Places, axis: &Positions, targets: usize) -> usize {
    let all = places.longest(axis);
    if targets < axis.count {
        // Stretches that begin further on have fewer zeros before what exists, or none.
        return all.max(targets);
    }
    let zeros = places.remainders.iter().map(|&(remainder, _)| {
        let (before, _, existing) = places.existing(axis, axis.start(), remainder);
        before.min(all - before - existing)
    });
    (all - zeros.min().unwrap_or(0)).max(targets)
}

/// Pixels, some elements of each, that are written in the order of their places, with zeros between them.
struct Pixels<'a> {
    to: &'a mut [f32],
    elements: usize,
    /// The elements that are written.
    done: usize,
}

impl Pixels<'_> {
    /// Copies so many pixels, from one on.
    ///
    /// # Safety
    /// They are valid.
    #[inline(always)]
    unsafe fn copy(&mut self, place: usize, from: *const f32, step: usize, count: usize) {
        let start = place * self.elements;
        self.to[self.done..start].fill(0.0);
        self.done = start + count * self.elements;
        // SAFETY: the caller's.
        unsafe { copy_pixels(from, step, self.elements, &mut self.to[start..self.done]) };
    }

    fn finish(self) {
        self.to[self.done..].fill(0.0);
    }
}

/// Copies some channels of the sources of a stretch, with zeros where there are none.
pub(super) struct CopySources<'a> {
    pub arrangement: &'a Arrangement,
    pub class: &'a Class,
    pub stretch: &'a Stretch,
    /// Of the sources.
    pub plane: usize,
    /// The first channel of the first image.
    pub from: *const f32,
    pub channels: usize,
    pub count: usize,
    pub to: &'a mut [f32],
}

impl Task for CopySources<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let CopySources { arrangement, stretch, .. } = self;
        let Arrangement { lines, pixels, .. } = arrangement;
        let [planes, across, columns] = &self.class.axes;
        let line_start = (stretch.lines.start * across.advance) as isize + across.start();
        let pixel_start = (stretch.pixels.start * columns.advance) as isize + columns.start();
        let step = columns.advance * self.channels;
        let mut to = Pixels { to: self.to, elements: self.count, done: 0 };
        for (i, &(remainder, _)) in lines.remainders.iter().enumerate() {
            let (before, line, existing) = lines.existing(across, line_start, remainder);
            for (j, &(remainder, _)) in pixels.remainders.iter().enumerate() {
                let (left, pixel, count) = pixels.existing(columns, pixel_start, remainder);
                if count == 0 {
                    continue;
                }
                for image in 0..stretch.images {
                    let plane = (stretch.image + image) * planes.sources + self.plane;
                    let first = arrangement.first(i, j) + image * arrangement.image + left;
                    for index in 0..existing {
                        let line = plane * across.sources + line + index * across.advance;
                        let from = (line * columns.sources + pixel) * self.channels;
                        let place = first + (before + index) * arrangement.line;
                        // SAFETY: the pixels exist.
                        unsafe { to.copy(place, self.from.add(from), step, count) };
                    }
                }
            }
        }
        to.finish();
    }
}

/// Copies some filters of the gradients of a stretch, with zeros between them.
pub(super) struct CopyGradients<'a> {
    pub arrangement: &'a Arrangement,
    pub class: &'a Class,
    pub stretch: &'a Stretch,
    /// The first filter of the first image.
    pub from: *const f32,
    pub filters: usize,
    pub count: usize,
    pub to: &'a mut [f32],
}

impl Task for CopyGradients<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let CopyGradients { arrangement, stretch, filters, .. } = self;
        let mut to = Pixels { to: self.to, elements: self.count, done: 0 };
        for image in 0..stretch.images {
            for line in stretch.lines.clone() {
                let from = stretch.target(self.class, image, line, stretch.pixels.start) * filters;
                let place = image * arrangement.image + (line - stretch.lines.start) * arrangement.line;
                // SAFETY: the targets exist.
                unsafe { to.copy(place, self.from.add(from), filters, stretch.pixels.len()) };
            }
        }
        to.finish();
    }
}

/// Targets of a line that follow one another: the first, the source that it reads by a tap, and how many there are.
pub(super) struct Run {
    pub target: usize,
    pub source: usize,
    pub count: usize,
}

impl Stretch {
    pub fn extents(&self) -> [usize; 3] {
        [self.images, self.lines.len(), self.pixels.len()]
    }

    /// The place of a target among those of all images; `image` counts from the stretch's first.
    #[inline(always)]
    pub fn target(&self, class: &Class, image: usize, line: usize, pixel: usize) -> usize {
        let [planes, lines, pixels] = class.axes.each_ref().map(|axis| axis.count);
        (((self.image + image) * planes + self.plane) * lines + line) * pixels + pixel
    }

    /// The targets that read sources that exist by a tap along each axis, in runs of at most [`BLOCK_DEPTH`].
    pub fn runs<'a>(&'a self, class: &'a Class, taps: [&'a Tap; 3]) -> impl Iterator<Item = Run> + 'a {
        let within =
            |all: Range<usize>, some: &Range<usize>| all.start.max(some.start)..all.end.min(some.end);
        let [planes, across, columns] = &class.axes;
        let lines = within(across.targets_of(taps[1]), &self.lines);
        let pixels = within(columns.targets_of(taps[2]), &self.pixels);
        let end = pixels.end;
        let firsts = pixels.step_by(BLOCK_DEPTH);
        let firsts = lines.flat_map(move |line| firsts.clone().map(move |first| (line, first)));
        let targets = (0..self.images).flat_map(move |image| firsts.clone().map(move |at| (image, at)));
        targets.map(move |(image, (line, first))| {
            let plane = (self.image + image) * planes.sources + planes.source(self.plane, taps[0]);
            let source_line = plane * across.sources + across.source(line, taps[1]);
            Run {
                target: self.target(class, image, line, first),
                source: source_line * columns.sources + columns.source(first, taps[2]),
                count: BLOCK_DEPTH.min(end - first),
            }
        })
    }
}
