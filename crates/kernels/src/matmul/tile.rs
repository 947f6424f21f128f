//! The micro-kernel: a tile of C that stays in registers while the k loop runs.

use super::blocking::TileSize;
use crate::arch::{CACHE_LINE, Task, Vector};
use crate::isa::Isa;
use crate::kernel::Operands;

/// Steps along k by which the micro-kernel asks ahead for cache lines of A: packed panels follow one another.
const STEPS_AHEAD: usize = 32;

/// The most rows of a tile that asks for the rows of B that it reads itself, ...
pub(super) const FEW_ROWS: usize = 4;
/// ... and the rows of B by which it asks ahead.
const ROWS_AHEAD: usize = 8;

/// What the micro-kernel needs to know of a tile, besides its size.
pub(crate) struct Tile<'a> {
    pub depth: usize,
    /// The tile's rows of A, and the step to the next row where rows are strided, else the step along k.
    pub a: *const f32,
    pub stride_a: usize,
    /// The tile's columns of B, and the step along k.
    pub b: *const f32,
    pub stride_b: usize,
    /// The stretches of that depth that a sum consists of, and the steps from one to the next in A and B.
    pub stretches: Stretches,
    /// How often there are these stretches, and the steps from each time to the next.
    pub repeats: Stretches,
    /// Where the micro-kernels that pack B copy the tile's columns.
    pub packed_b: *mut f32,
    pub c: *mut f32,
    pub stride_c: usize,
    /// The columns of the tile in its last vector.
    pub last_columns: usize,
    /// The sums of the chains before, or null, and the step from one of their rows to the next.
    pub before: *const f32,
    pub stride_before: usize,
    /// The bias of the tile's columns, or null.
    pub bias: *const f32,
    pub relu: bool,
    /// What will be needed after the tile, and is asked for during its k loop.
    pub ahead: &'a [Ahead],
}

/// Parts of the terms of a sum, at constant distances in A and B.
#[derive(Clone, Copy)]
pub(crate) struct Stretches {
    pub count: usize,
    pub next_a: usize,
    pub next_b: usize,
}

impl Stretches {
    pub const ONE: Stretches = Stretches { count: 1, next_a: 0, next_b: 0 };
}

/// Rows of memory, of which the first two cache lines and the last are asked for.
#[derive(Clone, Copy)]
pub(crate) struct Ahead {
    pub from: *const f32,
    pub stride: usize,
    /// From the first element of a row to its last.
    pub last: usize,
    pub rows: usize,
}

impl Ahead {
    pub const NOTHING: Ahead = Ahead { from: std::ptr::null(), stride: 0, last: 0, rows: 0 };

    /// Asks for a row, if there are so many.
    #[inline(always)]
    fn ask<V: Vector>(&self, row: usize) {
        if row >= self.rows {
            return;
        }
        let from = self.from.wrapping_add(row * self.stride);
        // SAFETY: prefetches never fault.
        unsafe {
            V::prefetch_next(from);
            V::prefetch_next(from.wrapping_add(self.last));
            // Two lines of elements lie in three cache lines, unless they begin with one.
            if self.last > CACHE_LINE {
                V::prefetch_next(from.wrapping_add(CACHE_LINE));
            }
        }
    }
}

/// Computes a tile of some size.
///
/// # Safety
/// The machine has the instruction set, all pointers of the tile are valid for its size, and nobody else uses the
/// tile of C.
pub(crate) type ComputeTile = unsafe fn(&Tile<'_>);

/// The micro-kernels of an instruction set.
pub(crate) trait Tiles: Vector {
    /// From the widest, for a few rows of A, where B is read once and in runs of whole cache lines, to the tallest of several vectors, if
    /// there are any of several: those that fill the registers without spilling.
    const SIZES: &'static [TileSize];

    /// By rows less one, vectors less one, whether B is packed on the way, and whether the rows of A are strided (or else
    /// contiguous). Tiles of one vector may be taller than the tallest of several: each step reads an element for every row.
    const COMPUTE: &'static [&'static [[[ComputeTile; 2]; 2]]];
}

/// Work with the micro-kernels of some instruction set.
pub(crate) trait TileTask {
    type Output;

    /// # Safety
    /// The machine has the instruction set, and the task is sound.
    unsafe fn run<V: Tiles>(self) -> Self::Output;
}

/// Runs a task with the micro-kernels of an instruction set.
///
/// # Safety
/// As for [`TileTask::run`].
pub(crate) unsafe fn with_tiles<T: TileTask>(isa: Isa, task: T) -> T::Output {
    // SAFETY: the caller's.
    unsafe {
        match isa.vectors() {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => task.run::<crate::arch::Avx512x16>(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => task.run::<crate::arch::Avx2x8>(),
            _ => task.run::<crate::arch::Portable8>(),
        }
    }
}

/// The tiles of an instruction set.
#[derive(Clone, Copy)]
pub(crate) struct TileSizes {
    /// From the widest to the tallest.
    pub all: &'static [TileSize],
    /// The tallest of one vector.
    narrow: TileSize,
}

impl TileSizes {
    pub fn of(isa: Isa) -> Self {
        struct Sizes;
        impl TileTask for Sizes {
            type Output = TileSizes;

            unsafe fn run<V: Tiles>(self) -> Self::Output {
                let narrow = TileSize { rows: V::COMPUTE.len(), columns: V::LANES };
                TileSizes { all: V::SIZES, narrow }
            }
        }
        // SAFETY: constants need no machine.
        unsafe { with_tiles(isa, Sizes) }
    }

    /// The lanes of a vector.
    pub fn lanes(&self) -> usize {
        self.narrow.columns
    }

    /// The tallest for panels of so many columns in all.
    pub fn tallest(&self, columns: usize) -> TileSize {
        if columns <= self.narrow.columns { self.narrow } else { self.all[self.all.len() - 1] }
    }
}

/// One chunk of a kernel.
pub(crate) struct Chunk<'a, K> {
    pub kernel: &'a K,
    pub phase: u32,
    pub chunk: u32,
    pub operands: &'a Operands<'a>,
    pub private: &'a mut [f32],
}

/// Where the k loop has come to.
struct Place {
    a: *const f32,
    b: *const f32,
    packed_b: *mut f32,
}

struct Compute<'a, const ROWS: usize, const VECTORS: usize, const PACK: bool, const STRIDED: bool>(
    &'a Tile<'a>,
);

impl<const ROWS: usize, const VECTORS: usize, const PACK: bool, const STRIDED: bool>
    Compute<'_, ROWS, VECTORS, PACK, STRIDED>
{
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

    /// One step along k.
    #[inline(always)]
    unsafe fn step<V: Vector, const WHOLE: bool>(&self, place: &mut Place, sums: &mut [[V; VECTORS]; ROWS]) {
        let (row_step, depth_step) = if STRIDED { (self.0.stride_a, 1) } else { (1, self.0.stride_a) };
        // SAFETY: the pointers are valid for the tile's rows and columns, by the contract of `ComputeTile`.
        unsafe {
            let mut columns = [V::zero(); VECTORS];
            for vector in 0..VECTORS {
                if ROWS <= FEW_ROWS {
                    V::prefetch(place.b.wrapping_add(ROWS_AHEAD * self.0.stride_b + vector * V::LANES));
                }
                columns[vector] = self.load::<V, WHOLE>(place.b, vector);
                if PACK {
                    columns[vector].store(place.packed_b.add(vector * V::LANES));
                }
            }
            for row in 0..ROWS {
                let factor = V::splat(*place.a.add(row * row_step));
                for vector in 0..VECTORS {
                    sums[row][vector] = factor.multiply_add(columns[vector], sums[row][vector]);
                }
            }
        }
        place.a = place.a.wrapping_add(depth_step);
        place.b = place.b.wrapping_add(self.0.stride_b);
        place.packed_b = place.packed_b.wrapping_add(VECTORS * V::LANES);
    }

    #[inline(always)]
    unsafe fn two_steps<V: Vector, const WHOLE: bool>(
        &self,
        place: &mut Place,
        sums: &mut [[V; VECTORS]; ROWS],
    ) {
        for _ in 0..2 {
            // SAFETY: the caller's; prefetches never fault.
            unsafe {
                // A tile of one vector reads so many elements of A that its load slots are full.
                if V::ASKS_AHEAD && VECTORS > 1 {
                    V::prefetch(place.a.wrapping_add(STEPS_AHEAD * self.0.stride_a));
                }
                self.step::<V, WHOLE>(place, sums);
            }
        }
    }

    /// The tile's sums over its depth. Element (i, j) is one chain of multiply-adds in the order of k, wherever in the
    /// tile it lies.
    #[inline(always)]
    unsafe fn sums<V: Vector, const WHOLE: bool>(&self) -> [[V; VECTORS]; ROWS] {
        let tile = self.0;
        let mut place = Place { a: tile.a, b: tile.b, packed_b: tile.packed_b };
        let pairs = tile.depth / 2;
        // Spread over the depth: loads wait when more lines are asked for than may be under way.
        let mut asks = tile.ahead.iter().map(|ahead| ahead.rows).max().unwrap_or(0).min(pairs);
        let pace = if asks > 1 { pairs / asks } else { 1 };
        // SAFETY: the caller's.
        let mut sums = unsafe { [[V::zero(); VECTORS]; ROWS] };
        for repeat in 0..tile.repeats.count {
            for stretch in 0..tile.stretches.count {
                let (Stretches { next_a, next_b, .. }, outer) = (&tile.stretches, &tile.repeats);
                place.a = tile.a.wrapping_add(repeat * outer.next_a + stretch * next_a);
                place.b = tile.b.wrapping_add(repeat * outer.next_b + stretch * next_b);
                // SAFETY: the pointers are valid for the tile's rows, columns and depth, by the contract of `ComputeTile`.
                unsafe {
                    if STRIDED {
                        // Two steps at once would need more addresses than there are registers.
                        for _ in 0..tile.depth {
                            self.step::<V, WHOLE>(&mut place, &mut sums);
                        }
                        continue;
                    }
                    for row in 0..asks {
                        for ahead in tile.ahead {
                            ahead.ask::<V>(row);
                        }
                        for _ in 0..pace {
                            self.two_steps::<V, WHOLE>(&mut place, &mut sums);
                        }
                    }
                    for _ in asks * pace..pairs {
                        self.two_steps::<V, WHOLE>(&mut place, &mut sums);
                    }
                    if tile.depth % 2 == 1 {
                        self.step::<V, WHOLE>(&mut place, &mut sums);
                    }
                    asks = 0;
                }
            }
        }
        sums
    }

    /// Adds the chains before, applies the epilogue, and stores the tile. Each loop is small enough that the compiler
    /// unrolls it, without which the sums would live in memory.
    #[inline(always)]
    unsafe fn finish<V: Vector, const WHOLE: bool>(&self, mut sums: [[V; VECTORS]; ROWS]) {
        let tile = self.0;
        // SAFETY: the pointers are valid for the tile's rows and columns, by the contract of `ComputeTile`.
        unsafe {
            if !tile.before.is_null() {
                for row in 0..ROWS {
                    let before = tile.before.add(row * tile.stride_before);
                    for vector in 0..VECTORS {
                        sums[row][vector] = self.load::<V, WHOLE>(before, vector).add(sums[row][vector]);
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

impl<const ROWS: usize, const VECTORS: usize, const PACK: bool, const STRIDED: bool> Task
    for Compute<'_, ROWS, VECTORS, PACK, STRIDED>
{
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let tile = self.0;
        // SAFETY: the same contract.
        unsafe {
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
unsafe fn compute<
    V: Vector,
    const ROWS: usize,
    const VECTORS: usize,
    const PACK: bool,
    const STRIDED: bool,
>(
    tile: &Tile<'_>,
) {
    // SAFETY: the caller's.
    unsafe { V::enter(Compute::<ROWS, VECTORS, PACK, STRIDED>(tile)) }
}

/// The micro-kernels of a vector: for each number of rows, those of each number of vectors; then taller ones of one vector.
macro_rules! tiles {
    ($vector:ty, $([$($rows:literal)*] x $vectors:tt),*; [$($tall:literal)*]) => {
        impl Tiles for $vector {
            const SIZES: &'static [TileSize] = &[$(TileSize {
                rows: *[$($rows),*].last().expect("a number of rows"),
                columns: $vectors.len() * <$vector as Vector>::LANES,
            }),*];
            const COMPUTE: &'static [&'static [[[ComputeTile; 2]; 2]]] =
                &[$($(tiles!(@row $vector, $rows, $vectors)),*,)* $(tiles!(@row $vector, $tall, [1])),*];
        }
    };
    (@row $vector:ty, $rows:literal, [$($vectors:literal),*]) => {
        &[$([
            [compute::<$vector, $rows, $vectors, false, false>, compute::<$vector, $rows, $vectors, false, true>],
            [compute::<$vector, $rows, $vectors, true, false>, compute::<$vector, $rows, $vectors, true, true>],
        ]),*]
    };
}

tiles!(crate::arch::Portable8, [1] x [1, 2, 3], [2 3 4 5 6] x [1]; []);
#[cfg(target_arch = "x86_64")]
tiles!(crate::arch::Avx2x8, [1] x [1, 2, 3, 4, 5, 6, 7, 8], [2] x [1, 2, 3, 4], [3 4] x [1, 2, 3], [5 6] x [1, 2]; []);
#[cfg(target_arch = "x86_64")]
tiles!(
    crate::arch::Avx512x16,
    [1 2 3 4] x [1, 2, 3, 4],
    [5 6 7 8 9 10 11 12 13 14] x [1, 2]; [15 16]
);
