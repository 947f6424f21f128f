//! A few lines of targets: their sources by parts, and the panels of columns that are computed from them.

use super::super::source::Rows;
use super::SplitConvolution;
use super::pass::Pass;
use crate::arch::amx::{DEPTH, Layout, Lines, PANEL, multiply, row_elements, split_rows};
use crate::arch::{Avx512x16, Vector};
use crate::matmul::{AddBlock, BLOCK_DEPTH, Chains, PackPanel, Split};
use std::ops::Range;
use std::ptr::null;

/// The bytes from one part of a pixel's elements to the next.
const PART: usize = DEPTH * size_of::<u16>();

/// The private scratch memory of a thread.
pub(super) struct Private {
    /// The sources of a band by parts.
    pub sources: *mut f32,
    /// A panel of weights in f32, where it is needed.
    pub plain_b: *mut f32,
    /// A block of sums.
    pub sums: *mut f32,
    /// For each line of the sources, whether its parts stand for all elements.
    pub whole: *mut u32,
}

/// A band, and what it is computed from.
pub(super) struct Band<'a> {
    pub pass: &'a Pass,
    pub parts: usize,
    /// Of the sources.
    pub channels: usize,
    pub sources: *const f32,
    pub kernel: *const f32,
    pub image: usize,
    pub plane: usize,
    pub lines: Range<usize>,
    /// The weights of the pass by parts, and the marks that its panels have parts.
    pub weights: *const f32,
    pub marks: *const u32,
    /// The bias of all columns, or null.
    pub bias: *const f32,
    pub relu: bool,
    pub private: &'a Private,
    /// Memory for the sources in f32, and they, once they are needed.
    pub plain: &'a mut [f32],
    pub rows: Option<Rows>,
}

/// Some columns of the targets of a band.
struct Panel {
    columns: Range<usize>,
    /// Its first target.
    c: *mut f32,
    /// From one line of targets to the next, and from one target to the next.
    steps: [usize; 2],
}

/// Some rows of a stretch, which starts at a line of the band: those between the lines of targets are of no target.
#[derive(Clone, Copy)]
struct Block {
    line: usize,
    pitch: usize,
    first: usize,
    count: usize,
}

impl Band<'_> {
    /// Splits the sources.
    ///
    /// # Safety
    /// The machine has AMX, the sources are those of all images, and the scratch memory has its size.
    pub unsafe fn split(&self) {
        let reading = &self.pass.reading;
        let pixel = row_elements(self.parts, self.channels);
        let [before, real, behind] = reading.copied_pixels();
        let mut line = 0;
        reading.copied_lines(self.image, self.plane, self.lines.clone(), |place, source| {
            let to = self.private.sources.wrapping_add(place / self.channels * pixel);
            // SAFETY: the line lies in the scratch memory, and its sources in an image.
            unsafe {
                let whole = match source {
                    None => {
                        to.write_bytes(0, (before + real + behind) * pixel);
                        true
                    }
                    Some(source) => {
                        to.write_bytes(0, before * pixel);
                        to.add((before + real) * pixel).write_bytes(0, behind * pixel);
                        let from = self.sources.add(source);
                        split_rows(self.parts, from, real, self.channels, to.add(before * pixel))
                    }
                };
                self.private.whole.add(line).write(u32::from(whole));
            }
            line += 1;
        });
    }

    /// Computes a panel of columns, the first target of which would lie at `c`.
    ///
    /// # Safety
    /// The machine has AMX and the thread's tiles are configured; the sources are split, and so are the weights; nobody else uses the
    /// targets.
    pub unsafe fn panel(&mut self, panel: usize, c: *mut f32, steps: [usize; 2]) {
        let (_, columns, _) = self.pass.weights.panel(panel);
        // SAFETY: the panel has a mark.
        let whole_b = unsafe { *self.marks.add(panel) == 1 };
        let weights = self.weights.wrapping_add(panel * self.pass.panel_size());
        let panel = Panel { c: c.wrapping_add(columns.start), columns, steps };
        let width = self.pass.reading.axes[2].count;
        let (together, pitch) = match self.pass.pitch {
            Some(pitch) => (self.lines.len(), pitch),
            None => (1, width),
        };
        let rows = (together - 1) * pitch + width;
        for line in (0..self.lines.len()).step_by(together) {
            let block = |first| Block { line, pitch, first, count: PANEL.min(rows - first) };
            let blocks = (0..rows).step_by(PANEL).map(block);
            // SAFETY: the caller's.
            unsafe {
                if self.pass.chains.is_empty() {
                    blocks.clone().for_each(|block| self.clear(&panel, &block));
                }
                for index in 0..self.pass.chains.len() {
                    for block in blocks.clone().filter(|block| whole_b && self.is_whole(block)) {
                        self.multiply(&panel, &block, weights, index);
                    }
                }
                for block in blocks {
                    if !whole_b || !self.is_whole(&block) {
                        self.by_chains(&panel, &block);
                    }
                }
            }
        }
    }

    /// The lines of targets, of those of the band, that a block has rows of.
    fn lines_of(&self, block: &Block) -> Range<usize> {
        let Block { line, pitch, first, count } = *block;
        line + first / pitch..(line + (first + count - 1) / pitch + 1).min(self.lines.len())
    }

    /// Whether parts stand for all sources that a block reads.
    fn is_whole(&self, block: &Block) -> bool {
        let [planes, across, _] = &self.pass.reading.axes;
        let lines = self.lines_of(block);
        let first = lines.start * across.advance;
        let read = across.span(lines.len());
        let of_plane = across.span(self.lines.len());
        // SAFETY: each line of the band's sources has a mark.
        let whole = |line: usize| unsafe { *self.private.whole.add(line) == 1 };
        (0..planes.span(1)).all(|depth| (first..first + read).all(|line| whole(depth * of_plane + line)))
    }

    /// Adds what a chain gives to a block.
    ///
    /// # Safety
    /// As for `panel`; the block and the weights are whole.
    unsafe fn multiply(&self, panel: &Panel, block: &Block, weights: *const f32, index: usize) {
        let pass = self.pass;
        let chain = pass.chains[index];
        let pixel = row_elements(self.parts, self.channels);
        let (line_step, pixel_step) = pass.reading.steps();
        let start = block.line * line_step + block.first * pixel_step;
        let row = pass.reading.axes[2].advance * pixel * size_of::<f32>();
        let layout = Layout { row, part: PART, step: self.parts * PART };
        // SAFETY: rows and weights lie within the scratch memory, the rest is the caller's.
        unsafe {
            let a = self.private.sources.add(start / self.channels * pixel + chain.source);
            let b = weights.add(chain.weights);
            multiply(self.parts, a, &layout, b, chain.steps, self.private.sums);
            self.add(panel, block, index > 0, index + 1 == pass.chains.len());
        }
    }

    /// Computes a block by chains of multiply-adds.
    ///
    /// # Safety
    /// As for `panel`.
    unsafe fn by_chains(&mut self, panel: &Panel, block: &Block) {
        let reading = &self.pass.reading;
        let rows = match self.rows {
            Some(rows) => rows,
            None => {
                let lines = self.lines.clone();
                // SAFETY: the caller's.
                *self
                    .rows
                    .insert(unsafe { reading.rows(self.sources, self.image, self.plane, lines, self.plain) })
            }
        };
        let start = rows.from.wrapping_add(block.line * rows.line_step + block.first * rows.pixel_step);
        let pieces = Split::by_size(self.channels, BLOCK_DEPTH);
        let taps = self.pass.taps.len();
        for (tap, index) in (0..taps).flat_map(|tap| (0..pieces.parts).map(move |index| (tap, index))) {
            let piece = pieces.part(index);
            // SAFETY: rows and weights lie within their memory, the rest is the caller's.
            unsafe {
                let weights = &self.pass.weights;
                let columns = &panel.columns;
                let lines = SplitConvolution::lines(weights, self.kernel, tap, piece.clone(), columns);
                let padded = columns.len().next_multiple_of(Avx512x16::LANES);
                Avx512x16::enter(PackPanel {
                    from: lines.from,
                    transposed: lines.contiguous,
                    stride: lines.stride,
                    depth: lines.depth,
                    width: lines.count,
                    padded,
                    to: self.private.plain_b,
                });
                let a = Lines {
                    from: start.add(self.pass.taps[tap] * self.channels + piece.start),
                    contiguous: true,
                    stride: rows.pixel_step,
                    count: block.count,
                    depth: piece.len(),
                };
                let (b, sums) = (self.private.plain_b, self.private.sums);
                Avx512x16::enter(Chains { a, b, columns: padded, sums });
                let is_last = tap + 1 == taps && index + 1 == pieces.parts;
                self.add(panel, block, tap + index > 0, is_last);
            }
        }
    }

    /// Adds the sums of a block to its targets, or puts them there.
    ///
    /// # Safety
    /// As for `panel`.
    unsafe fn add(&self, panel: &Panel, block: &Block, accumulate: bool, is_last: bool) {
        let columns = &panel.columns;
        for (row, count, c) in self.targets(panel, block) {
            // SAFETY: the targets are some of the band's, the rest is the caller's.
            unsafe {
                Avx512x16::enter(AddBlock {
                    sums: self.private.sums.add(row * PANEL),
                    c,
                    stride_c: panel.steps[1],
                    rows: count,
                    columns: columns.len(),
                    before: if accumulate { c } else { null() },
                    stride_before: panel.steps[1],
                    bias: if is_last && !self.bias.is_null() { self.bias.add(columns.start) } else { null() },
                    relu: is_last && self.relu,
                });
            }
        }
    }

    /// # Safety
    /// As for `panel`.
    unsafe fn clear(&self, panel: &Panel, block: &Block) {
        for (_, count, c) in self.targets(panel, block) {
            for target in 0..count {
                // SAFETY: the targets are some of the band's.
                unsafe { c.add(target * panel.steps[1]).write_bytes(0, panel.columns.len()) };
            }
        }
    }

    /// The targets of each line of a block: the first of its rows, their number, and where they lie.
    fn targets(&self, panel: &Panel, block: &Block) -> impl Iterator<Item = (usize, usize, *mut f32)> {
        let Block { line, pitch, first, count } = *block;
        let width = self.pass.reading.axes[2].count;
        let (c, [line_step, step]) = (panel.c, panel.steps);
        self.lines_of(block).filter_map(move |index| {
            let start = (index - line) * pitch;
            let rows = start.max(first)..(start + width).min(first + count);
            let target = c.wrapping_add(index * line_step + rows.start.saturating_sub(start) * step);
            (!rows.is_empty()).then(|| (rows.start - first, rows.len(), target))
        })
    }
}
