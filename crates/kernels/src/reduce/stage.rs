//! One pass of a reduction: what it reads, writes, and splits.

use super::columns::{self, Combined, ROWS, Strip, reduce_strip, scratch};
use super::input::Input;
use super::operation::{Element, Operation};
use super::rows::{BLOCK, reduce_row, reduce_stretch};
use crate::chunks::{Chunks, GRAIN, LIMIT, part};
use crate::kernel::Buffer;
use crate::lanes::Arithmetic;
use crate::target::Loop;
use std::marker::PhantomData;
use std::ops::Range;

/// The most columns of a tile: its sums stay in the nearest cache.
pub(super) const WIDEST: usize = 512;
/// The fewest columns of a tile where a row has more: whole cache lines.
const NARROWEST: usize = 256;
/// The fewest elements of a part of a column or row that is split.
const SHORTEST: usize = 64;
/// Every element of the input and of the scratch has four bytes.
pub(super) const BYTES: usize = 4;

/// Reduces the middle dimension of `[outer, reduced, inner]` to a fixed number of parts: `[outer, parts, inner]`.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    outer: usize,
    pub reduced: usize,
    pub parts: usize,
    pub inner: usize,
    /// Columns of a tile, and tiles side by side.
    pub width: usize,
    pub across: usize,
    chunks: Chunks,
}

impl Stage {
    /// The stages that reduce the middle dimension away: a second one where the first must split it to have chunks.
    pub fn plan(outer: usize, reduced: usize, inner: usize) -> Vec<Stage> {
        let elements = outer * reduced * inner;
        let wanted = (elements.saturating_mul(BYTES) / GRAIN).clamp(1, LIMIT);
        let width = match wanted.checked_div(outer) {
            Some(across) if across > 1 => {
                inner.div_ceil(across).next_multiple_of(NARROWEST).clamp(NARROWEST, WIDEST)
            }
            _ => WIDEST,
        };
        let tiles = outer * inner.div_ceil(width);
        let parts = if tiles == 0 || 2 * tiles > wanted {
            1
        } else {
            (wanted / tiles).min(reduced / SHORTEST).max(1)
        };
        let first = Stage::new(outer, reduced, parts, inner, width);
        if parts == 1 {
            return vec![first];
        }
        vec![first, Stage::new(outer, parts, 1, inner, width)]
    }

    fn new(outer: usize, reduced: usize, parts: usize, inner: usize, width: usize) -> Self {
        let across = inner.div_ceil(width);
        let tiles = outer * parts * across;
        let weight = (reduced / parts).saturating_mul(inner.min(width)).saturating_mul(BYTES);
        Stage { outer, reduced, parts, inner, width, across, chunks: Chunks::new(tiles, weight.max(BYTES)) }
    }

    pub fn input_elements(&self) -> usize {
        self.outer * self.reduced * self.inner
    }

    pub fn output_elements(&self) -> usize {
        self.outer * self.parts * self.inner
    }

    /// Whether all that is asked for at once is whole rows of so many elements.
    pub fn reads_rows_of(&self, columns: usize) -> bool {
        if self.inner == 1 {
            self.parts == 1 && self.reduced <= BLOCK && self.reduced.is_multiple_of(columns)
        } else {
            self.across == 1 && self.inner.is_multiple_of(columns)
        }
    }

    pub fn chunks(&self) -> u32 {
        self.chunks.count()
    }

    /// The tiles of a chunk.
    pub fn tiles(&self, chunk: u32) -> Range<usize> {
        self.chunks.range(chunk)
    }

    /// How many parts there are, those of all rows.
    pub fn parts(&self) -> usize {
        self.outer * self.parts
    }

    /// The elements of a part, which follow one another.
    pub fn part(&self, index: usize) -> Range<usize> {
        let (outer, index) = (index / self.parts, index % self.parts);
        let reduced = part(self.reduced, self.parts, index);
        let first = outer * self.reduced;
        (first + reduced.start) * self.inner..(first + reduced.end) * self.inner
    }

    /// The tiles of a part.
    pub fn tiles_of(&self, part: usize) -> Range<usize> {
        part * self.across..(part + 1) * self.across
    }

    /// Private working memory, in elements, for each result.
    pub fn private(&self) -> usize {
        if self.inner == 1 {
            0
        } else {
            scratch(self.reduced.div_ceil(self.parts), self.width.min(self.inner))
        }
    }
}

/// The most elements that a stage asks its input for at once.
pub(super) const MOST_AT_ONCE: usize = {
    let tile = ROWS * WIDEST;
    let columns = if tile > columns::MOST_AT_ONCE { tile } else { columns::MOST_AT_ONCE };
    if columns > BLOCK { columns } else { BLOCK }
};

/// Some tiles of a stage, which nobody else computes.
pub(super) struct StageTiles<'a, I, T, O> {
    pub stage: &'a Stage,
    pub tiles: Range<usize>,
    pub input: I,
    pub output: Buffer,
    pub private: &'a mut [T],
    pub operation: PhantomData<O>,
}

impl<R: Input<T>, T: Element, O: Operation<T>> Loop for StageTiles<'_, R, T, O> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(mut self) {
        let (stage, tiles) = (self.stage, self.tiles);
        if stage.inner == 1 {
            // SAFETY: the tiles are the caller's own, and with rows a tile is one element.
            let output = unsafe { self.output.slice_mut::<T>(tiles.clone()) };
            if stage.parts == 1 && (1..=BLOCK).contains(&stage.reduced) {
                let most = BLOCK / stage.reduced;
                for (row, outputs) in tiles.step_by(most).zip(output.chunks_mut(most)) {
                    let rows = self.input.elements(row * stage.reduced, outputs.len() * stage.reduced);
                    for (output, row) in outputs.iter_mut().zip(rows.chunks_exact(stage.reduced)) {
                        *output = reduce_row::<T, O>(row);
                    }
                }
                return;
            }
            for (tile, output) in tiles.zip(output) {
                let (row, index) =
                    if stage.parts == 1 { (tile, 0) } else { (tile / stage.parts, tile % stage.parts) };
                let columns = part(stage.reduced, stage.parts, index);
                let first = row * stage.reduced + columns.start;
                *output = reduce_stretch::<T, O>(&mut self.input, first, columns.len(), |element| element);
            }
            return;
        }
        for tile in tiles {
            let (row, column) = (tile / stage.across, tile % stage.across * stage.width);
            let columns = column..stage.inner.min(column + stage.width);
            let start = row * stage.inner;
            // SAFETY: the tiles are the caller's own.
            let output = unsafe { self.output.slice_mut::<T>(start + columns.start..start + columns.end) };
            let first = row / stage.parts * stage.reduced * stage.inner;
            let rows = part(stage.reduced, stage.parts, row % stage.parts);
            let strip = Strip { first, pitch: stage.inner, rows, columns };
            reduce_strip(&mut self.input, strip, &Combined(self.operation), output, self.private);
        }
    }
}
