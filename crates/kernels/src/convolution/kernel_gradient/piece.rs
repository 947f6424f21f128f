//! What a few targets add to the sums.

use super::ConvolutionKernelGradient;
use super::copies::{Copies, copy_pixels};
use super::rows::{Part, TileRows};
use crate::arch::{Task, Vector};
use crate::matmul::{Ahead, BLOCK_DEPTH, Stretches, Tile, Tiles};
use std::ops::Range;
use std::ptr::{null, null_mut};

/// Pixels of lines of a plane, of one image or several: few enough that the gradients of a panel of filters stay in the L1 cache.
pub(super) struct Piece<'a> {
    pub kernel: &'a ConvolutionKernelGradient,
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

/// Elements of the pixels of a piece: where those of the first target lie, and from one pixel, line and image to the next.
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
    /// Adds the products of all sources with the gradients of all filters.
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
                for parts in kernel.rows.chunks(kernel.parts_at_once) {
                    if let Some(own) = &kernel.copies {
                        V::enter(CopySources { copies: own, piece: self, parts, channel, to: copies });
                    }
                    for part in parts {
                        let size = kernel.copies.as_ref().map_or(0, |own| own.size(self.images));
                        let copies = copies[size * (part.channel - parts[0].channel)..].as_ptr();
                        for (index, panel) in panels.clone().enumerate() {
                            let gradients = match kernel.packed {
                                0 => self.gradients(panel),
                                _ => self.packed(
                                    panel,
                                    V::LANES,
                                    packed[index * BLOCK_DEPTH * kernel.tile.columns..].as_ptr(),
                                ),
                            };
                            for rows in &part.tiles {
                                self.tile::<V>(part, rows, channel, panel, copies, gradients);
                            }
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

    /// The gradients of a panel as they lie.
    fn gradients(&self, panel: Panel) -> Elements {
        let filters = self.kernel.geometry.filters;
        let [planes, lines, pixels] = self.kernel.class.axes.each_ref().map(|axis| axis.count);
        let first =
            ((self.image * planes + self.plane) * lines + self.lines.start) * pixels + self.pixels.start;
        Elements {
            from: self.gradients.wrapping_add(first * filters + panel.first),
            steps: [1, pixels, planes * lines * pixels].map(|step| step * filters),
        }
    }

    /// The gradients of a panel where they are packed.
    fn packed(&self, panel: Panel, lanes: usize, from: *const f32) -> Elements {
        let [lines, pixels] = [&self.lines, &self.pixels].map(Range::len);
        Elements {
            from,
            steps: [1, pixels, lines * pixels].map(|step| step * panel.count.next_multiple_of(lanes)),
        }
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
                let from = from.wrapping_add(image * steps[2] + line * steps[1]);
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

    /// The sources that some rows read of the first of their targets in the piece.
    fn sources(
        &self,
        part: &Part,
        rows: &TileRows,
        channel: usize,
        targets: [usize; 2],
        copies: *const f32,
    ) -> Elements {
        let class = &self.kernel.class;
        let [lines, pixels] = targets;
        if let Some(own) = &self.kernel.copies {
            let steps = own.steps().map(|step| step * part.count);
            let inside = (lines - self.lines.start) * steps[1] + (pixels - self.pixels.start) * steps[0];
            return Elements { from: copies.wrapping_add(rows.copies * part.count + inside), steps };
        }
        let channels = self.kernel.geometry.channels;
        let source = |axis: usize, target: usize| {
            let positions = &class.axes[axis];
            (target * positions.advance).wrapping_add_signed(positions.taps[rows.taps[axis]].offset)
        };
        let [of_image, of_plane, of_line] = class.axes.each_ref().map(|axis| axis.sources);
        let line = (self.image * of_image + source(0, self.plane)) * of_plane + source(1, lines);
        let pixel = line * of_line + source(2, pixels);
        let [_, line_step, pixel_step] = class.axes.each_ref().map(|axis| axis.advance);
        let steps = [pixel_step, line_step * of_line, of_image * of_plane * of_line];
        Elements {
            from: self.sources.wrapping_add(pixel * channels + channel + part.channel),
            steps: steps.map(|step| step * channels),
        }
    }

    /// Adds what some rows of the gradient get.
    ///
    /// # Safety
    /// As for `add`.
    #[inline(always)]
    unsafe fn tile<V: Tiles>(
        &self,
        part: &Part,
        rows: &TileRows,
        channel: usize,
        panel: Panel,
        copies: *const f32,
        gradients: Elements,
    ) {
        let within =
            |some: &Range<usize>, all: &Range<usize>| some.start.max(all.start)..some.end.min(all.end);
        let [planes, lines, pixels] = &rows.targets;
        let (lines, pixels) = (within(lines, &self.lines), within(pixels, &self.pixels));
        let filters = self.kernel.geometry.filters;
        let sums = self.sums.wrapping_add(rows.first * filters + panel.first);
        if !planes.contains(&self.plane) || lines.is_empty() || pixels.is_empty() {
            if self.sets {
                for row in 0..part.count {
                    // SAFETY: the caller's.
                    unsafe { sums.add(row * filters).write_bytes(0, panel.count) };
                }
            }
            return;
        }
        let a = self.sources(part, rows, channel, [lines.start, pixels.start], copies);
        let b = gradients.from.wrapping_add(
            (lines.start - self.lines.start) * gradients.steps[1]
                + (pixels.start - self.pixels.start) * gradients.steps[0],
        );
        let along = |axis: usize, count: usize| Stretches {
            count,
            next_a: a.steps[axis],
            next_b: gradients.steps[axis],
        };
        let (line, across) = (along(0, pixels.len()), along(1, lines.len()));
        let (inner, outer) = if lines.len() > pixels.len() { (across, line) } else { (line, across) };
        let vectors = panel.count.div_ceil(V::LANES);
        // SAFETY: the sources exist, since the targets are among those of the rows; so do the gradients and the sums.
        unsafe {
            V::COMPUTE[part.count - 1][vectors - 1][0][0](&Tile {
                depth: inner.count,
                a: a.from,
                stride_a: inner.next_a,
                b,
                stride_b: inner.next_b,
                stretches: outer,
                repeats: along(2, self.images),
                packed_b: null_mut(),
                c: sums,
                stride_c: filters,
                last_columns: panel.count - (vectors - 1) * V::LANES,
                accumulate: !self.sets,
                bias: null(),
                relu: false,
                ahead: [Ahead::NOTHING; 2],
            });
        }
    }
}
