//! One panel of columns of a band: tiles of neighbouring pixels, and of pixels one above the other at the ends of the lines.

use super::super::source::Run;
use super::band::Band;
use super::pass::{End, Pass};
use crate::matmul::{Split, Stretches, Tile, Tiles};
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

/// What a chain gives to some targets.
struct Sum {
    /// Without its sources and targets.
    tile: Tile<'static>,
    /// Where the first term's source lies, counted from that of the first term of all.
    source: usize,
    vectors: usize,
    /// Whether it is the first of all chains, of which some targets need only later ones.
    is_first: bool,
    /// Whether the targets hold the sums of chains before.
    accumulate: bool,
}

impl Panel<'_> {
    /// # Safety
    /// The machine has the instruction set; windows, weights and targets lie within their memory, and nobody else uses the targets.
    pub unsafe fn compute<V: Tiles>(&self, band: &Band<'_>) {
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
    unsafe fn lines<V: Tiles>(&self, band: &Band<'_>, chain: &Range<usize>, inner: Range<usize>) {
        let Band { rows, .. } = band;
        let is_merged = rows.pixels > band.width;
        let pixels = Split::by_size(inner.len(), self.tile_rows);
        for line in 0..rows.lines {
            let sum = |pixels: &Range<usize>| {
                let needed = self.pass.needed(band.lines_of(line, pixels));
                self.sum::<V>(chain, &needed, None, [rows.pixel_step, band.pixel_step])
            };
            let mut of_line = sum(&(0..rows.pixels));
            let a = rows.from.wrapping_add(line * rows.line_step);
            let c = self.c.wrapping_add(line * band.line_step);
            for index in 0..pixels.parts {
                let part = pixels.part(index);
                if is_merged && !part.is_empty() {
                    of_line = sum(&part);
                }
                if let Some(sum) = &mut of_line {
                    let first = inner.start + part.start;
                    let (a, c) =
                        (a.wrapping_add(first * rows.pixel_step), c.wrapping_add(first * band.pixel_step));
                    // SAFETY: the caller's.
                    unsafe { sum.add::<V>(band, part.len(), a, c) };
                }
            }
        }
    }

    /// The pixels at the ends of the lines.
    unsafe fn ends<V: Tiles>(&self, band: &Band<'_>, chain: &Range<usize>) {
        let Band { rows, .. } = band;
        let mut first = 0;
        while first < rows.lines {
            let (start, end) = (band.lines.start + first, band.lines.start + rows.lines);
            let count = self.pass.alike(start..end);
            let needed = self.pass.needed(start..start + count);
            let lines = Split::by_size(count, self.tile_rows);
            for End { pixel, terms } in &self.pass.ends {
                let sum = self.sum::<V>(chain, &needed, Some(terms), [rows.line_step, band.line_step]);
                let Some(mut sum) = sum else { continue };
                let a = rows.from.wrapping_add(pixel * rows.pixel_step);
                let c = self.c.wrapping_add(pixel * band.pixel_step);
                for index in 0..lines.parts {
                    let part = lines.part(index);
                    let first = first + part.start;
                    let (a, c) =
                        (a.wrapping_add(first * rows.line_step), c.wrapping_add(first * band.line_step));
                    // SAFETY: the caller's.
                    unsafe { sum.add::<V>(band, part.len(), a, c) };
                }
            }
            first += count;
        }
    }

    /// What a chain gives to targets that need some runs, and of each line of the window some terms; nothing, if the chain has none of
    /// the runs. From one target to the next are `steps` in sources and targets.
    fn sum<V: Tiles>(
        &self,
        chain: &Range<usize>,
        needed: &Range<usize>,
        terms: Option<&Range<usize>>,
        steps: [usize; 2],
    ) -> Option<Sum> {
        let is_first = chain.start == 0;
        let chain = chain.start.max(needed.start)..chain.end.min(needed.end);
        if chain.is_empty() {
            return None;
        }
        let runs = &self.pass.runs[chain.clone()];
        let Run { mut source, mut row, mut depth, .. } = runs[0];
        let next = runs.get(1).map_or((0, 0), |next| (next.source.wrapping_sub(source), next.row - row));
        if let Some(terms) = terms {
            let first = row % self.pass.reading.line_terms();
            let skipped = terms.start.saturating_sub(first).min(depth);
            (source, row) = (source + skipped, row + skipped);
            depth = terms.end.saturating_sub(first).min(depth).saturating_sub(skipped);
        }
        let vectors = self.columns.div_ceil(V::LANES);
        let padded = vectors * V::LANES;
        let is_last = chain.end == needed.end;
        let tile = Tile {
            depth,
            a: null(),
            stride_a: steps[0],
            b: self.weights.wrapping_add(row * padded),
            stride_b: padded,
            stretches: Stretches { count: chain.len(), next_a: next.0, next_b: next.1 * padded },
            repeats: Stretches::ONE,
            packed_b: null_mut(),
            c: null_mut(),
            stride_c: steps[1],
            last_columns: self.columns - (vectors - 1) * V::LANES,
            before: null(),
            stride_before: steps[1],
            bias: if is_last { self.bias } else { null() },
            relu: is_last && self.relu,
            ahead: &[],
        };
        let accumulate = chain.start > needed.start;
        Some(Sum { tile, source: self.first_channel + source, vectors, is_first, accumulate })
    }
}

impl Sum {
    /// Adds it to so many targets of a band; the sources of the first begin at `a`. What lies beside them is asked for once.
    ///
    /// # Safety
    /// As for `Panel::compute`.
    #[inline(always)]
    unsafe fn add<V: Tiles>(&mut self, band: &Band<'_>, count: usize, a: *const f32, c: *mut f32) {
        if count == 0 {
            return;
        }
        if self.is_first {
            band.ask::<V>(count, c, self.tile.stride_c);
        }
        (self.tile.a, self.tile.c) = (a.wrapping_add(self.source), c);
        self.tile.before = if self.accumulate { c } else { null() };
        // SAFETY: the caller's.
        unsafe { V::COMPUTE[count - 1][self.vectors - 1][0][1](&self.tile) };
    }
}
