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

/// Where targets and sources lie in a stretch: by image, line and pixel. Zeros behind a line or an image are also those before the next.
#[derive(Debug)]
pub(super) struct Arrangement {
    lines: Places,
    pixels: Places,
    /// From one line to the next, and from one image to the next.
    line: usize,
    image: usize,
    /// The places of the sources of the longest stretch.
    sources: usize,
}

impl Arrangement {
    /// For stretches of at most so many images, lines and pixels. Several lines are whole ones, and several images too.
    pub fn new(class: &Class, [images, lines, pixels]: [usize; 3]) -> Self {
        let [_, across, columns] = &class.axes;
        let (own_lines, own_pixels) = (Places::new(across, lines), Places::new(columns, pixels));
        let line = distance(&own_pixels, columns, pixels);
        let image = distance(&own_lines, across, lines).saturating_mul(line);
        let last = (images - 1).saturating_mul(image);
        let last = last.saturating_add(own_lines.count.saturating_sub(1).saturating_mul(line));
        let sources = last.saturating_add(own_pixels.count);
        Arrangement { lines: own_lines, pixels: own_pixels, line, image, sources }
    }

    /// The places of the sources of the longest stretch.
    pub fn sources(&self) -> usize {
        self.sources
    }

    /// The places from the first to the last target of so many images, lines and pixels.
    pub fn targets(&self, [images, lines, pixels]: [usize; 3]) -> usize {
        let count = |count: usize, step: usize| count.saturating_sub(1).saturating_mul(step);
        count(images, self.image).saturating_add(count(lines, self.line)).saturating_add(pixels)
    }

    /// Where each tap along the lines and the pixels finds the source of the first target.
    pub fn taps(&self, class: &Class) -> Vec<usize> {
        let [_, across, columns] = &class.axes;
        let line = |tap| self.lines.place(across, tap).saturating_mul(self.line);
        let lines = across.taps.iter().map(line);
        let pixels = columns.taps.iter().map(|tap| self.pixels.place(columns, tap));
        lines.flat_map(|line| pixels.clone().map(move |pixel| line.saturating_add(pixel))).collect()
    }
}

/// From one line of so many targets to the next.
fn distance(places: &Places, axis: &Positions, targets: usize) -> usize {
    let shared = match places.remainders[..] {
        [(remainder, _)] => {
            let (before, _, existing) = places.existing(axis, axis.start(), remainder);
            before.min(places.count - before - existing)
        }
        _ => 0,
    };
    (places.count - shared).max(targets)
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
        let CopySources { arrangement, stretch, count, .. } = self;
        let Arrangement { lines, pixels, .. } = arrangement;
        let [planes, across, columns] = &self.class.axes;
        let line_start = (stretch.lines.start * across.advance) as isize + across.start();
        let pixel_start = (stretch.pixels.start * columns.advance) as isize + columns.start();
        self.to.fill(0.0);
        for image in 0..stretch.images {
            let plane = (stretch.image + image) * planes.sources + self.plane;
            for &(remainder, first) in &lines.remainders {
                let (before, line, existing) = lines.existing(across, line_start, remainder);
                for index in 0..existing {
                    let line = plane * across.sources + line + index * across.advance;
                    let place = image * arrangement.image + (first + before + index) * arrangement.line;
                    for &(remainder, first) in &pixels.remainders {
                        let (before, pixel, existing) = pixels.existing(columns, pixel_start, remainder);
                        if existing > 0 {
                            let to = &mut self.to[(place + first + before) * count..][..existing * count];
                            let from = (line * columns.sources + pixel) * self.channels;
                            let step = columns.advance * self.channels;
                            // SAFETY: the pixels exist.
                            unsafe { copy_pixels(self.from.add(from), step, count, to) };
                        }
                    }
                }
            }
        }
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
        let CopyGradients { arrangement, stretch, filters, count, .. } = self;
        self.to.fill(0.0);
        for image in 0..stretch.images {
            for line in stretch.lines.clone() {
                let from = stretch.target(self.class, image, line, stretch.pixels.start) * filters;
                let place = image * arrangement.image + (line - stretch.lines.start) * arrangement.line;
                let to = &mut self.to[place * count..][..stretch.pixels.len() * count];
                // SAFETY: the targets exist.
                unsafe { copy_pixels(self.from.add(from), filters, count, to) };
            }
        }
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
