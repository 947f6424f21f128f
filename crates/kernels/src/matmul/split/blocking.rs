//! How a product by parts is cut up, from its shape alone.

use super::super::blocking::{Shape, Split};
use crate::arch::amx::{DEPTH, PANEL};

/// Multiply-adds of a chunk below which another thread is not worth its wake-up.
const CHUNK_WORK: u64 = 1 << 22;
/// Fewer and larger chunks than those of multiply-adds: what they read of A and B from beyond the L2 cache is their limit.
const MOST_CHUNKS: usize = 16;
/// Tiles along k that are summed in one chain, by the number of parts: a panel of B of this depth stays in the L1 cache.
pub(crate) const BLOCK_STEPS: [usize; 3] = [8, 6, 4];
/// The most row panels of a block, and column panels: C, and the parts of A of that depth, stay in the L2 cache.
pub(super) const BLOCK_PANELS: usize = 8;
/// The fewest blocks of one panel by another that make a chunk, and the fewest column panels: what is brought near is used often.
const LEAST_BLOCK: usize = 16;
const LEAST_COLUMNS: usize = 4;
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
    pub fn new(shape: &Shape, parts: usize) -> Self {
        let Shape { batch, m, n, k, .. } = *shape;
        let steps = k.div_ceil(DEPTH);
        let depth = Split::by_size(steps, BLOCK_STEPS[parts - 1]);
        let (row_panels, column_panels) = (m.div_ceil(PANEL), n.div_ceil(PANEL));

        let work = (batch as u64).saturating_mul(m as u64).saturating_mul(n as u64).saturating_mul(k as u64);
        let most = (row_panels.saturating_mul(column_panels) / LEAST_BLOCK).clamp(1, MOST_CHUNKS);
        let wanted = (work / CHUNK_WORK).clamp(1, most as u64) as usize;
        let wanted_blocks = wanted.div_ceil(batch);
        let fewest = row_panels.div_ceil(BLOCK_PANELS);
        // Columns are cut first: each cut through rows splits the same part of B once more.
        let columns = wanted_blocks.div_ceil(fewest).min(column_panels / LEAST_COLUMNS);
        let block_columns = Split::new(column_panels, columns.max(column_panels.div_ceil(BLOCK_PANELS)));
        let block_rows = Split::new(row_panels, (wanted_blocks / block_columns.parts).max(fewest));
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
