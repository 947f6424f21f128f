//! What a few targets add to the sums.

use super::ConvolutionKernelGradient;
use super::copies::{Copies, copy_pixels};
use super::rows::Part;
use crate::arch::{CACHE_LINE, Task, Vector};
use crate::chunks::part as share;
use crate::matmul::{Ahead, BLOCK_DEPTH, Stretches, Tile, Tiles};
use std::ops::Range;
use std::ptr::{null, null_mut};

/// Pixels of lines of a plane, of one image or several: few enough that the gradients of a panel of filters stay in the L1 cache.
pub(super) struct Piece<'a> {
    pub kernel: &'a ConvolutionKernelGradient,
    /// The rows of the gradient that are added to.
    pub rows: &'a [Part],
    pub image: usize,
    pub images: usize,
    pub plane: usize,
    pub lines: Range<usize>,
    pub pixels: Range<usize>,
    /// The operands, and the sums of the part.
    pub sources: *const f32,
    pub gradients: *const f32,
    pub sums: *mut f32,
    /// Whether it sets the sums rather than adds to them.
    pub sets: bool,
}

/// Copying of the gradients of the panels of a group.
struct Pack<'a> {
    piece: &'a Piece<'a>,
    group: usize,
    to: &'a mut [f32],
}

/// Copying of the sources of some parts of a group that begins with a channel.
struct CopySources<'a> {
    copies: &'a Copies,
    piece: &'a Piece<'a>,
    parts: &'a [Part],
    channel: usize,
    to: &'a mut [f32],
}

impl Task for Pack<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller's.
        unsafe { self.piece.pack::<V>(self.group, self.to) };
    }
}

impl Task for CopySources<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller's.
        unsafe { self.copies.copy(self.piece, self.parts, self.channel, self.to) };
    }
}

/// Elements of the pixels of a piece: where those of the pixel and line 0 of its first image would lie, and from one pixel, line and image
/// to the next.
#[derive(Clone, Copy)]
struct Elements {
    from: *const f32,
    steps: [usize; 3],
}

/// Some filters: the first, and how many.
#[derive(Clone, Copy)]
struct Panel {
    first: usize,
    count: usize,
}

impl Piece<'_> {
    /// Adds the products of the sources of its rows with the gradients of all filters.
    ///
    /// # Safety
    /// The machine has the instruction set, operands and sums have their sizes, nobody else uses the sums, and `private` has its size.
    pub unsafe fn add<V: Tiles>(&self, private: &mut [f32]) {
        let kernel = self.kernel;
        let geometry = &kernel.geometry;
        let (packed, copies) = private.split_at_mut(kernel.packed);
        for group in 0..geometry.groups {
            let panels = self.panels(group);
            // SAFETY: the caller's.
            unsafe {
                if kernel.packed > 0 {
                    V::enter(Pack { piece: self, group, to: packed });
                }
                let channel = group * (geometry.channels / geometry.groups);
                for parts in self.rows.chunks(kernel.parts_at_once) {
                    if let Some(own) = &kernel.copies {
                        V::enter(CopySources { copies: own, piece: self, parts, channel, to: copies });
                    }
                    for part in parts {
                        let (sources, pixel) = match &kernel.copies {
                            None => (self.sources(channel + part.channel), geometry.channels),
                            Some(own) => {
                                let first = own.size(self.images) * (part.channel - parts[0].channel);
                                let steps = own.steps().map(|step| step * part.count);
                                (self.within(copies[first..].as_ptr(), steps), part.count)
                            }
                        };
                        for (index, panel) in panels.clone().enumerate() {
                            let gradients = match kernel.packed {
                                0 => self.gradients(panel),
                                _ => {
                                    let first = index * BLOCK_DEPTH * kernel.tile.columns;
                                    self.packed(panel, V::LANES, packed[first..].as_ptr())
                                }
                            };
                            let is_first = group == 0 && index == 0 && std::ptr::eq(part, &self.rows[0]);
                            let ahead = (V::ASKS_AHEAD && is_first).then(|| self.next());
                            self.tiles::<V>(part, panel, sources, pixel, gradients, ahead);
                        }
                    }
                }
            }
        }
    }

    /// The panels of a group.
    #[inline(always)]
    fn panels(&self, group: usize) -> impl Iterator<Item = Panel> + Clone {
        let (geometry, width) = (&self.kernel.geometry, self.kernel.tile.columns);
        let of_group = geometry.filters / geometry.groups;
        let panel =
            move |first: usize| Panel { first: group * of_group + first, count: width.min(of_group - first) };
        (0..of_group).step_by(width).map(panel)
    }

    /// Elements of the piece alone, from its first line and pixel on.
    fn within(&self, from: *const f32, steps: [usize; 3]) -> Elements {
        let before = self.lines.start * steps[1] + self.pixels.start * steps[0];
        Elements { from: from.wrapping_sub(before), steps }
    }

    /// The sources as they lie, from a channel on: where a target's window begins.
    fn sources(&self, channel: usize) -> Elements {
        let [planes, lines, pixels] = &self.kernel.class.axes;
        let channels = self.kernel.geometry.channels;
        let line = (self.image * planes.sources + self.plane * planes.advance) * lines.sources;
        let of_line = pixels.sources;
        Elements {
            from: self.sources.wrapping_add(line * of_line * channels + channel),
            steps: [pixels.advance, lines.advance * of_line, planes.sources * lines.sources * of_line]
                .map(|step| step * channels),
        }
    }

    /// What lies behind the sources and gradients of the piece, which the next piece is computed from: where it begins, and as many
    /// elements as the piece has.
    fn next(&self) -> [(*const f32, usize); 2] {
        let pixels = self.lines.len() * self.pixels.len();
        let geometry = &self.kernel.geometry;
        let all = Panel { first: 0, count: geometry.filters };
        let next = |of: Elements, channels: usize| {
            let [_, line, image] = of.steps;
            let images = if self.images > 1 { self.images * image } else { self.lines.end * line };
            (of.from.wrapping_add(images), self.images * pixels * channels)
        };
        let [_, lines, columns] = &self.kernel.class.axes;
        let sources = geometry.channels * lines.advance * columns.advance;
        [next(self.sources(0), sources), next(self.gradients(all), geometry.filters)]
    }

    /// The gradients of a panel as they lie.
    fn gradients(&self, panel: Panel) -> Elements {
        let filters = self.kernel.geometry.filters;
        let [planes, lines, pixels] = self.kernel.class.axes.each_ref().map(|axis| axis.count);
        let first = (self.image * planes + self.plane) * lines * pixels;
        Elements {
            from: self.gradients.wrapping_add(first * filters + panel.first),
            steps: [1, pixels, planes * lines * pixels].map(|step| step * filters),
        }
    }

    /// The gradients of a panel where they are packed.
    fn packed(&self, panel: Panel, lanes: usize, from: *const f32) -> Elements {
        let [lines, pixels] = [&self.lines, &self.pixels].map(Range::len);
        let padded = panel.count.next_multiple_of(lanes);
        self.within(from, [1, pixels, lines * pixels].map(|step| step * padded))
    }

    /// Copies the gradients of each panel of a group close together.
    ///
    /// # Safety
    /// As for `add`.
    #[inline(always)]
    unsafe fn pack<V: Vector>(&self, group: usize, to: &mut [f32]) {
        let lines = (0..self.images).flat_map(|image| (0..self.lines.len()).map(move |line| (image, line)));
        for (index, (image, line)) in lines.enumerate() {
            // The panels of a line in turn, which is in the L1 cache then.
            for (panel, to) in
                self.panels(group).zip(to.chunks_exact_mut(BLOCK_DEPTH * self.kernel.tile.columns))
            {
                let Elements { from, steps } = self.gradients(panel);
                let (line, pixel) = (self.lines.start + line, self.pixels.start);
                let from = from.wrapping_add(image * steps[2] + line * steps[1] + pixel * steps[0]);
                let padded = panel.count.next_multiple_of(V::LANES);
                let to = &mut to[index * self.pixels.len() * padded..][..self.pixels.len() * padded];
                if padded == panel.count {
                    // SAFETY: the targets are the piece's.
                    unsafe { copy_pixels(from, steps[0], padded, to) };
                    continue;
                }
                for (pixel, to) in to.chunks_exact_mut(padded).enumerate() {
                    // SAFETY: as above.
                    let from = unsafe { std::slice::from_raw_parts(from.add(pixel * steps[0]), panel.count) };
                    to[..panel.count].copy_from_slice(from);
                }
            }
        }
    }

    /// Adds what the rows of a part get from a panel. A pixel of the sources has so many elements. Some memory is asked for meanwhile.
    ///
    /// # Safety
    /// As for `add`.
    #[inline(always)]
    unsafe fn tiles<V: Tiles>(
        &self,
        part: &Part,
        panel: Panel,
        sources: Elements,
        pixel: usize,
        gradients: Elements,
        ahead: Option<[(*const f32, usize); 2]>,
    ) {
        let filters = self.kernel.geometry.filters;
        let vectors = panel.count.div_ceil(V::LANES);
        let along = |axis: usize, count: usize| Stretches {
            count,
            next_a: sources.steps[axis],
            next_b: gradients.steps[axis],
        };
        let within =
            |some: &Range<usize>, all: &Range<usize>| some.start.max(all.start)..some.end.min(all.end);
        for (index, rows) in part.tiles.iter().enumerate() {
            let ahead = ahead.map(|ahead| {
                ahead.map(|(from, elements)| {
                    let lines = share(elements / (2 * CACHE_LINE), part.tiles.len(), index);
                    Ahead {
                        from: from.wrapping_add(lines.start * 2 * CACHE_LINE),
                        stride: 2 * CACHE_LINE,
                        last: CACHE_LINE,
                        rows: lines.len(),
                    }
                })
            });
            let [planes, lines, pixels] = &rows.targets;
            let (lines, pixels) = (within(lines, &self.lines), within(pixels, &self.pixels));
            let c = self.sums.wrapping_add(rows.first * filters + panel.first);
            if !planes.contains(&self.plane) || lines.is_empty() || pixels.is_empty() {
                for row in (0..part.count).filter(|_| self.sets) {
                    // SAFETY: the caller's.
                    unsafe { c.add(row * filters).write_bytes(0, panel.count) };
                }
                continue;
            }
            let first = |all: &Elements| {
                all.from.wrapping_add(lines.start * all.steps[1] + pixels.start * all.steps[0])
            };
            let (line, across) = (along(0, pixels.len()), along(1, lines.len()));
            let (inner, outer) = if lines.len() > pixels.len() { (across, line) } else { (line, across) };
            let tile = Tile {
                depth: inner.count,
                a: first(&sources).wrapping_offset(rows.source * pixel as isize),
                stride_a: inner.next_a,
                b: first(&gradients),
                stride_b: inner.next_b,
                stretches: outer,
                repeats: along(2, self.images),
                packed_b: null_mut(),
                c,
                stride_c: filters,
                last_columns: panel.count - (vectors - 1) * V::LANES,
                before: if self.sets { null() } else { c },
                stride_before: filters,
                bias: null(),
                relu: false,
                ahead: ahead.as_ref().map_or(&[], |ahead| &ahead[..]),
            };
            // SAFETY: the sources exist, since the targets are among those of the rows; so do the gradients and the sums.
            unsafe { V::COMPUTE[part.count - 1][vectors - 1][0][0](&tile) };
        }
    }
}
