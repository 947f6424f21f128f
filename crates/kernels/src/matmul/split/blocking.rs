//! How a product by parts is cut up, from its shape alone.

use super::super::blocking::{BLOCK_DEPTH, MOST_CHUNKS, Shape, Split};
use super::super::epilogue::MOST_SUMS;
use crate::arch::amx::{DEPTH, PANEL};

/// Multiply-adds of a chunk below which another thread is not worth its wake-up.
const CHUNK_WORK: u64 = 1 << 22;
/// Blocks that are enough for the threads of a small machine: cutting columns for more reads A from beyond the L2 cache more often.
const ENOUGH_BLOCKS: usize = 8;
/// Tiles along k that are summed in one chain: as many places as multiply-adds have in theirs.
const BLOCK_STEPS: usize = BLOCK_DEPTH / DEPTH;
/// The most row panels of a block, and column panels: its sums, and the parts of A and B of that depth, stay in the L2 cache. More rows
/// than columns, since each block splits its part of B, but only reads that of A.
const BLOCK_ROWS: usize = 16;
const BLOCK_COLUMNS: usize = 8;
// A tape takes a block whole: cut further, its panels of B could fall back by themselves, with other bits than without the tape.
const _: () = assert!(BLOCK_ROWS * BLOCK_COLUMNS * PANEL * PANEL <= MOST_SUMS);
/// The fewest column panels of a block, for which the parts of A are brought near, and the fewest row panels, for which B is split.
const LEAST_COLUMNS: usize = 4;
const LEAST_ROWS: usize = 8;
/// Row panels that are split together, so that memory is read in long runs where A is transposed.
const PACK_PANELS: usize = 4;
/// The elements of A that are split in one chunk.
const PACK_CHUNK: usize = 1 << 15;

#[derive(Clone, Copy, Debug)]
pub(super) struct Blocking {
    /// The tiles along k.
    pub steps: usize,
    /// They in blocks.
    pub depth: Split,
    pub row_panels: usize,
    /// Row panels into blocks.
    pub block_rows: Split,
    /// Column panels into blocks.
    pub block_columns: Split,
    /// The blocks of all matrices of the batch into chunks.
    pub chunks: Split,
    /// Row panels into groups that are split together.
    pub pack_panels: Split,
    /// The groups of all matrices of the batch into chunks.
    pub pack_chunks: Split,
}

impl Blocking {
    pub fn new(shape: &Shape) -> Self {
        let Shape { batch, m, n, k, .. } = *shape;
        let steps = k.div_ceil(DEPTH);
        let depth = Split::by_size(steps, BLOCK_STEPS);
        let (row_panels, column_panels) = (m.div_ceil(PANEL), n.div_ceil(PANEL));

        let work = (batch as u64).saturating_mul(m as u64).saturating_mul(n as u64).saturating_mul(k as u64);
        let wanted = (work / CHUNK_WORK).clamp(1, MOST_CHUNKS as u64) as usize;
        let enough = wanted.min(ENOUGH_BLOCKS).div_ceil(batch);
        let fewest_rows = row_panels.div_ceil(BLOCK_ROWS);
        let columns = enough.div_ceil(fewest_rows).min(column_panels / LEAST_COLUMNS);
        let block_columns = Split::new(column_panels, columns.max(column_panels.div_ceil(BLOCK_COLUMNS)));
        // Each cut through rows splits the same part of B once more: they are cut further only where columns are too few to be.
        let most_rows = if block_columns.parts == 1 { row_panels / LEAST_ROWS } else { fewest_rows };
        let block_rows = Split::new(row_panels, enough.min(most_rows).max(fewest_rows));
        let blocks = batch * block_rows.parts * block_columns.parts;
        let pack_panels = Split::by_size(row_panels, PACK_PANELS);
        let groups = batch * pack_panels.parts;
        Blocking {
            steps,
            depth,
            row_panels,
            block_rows,
            block_columns,
            chunks: Split::new(blocks, wanted),
            pack_panels,
            pack_chunks: Split::new(groups, groups.saturating_mul(PACK_PANELS * PANEL * k) / PACK_CHUNK),
        }
    }
}
