//! One panel of columns of a band: tiles of neighbouring pixels, and of pixels one above the other at the ends of the lines.

use super::super::source::Run;
use super::band::Band;
use super::pass::Pass;
use crate::matmul::{Ahead, Split, Stretches, Tile, Tiles};
use std::ops::Range;
use std::ptr::{null, null_mut};

/// A panel of columns of the targets.
pub(super) struct Panel<'a> {
    pub pass: &'a Pass,
    /// The most rows of a tile.
    pub tile_rows: usize,
    /// Its packed weights.
    pub weights: *const f32,
    pub columns: usize,
    /// Its first column of the first target of the band.
    pub c: *mut f32,
    /// The first channel of the sources that it reads.
    pub first_channel: usize,
    /// The bias of its columns, or null.
    pub bias: *const f32,
    pub relu: bool,
}

/// Targets of a tile.
struct Targets {
    count: usize,
    /// The sources of the first, and from one target to the next.
    a: *const f32,
    step_a: usize,
    c: *mut f32,
    step_c: usize,
    /// The runs that they need, and of each line of the window these terms.
    needed: Range<usize>,
    terms: Option<Range<usize>>,
}

impl Panel<'_> {
    /// # Safety
    /// The machine has the instruction set; windows, weights and targets lie within their memory, and nobody else uses the targets.
    pub unsafe fn compute<V: Tiles>(&self, band: &Band) {
        let pass = self.pass;
        if pass.runs.is_empty() {
            // SAFETY: the caller's.
            unsafe { band.fill(self.c, self.columns) };
        }
        for chain in &pass.chains {
            // SAFETY: the caller's.
            unsafe {
                if band.rows.pixels > band.width {
                    self.lines::<V>(band, chain, 0..band.rows.pixels);
                } else {
                    self.lines::<V>(band, chain, pass.inner.clone());
                    self.ends::<V>(band, chain);
                }
            }
        }
    }

    /// Some pixels of each line.
    unsafe fn lines<V: Tiles>(&self, band: &Band, chain: &Range<usize>, inner: Range<usize>) {
        let Band { rows, .. } = band;
        let pixels = Split::by_size(inner.len(), self.tile_rows);
        for line in 0..rows.lines {
            let of_line = self.pass.needed(band.lines_of(line, &(0..rows.pixels)));
            for part in (0..pixels.parts).map(|part| pixels.part(part)).filter(|part| !part.is_empty()) {
                let part = inner.start + part.start..inner.start + part.end;
                let needed = match rows.pixels > band.width {
                    true => self.pass.needed(band.lines_of(line, &part)),
                    false => of_line.clone(),
                };
                let targets = Targets {
                    count: part.len(),
                    a: rows.from.wrapping_add(line * rows.line_step + part.start * rows.pixel_step),
                    step_a: rows.pixel_step,
                    c: self.c.wrapping_add(line * band.line_step + part.start * band.pixel_step),
                    step_c: band.pixel_step,
                    needed,
                    terms: None,
                };
                // SAFETY: the caller's.
                unsafe { self.tile::<V>(chain, &targets) };
            }
        }
    }

    /// The pixels at the ends of the lines.
    unsafe fn ends<V: Tiles>(&self, band: &Band, chain: &Range<usize>) {
        let Band { rows, .. } = band;
        let lines = Split::by_size(rows.lines, self.tile_rows);
        for part in (0..lines.parts).map(|part| lines.part(part)) {
            let needed = self.pass.needed(band.lines.start + part.start..band.lines.start + part.end);
            for end in &self.pass.ends {
                let targets = Targets {
                    count: part.len(),
                    a: rows.from.wrapping_add(part.start * rows.line_step + end.pixel * rows.pixel_step),
                    step_a: rows.line_step,
                    c: self.c.wrapping_add(part.start * band.line_step + end.pixel * band.pixel_step),
                    step_c: band.line_step,
                    needed: needed.clone(),
                    terms: Some(end.terms.clone()),
                };
                // SAFETY: the caller's.
                unsafe { self.tile::<V>(chain, &targets) };
            }
        }
    }

    /// Adds what a chain gives to some targets.
    #[inline(always)]
    unsafe fn tile<V: Tiles>(&self, chain: &Range<usize>, targets: &Targets) {
        let Targets { count, a, step_a, c, step_c, needed, terms } = targets;
        let chain = chain.start.max(needed.start)..chain.end.min(needed.end);
        if chain.is_empty() {
            return;
        }
        let runs = &self.pass.runs[chain.clone()];
        let Run { mut source, mut row, mut depth, .. } = runs[0];
        let next = runs.get(1).map_or((0, 0), |next| (next.source - source, next.row - row));
        if let Some(terms) = terms {
            let first = row % self.pass.reading.line_terms();
            let skipped = terms.start.saturating_sub(first).min(depth);
            (source, row) = (source + skipped, row + skipped);
            depth = terms.end.saturating_sub(first).min(depth).saturating_sub(skipped);
        }
        let vectors = self.columns.div_ceil(V::LANES);
        let padded = vectors * V::LANES;
        let is_last = chain.end == needed.end;
        // SAFETY: the caller's.
        unsafe {
            V::COMPUTE[count - 1][vectors - 1][0][1](&Tile {
                depth,
                a: a.wrapping_add(self.first_channel + source),
                stride_a: *step_a,
                b: self.weights.wrapping_add(row * padded),
                stride_b: padded,
                stretches: Stretches { count: chain.len(), next_a: next.0, next_b: next.1 * padded },
                repeats: Stretches::ONE,
                packed_b: null_mut(),
                c: *c,
                stride_c: *step_c,
                last_columns: self.columns - (vectors - 1) * V::LANES,
                accumulate: chain.start > needed.start,
                bias: if is_last { self.bias } else { null() },
                relu: is_last && self.relu,
                ahead: [Ahead::NOTHING; 2],
            });
        }
    }
}
