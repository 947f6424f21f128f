//! The micro-kernel: a tile of C that stays in registers while the k loop runs.

use super::blocking::TileSize;
use crate::arch::{Task, Vector};

/// How far ahead in packed A, whose panels follow one another, the micro-kernel asks for cache lines.
const AHEAD_A: usize = 2048;

/// What the micro-kernel needs to know of a tile, besides its size.
pub(super) struct Tile {
    pub depth: usize,
    /// The tile's rows of A, and the step to the next row where rows are strided, else the step along k.
    pub a: *const f32,
    pub stride_a: usize,
    /// The tile's columns of B, and the step along k.
    pub b: *const f32,
    pub stride_b: usize,
    pub c: *mut f32,
    pub stride_c: usize,
    /// The columns of the tile in its last vector.
    pub last_columns: usize,
    /// Whether C holds the sum of the chains before.
    pub accumulate: bool,
    /// The bias of the tile's columns, or null.
    pub bias: *const f32,
    pub relu: bool,
}

/// Computes a tile of some size.
///
/// # Safety
/// The machine has the instruction set, all pointers of the tile are valid for its size, and nobody else uses the
/// tile of C.
pub(super) type ComputeTile = unsafe fn(&Tile);

/// The micro-kernels of an instruction set.
pub(super) trait Tiles: Vector {
    /// The largest tile, which fills the registers without spilling.
    const LARGEST: TileSize;
    /// The tile for a single row of A, where B is read once: wide, so that memory is read in long runs.
    const WIDEST: TileSize;

    /// By rows less one, vectors less one, and whether the rows of A are strided (or else contiguous).
    const COMPUTE: &'static [&'static [[ComputeTile; 2]]];
}

struct Compute<'a, const ROWS: usize, const VECTORS: usize, const STRIDED: bool>(&'a Tile);

impl<const ROWS: usize, const VECTORS: usize, const STRIDED: bool> Compute<'_, ROWS, VECTORS, STRIDED> {
    /// Loads a vector of a row, of which the tile may use a part.
    #[inline(always)]
    unsafe fn load<V: Vector, const WHOLE: bool>(&self, row: *const f32, vector: usize) -> V {
        // SAFETY: the row is valid for the tile's columns, by the contract of `ComputeTile`.
        unsafe {
            let from = row.add(vector * V::LANES);
            if WHOLE || vector + 1 < VECTORS {
                V::load(from)
            } else {
                V::load_masked(from, V::mask(self.0.last_columns))
            }
        }
    }

    /// The tile's sums over its depth. Element (i, j) is one chain of multiply-adds in the order of k, wherever in the
    /// tile it lies.
    #[inline(always)]
    unsafe fn sums<V: Vector, const WHOLE: bool>(&self) -> [[V; VECTORS]; ROWS] {
        let tile = self.0;
        // SAFETY: the pointers are valid for the tile's rows, columns and depth, by the contract of `ComputeTile`.
        unsafe {
            let mut sums = [[V::zero(); VECTORS]; ROWS];
            let (row_step, depth_step) = if STRIDED { (tile.stride_a, 1) } else { (1, tile.stride_a) };
            let (mut a, mut b) = (tile.a, tile.b);
            for _ in 0..tile.depth {
                if !STRIDED {
                    V::prefetch(a.wrapping_add(AHEAD_A));
                }
                let mut columns = [V::zero(); VECTORS];
                for vector in 0..VECTORS {
                    columns[vector] = self.load::<V, WHOLE>(b, vector);
                }
                for row in 0..ROWS {
                    let factor = V::splat(*a.add(row * row_step));
                    for vector in 0..VECTORS {
                        sums[row][vector] = factor.multiply_add(columns[vector], sums[row][vector]);
                    }
                }
                a = a.wrapping_add(depth_step);
                b = b.wrapping_add(tile.stride_b);
            }
            sums
        }
    }

    /// Adds the chains before, applies the epilogue, and stores the tile. Each loop is small enough that the compiler
    /// unrolls it, without which the sums would live in memory.
    #[inline(always)]
    unsafe fn finish<V: Vector, const WHOLE: bool>(&self, mut sums: [[V; VECTORS]; ROWS]) {
        let tile = self.0;
        // SAFETY: the pointers are valid for the tile's rows and columns, by the contract of `ComputeTile`.
        unsafe {
            if tile.accumulate {
                for row in 0..ROWS {
                    let c = tile.c.add(row * tile.stride_c);
                    for vector in 0..VECTORS {
                        sums[row][vector] = self.load::<V, WHOLE>(c, vector).add(sums[row][vector]);
                    }
                }
            }
            if !tile.bias.is_null() {
                let mut bias = [V::zero(); VECTORS];
                for vector in 0..VECTORS {
                    bias[vector] = self.load::<V, WHOLE>(tile.bias, vector);
                }
                for row in 0..ROWS {
                    for vector in 0..VECTORS {
                        sums[row][vector] = sums[row][vector].add(bias[vector]);
                    }
                }
            }
            if tile.relu {
                for row in 0..ROWS {
                    for vector in 0..VECTORS {
                        // As `Unary::Relu` has it, a sum that underflowed to -0 becomes +0.
                        sums[row][vector] = sums[row][vector].relu().add(V::zero());
                    }
                }
            }
            for row in 0..ROWS {
                let c = tile.c.add(row * tile.stride_c);
                for vector in 0..VECTORS - 1 {
                    sums[row][vector].store(c.add(vector * V::LANES));
                }
                let (last, c) = (sums[row][VECTORS - 1], c.add((VECTORS - 1) * V::LANES));
                if WHOLE {
                    last.store(c);
                } else {
                    last.store_masked(c, V::mask(tile.last_columns));
                }
            }
        }
    }
}

impl<const ROWS: usize, const VECTORS: usize, const STRIDED: bool> Task
    for Compute<'_, ROWS, VECTORS, STRIDED>
{
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let tile = self.0;
        // SAFETY: the same contract; prefetches never fault.
        unsafe {
            for row in 0..ROWS {
                let c = tile.c.wrapping_add(row * tile.stride_c);
                V::prefetch(c);
                V::prefetch(c.wrapping_add(VECTORS * V::LANES - 1));
            }
            if tile.last_columns == V::LANES {
                self.finish::<V, true>(self.sums::<V, true>());
            } else {
                self.finish::<V, false>(self.sums::<V, false>());
            }
        }
    }
}

/// # Safety
/// As for [`ComputeTile`].
unsafe fn compute<V: Vector, const ROWS: usize, const VECTORS: usize, const STRIDED: bool>(tile: &Tile) {
    // SAFETY: the caller's.
    unsafe { V::enter(Compute::<ROWS, VECTORS, STRIDED>(tile)) }
}

/// The micro-kernels of a vector: those of one row, up to the widest, then those of each other number of rows.
macro_rules! tiles {
    ($vector:ty, [$($widest:literal),*], [$($rows:literal)*] x $vectors:tt) => {
        impl Tiles for $vector {
            const LARGEST: TileSize =
                TileSize { rows: 1 + [$($rows),*].len(), columns: $vectors.len() * <$vector as Vector>::LANES };
            const WIDEST: TileSize = TileSize { rows: 1, columns: [$($widest),*].len() * <$vector as Vector>::LANES };
            const COMPUTE: &'static [&'static [[ComputeTile; 2]]] =
                &[tiles!(@row $vector, 1, [$($widest),*]), $(tiles!(@row $vector, $rows, $vectors)),*];
        }
    };
    (@row $vector:ty, $rows:literal, [$($vectors:literal),*]) => {
        &[$([compute::<$vector, $rows, $vectors, false>, compute::<$vector, $rows, $vectors, true>]),*]
    };
}

tiles!(crate::arch::Portable8, [1, 2, 3], [2 3 4 5 6] x [1]);
#[cfg(target_arch = "x86_64")]
tiles!(crate::arch::Avx2x8, [1, 2, 3, 4, 5, 6, 7, 8], [2 3 4 5 6] x [1, 2]);
#[cfg(target_arch = "x86_64")]
tiles!(crate::arch::Avx512x16, [1, 2, 3, 4, 5, 6, 7, 8], [2 3 4 5 6 7 8 9 10 11 12 13 14] x [1, 2]);
