//! How a matrix product is cut up, from its shape and the instruction set alone.

use super::epilogue::{Epilogue, MOST_SUMS};
use super::tile::FEW_ROWS;
use crate::kernel::{Cost, Operands};
use crate::lanes::GROUP;
use std::ops::Range;

/// Multiply-adds of a chunk below which another thread is not worth its wake-up.
pub(crate) const CHUNK_WORK: u64 = 1 << 20;
/// Enough chunks for a machine of many cores, few enough that claiming them costs nothing.
pub(crate) const MOST_CHUNKS: usize = 32;
/// Terms of a sum that are added in one chain: a panel of B of this depth stays in the L1 cache.
pub(crate) const BLOCK_DEPTH: usize = 256;
/// The most rows of packed A, of that depth, that stay in the L2 cache.
const MOST_BLOCK_ROWS: usize = 336;
/// The rows of a piece of C, where C has more than `MOST_SUMS` elements and a tape reads other matrices beside it: the elements of these rows
/// in all matrices stay in the L2 cache, even where rows lie a power of two apart. Packed B is kept for the pieces below then, ...
const PIECE_ROWS: usize = 28;
/// ... so many elements of it, if that makes so many columns at least, ...
const KEPT_B: usize = 1 << 17;
const KEPT_B_COLUMNS: usize = 128;
/// ... for at most so many rows: as A is read once for many columns, it need not stay in the L2 cache.
const KEPT_B_ROWS: usize = 1050;
/// The fewest rows of a block, over which the cost of packing B is spread.
const BLOCK_ROWS: usize = 128;
/// The fewest columns of a block, over which the cost of bringing packed A into the L2 cache is spread.
const BLOCK_COLUMNS: usize = 64;
/// The same for a single row of A, which leaves B the whole cost: as many columns as share a page of memory.
const PAGE_COLUMNS: usize = 1024;
/// A panel of B that is read in place must stay in the L1 cache whole.
pub(super) const IN_PLACE_B: usize = 8192;
/// Packing A costs about half a cycle an element; it pays where more columns than these reuse it, ...
const IN_PLACE_COLUMNS: usize = 64;
/// ... unless all of A stays in the L1 cache, ...
const IN_PLACE_A: usize = 4096;
/// ... or all of A, B and C in the L2 cache, ...
const IN_PLACE: usize = 1 << 18;
/// ... except rows whose distance in memory is a multiple of this one, which exclude one another from the L1 cache.
const CONFLICT: usize = 1024;
/// The elements of A, or of a convolution's weights, that are packed in one chunk.
pub(crate) const PACK_CHUNK: usize = 1 << 14;

/// A length cut into parts whose sizes differ by one at most, so that no leftover part runs at half speed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    pub parts: usize,
    /// The length of the shorter parts, and how many are longer by one.
    each: usize,
    longer: usize,
}

impl Split {
    pub fn new(length: usize, parts: usize) -> Self {
        let parts = parts.clamp(1, length.max(1));
        Split { parts, each: length / parts, longer: length % parts }
    }

    /// The fewest parts of at most `size`; one empty part of an empty length.
    pub fn by_size(length: usize, size: usize) -> Self {
        Split::new(length, length.div_ceil(size))
    }

    pub fn length(&self) -> usize {
        self.parts * self.each + self.longer
    }

    pub fn part(&self, index: usize) -> Range<usize> {
        let start = |index: usize| index * self.each + index.min(self.longer);
        start(index)..start(index + 1)
    }
}

/// The shape of a product of (batches of) an m by k matrix and a k by n matrix, either stored transposed.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub batch: usize,
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub transpose_a: bool,
    pub transpose_b: bool,
}

impl Shape {
    /// The shape of Bᵀ · Aᵀ, which is (A · B)ᵀ.
    pub fn transposed(self) -> Shape {
        let Shape { batch, m, n, k, transpose_a, transpose_b } = self;
        Shape { batch, m: n, n: m, k, transpose_a: !transpose_b, transpose_b: !transpose_a }
    }

    pub(crate) fn cost(&self) -> Cost {
        let Shape { batch, m, n, k, .. } = *self;
        let product = |extents: [usize; 3]| {
            extents.iter().fold(batch as u64, |size, &extent| size.saturating_mul(extent as u64))
        };
        Cost {
            flops: product([m, n, k]).saturating_mul(2),
            bytes: [[m, k, 4], [k, n, 4], [m, n, 4]].into_iter().map(product).fold(0, u64::saturating_add),
        }
    }

    /// # Panics
    /// When A or B has another size than that of the shape.
    pub(crate) fn check(&self, operands: &Operands<'_>) {
        let Shape { batch, m, n, k, .. } = *self;
        operands.require_input(0, batch * m * k, "A");
        operands.require_input(1, batch * k * n, "B");
    }
}

/// The largest tile of C that the registers hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TileSize {
    pub rows: usize,
    pub columns: usize,
}

/// The cuts of one product.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocking {
    /// k into the chains of terms that are added without a rounding to memory in between.
    pub depth: Split,
    /// m into panels of at most a tile's rows.
    pub row_panels: Split,
    /// n into panels of a tile's columns, of which the last may be narrower.
    pub column_panel: usize,
    /// Row panels into blocks.
    pub block_rows: Split,
    /// Column panels into blocks.
    pub block_columns: Split,
    /// The blocks of all matrices of the batch into chunks.
    pub chunks: Split,
    pub pack_a: bool,
    pub pack_b: bool,
    /// The most row panels and column panels of a piece of a block, which is computed and finished before the next.
    pub piece: [usize; 2],
    /// Whether the panels of B that are packed for a piece serve the pieces below as well.
    pub keep_b: bool,
    /// Whether sums wait for their next chain beside one another: in C, rows that lie a power of two apart would exclude one another
    /// from the caches.
    pub sums_wait: bool,
    /// The row panels of all matrices of the batch into the chunks of the phase that packs A.
    pub pack_chunks: Split,
}

impl Blocking {
    pub fn new(shape: &Shape, tile: TileSize, epilogue: &Epilogue) -> Self {
        let Shape { batch, m, n, k, transpose_a, .. } = *shape;
        let depth = Split::by_size(k, BLOCK_DEPTH);
        let row_panels = Split::by_size(m, tile.rows);
        let column_panels = n.div_ceil(tile.columns).max(1);

        let work = (batch as u64).saturating_mul(m as u64).saturating_mul(n as u64).saturating_mul(k as u64);
        let wanted = (work / CHUNK_WORK).clamp(1, MOST_CHUNKS as u64) as usize;
        let wanted_blocks = wanted.div_ceil(batch.max(1));
        // Columns are cut first: each cut through rows packs the same part of B once more, so half as many blocks will do.
        let narrowest = if m == 1 { PAGE_COLUMNS } else { BLOCK_COLUMNS }.div_ceil(tile.columns);
        let pack_b = shape.transpose_b || (row_panels.parts > 1 && n * k > IN_PLACE_B);
        let keep_b = epilogue.reads_matrices() && pack_b && m * n > MOST_SUMS && KEPT_B_COLUMNS * k <= KEPT_B;
        let fewest = row_panels.parts.div_ceil(MOST_BLOCK_ROWS / tile.rows);
        let block_columns =
            Split::new(column_panels, (wanted_blocks / fewest).min(column_panels / narrowest));
        let more = (wanted_blocks / 2 / block_columns.parts).min(m / BLOCK_ROWS);
        let most_rows = if keep_b { KEPT_B_ROWS } else { MOST_BLOCK_ROWS };
        let block_rows =
            Split::new(row_panels.parts, more.max(row_panels.parts.div_ceil(most_rows / tile.rows)));
        let blocks = batch * block_rows.parts * block_columns.parts;

        // More than a few rows wait for a B from memory, unless what is next is asked for: tiles of strided rows do not.
        let near = transpose_a || m <= FEW_ROWS || n * k <= IN_PLACE;
        let small = (m * k <= IN_PLACE_A && near)
            || (m * k + n * k + m * n <= IN_PLACE && (transpose_a || k % CONFLICT != 0));
        let pack_a = n > IN_PLACE_COLUMNS && !small;
        let sums_wait = depth.parts > 1 && epilogue.tape.is_none();
        let [rows, columns] = [block_rows, block_columns].map(|split| split.part(0).len());
        let piece = if keep_b {
            // Whole groups of lanes, as a tape computes no fewer.
            let group = GROUP.div_ceil(tile.columns);
            let most = KEPT_B / k.max(1) / tile.columns / group * group;
            let even = columns.div_ceil(columns.div_ceil(most)).next_multiple_of(group);
            [PIECE_ROWS / tile.rows, even]
        } else if sums_wait {
            [rows, MOST_SUMS / (rows * tile.rows * tile.columns)]
        } else {
            [rows, columns]
        };
        Blocking {
            depth,
            row_panels,
            column_panel: tile.columns,
            block_rows,
            block_columns,
            chunks: Split::new(blocks, wanted),
            pack_a,
            pack_b,
            piece: [piece[0].clamp(1, rows), piece[1].clamp(1, columns)],
            keep_b,
            sums_wait,
            pack_chunks: Split::new(batch * row_panels.parts, batch * m * k / PACK_CHUNK),
        }
    }

    /// The most elements of packed B at a time: the columns of a piece over all of k where they are kept, or else a panel.
    pub fn packed_b(&self) -> usize {
        match (self.keep_b, self.pack_b) {
            (true, _) => self.piece[1] * self.column_panel * self.depth.length(),
            (false, true) => self.column_panel * self.depth.part(0).len(),
            (false, false) => 0,
        }
    }

    /// The most rows of a piece.
    pub fn piece_rows(&self) -> usize {
        self.piece[0] * self.row_panels.part(0).len()
    }

    /// The most sums that wait for their next chain outside of C.
    pub fn waiting_sums(&self) -> usize {
        if self.sums_wait { self.piece_rows() * self.piece[1] * self.column_panel } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, Binary, Dtype, Elementwise, Isa, LaneOp, Segment, Source, TapeOp};

    const TILE: TileSize = TileSize { rows: 14, columns: 32 };

    fn blocking(batch: usize, [m, n, k]: [usize; 3]) -> Blocking {
        let shape = Shape { batch, m, n, k, transpose_a: false, transpose_b: false };
        Blocking::new(&shape, TILE, &Epilogue::default())
    }

    #[test]
    fn small_products_are_one_chunk_read_in_place() {
        for shape in [[32, 64, 64], [64, 64, 32], [128, 10, 256]] {
            let blocking = blocking(1, shape);
            assert_eq!(blocking.chunks.parts, 1);
            assert!(!blocking.pack_a && !blocking.pack_b);
        }
    }

    #[test]
    fn large_products_have_chunks_for_many_threads() {
        for shape in
            [[256, 1000, 4096], [256, 4096, 4096], [4096, 4096, 256], [1 << 20, 10, 256], [256, 10, 1 << 20]]
        {
            let chunks = blocking(1, shape).chunks.parts;
            assert!((2..=MOST_CHUNKS).contains(&chunks), "{shape:?} has {chunks} chunks");
        }
        assert_eq!(blocking(1000, [64, 64, 64]).chunks.parts, MOST_CHUNKS);
    }

    /// A tape that adds a matrix.
    fn residual(m: usize, n: usize) -> Epilogue {
        let add = TapeOp {
            op: LaneOp::Binary(Binary::Add),
            operands: vec![Source::Input(0), Source::Input(1)],
            register: 0,
        };
        let (float, access) = (Dtype::Float32, vec![Access::Full; 2]);
        let segment = Segment { rows: m, columns: n, access };
        let tape =
            Elementwise::new(Isa::Portable, vec![add], vec![float; 2], vec![(float, 0)], vec![segment]);
        Epilogue { tape: Some(tape), ..Epilogue::default() }
    }

    #[test]
    fn scratch_memory_has_the_panels_and_sums_of_a_piece() {
        let mut kept = [0; 2];
        for [m, n, k] in [
            [4096, 4096, 256],
            [4096, 4096, 700],
            [3000, 3100, 1000],
            [10_000, 1000, 1024],
            [1024, 4096, 256],
            [500, 500, 30],
            [400, 340, 70],
            [322, 5000, 3000],
            [1, 70_000, 600],
        ] {
            for (rows, columns) in [(14, 32), (6, 16), (6, 8), (16, 16), (4, 64)] {
                for epilogue in [Epilogue::default(), residual(m, n)] {
                    let shape = Shape { batch: 1, m, n, k, transpose_a: true, transpose_b: false };
                    let blocking = Blocking::new(&shape, TileSize { rows, columns }, &epilogue);
                    let Blocking { depth, piece, keep_b, .. } = blocking;
                    let block = blocking.block_columns.part(0).len();
                    assert!(piece[0] <= blocking.block_rows.part(0).len() && piece[1] <= block);
                    if keep_b {
                        assert!(blocking.packed_b() <= KEPT_B && piece[0] * rows <= PIECE_ROWS);
                        let pieces = block.div_ceil(piece[1]);
                        kept[usize::from(pieces > 1)] += 1;
                        // The last part of the last panel, as panels lie.
                        let last = depth.part(depth.parts - 1);
                        let end = (piece[1] - 1) * columns * k + last.start * columns + last.len() * columns;
                        assert!(end <= blocking.packed_b());
                        assert!(pieces == 1 || (piece[1] * columns).is_multiple_of(GROUP));
                    } else if blocking.pack_b {
                        assert_eq!(blocking.packed_b(), depth.part(0).len() * columns);
                    }
                    let waits = epilogue.tape.is_none() && depth.parts > 1;
                    let sums = piece[0] * blocking.row_panels.part(0).len() * piece[1] * columns;
                    assert_eq!(blocking.waiting_sums(), if waits { sums } else { 0 });
                    assert!(!waits || sums <= MOST_SUMS || piece[1] == 1);
                }
            }
        }
        assert!(kept.iter().all(|&count| count > 3), "{kept:?} with one piece and more across a block");
    }

    #[test]
    fn parts_differ_by_one_at_most() {
        for (length, size) in [(0, 4), (1, 4), (128, 14), (257, 14), (4096, 256)] {
            let split = Split::by_size(length, size);
            let sizes: Vec<usize> = (0..split.parts).map(|index| split.part(index).len()).collect();
            assert_eq!(sizes.iter().sum::<usize>(), length);
            let (least, most) = (sizes.iter().min().copied(), sizes.iter().max().copied());
            assert!(most <= Some(size) && most <= least.map(|least| least + 1));
        }
    }
}
