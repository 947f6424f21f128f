//! Matrix multiplication, the way of Goto and van de Geijn ("Anatomy of High-Performance Matrix Multiplication",
//! 2008) as BLIS arranges it.
//!
//! C is computed in tiles as large as the registers hold ([`tile`]). Along k the work is cut into blocks, so that the
//! rows of B that a tile reads, a panel, stay in the L1 cache while all tiles of its columns are computed, and the
//! panels of A stay in the L2 cache ([`blocking`]). Panels are copied into the order in which they are read
//! ([`pack`]) where that pays: A once in a phase of its own, B by each chunk just before its use. Products that fit
//! the L1 cache read both in place.
//!
//! A block is computed in pieces. Sums wait for their next block along k beside one another; where a tape that reads other matrices
//! follows, a piece has few rows, and what is packed of B is kept for the pieces below.
//!
//! An element of C is one chain of multiply-adds in the order of k in each block along k, and the blocks follow from k
//! alone: no tile, packing or chunk that an element falls into can change its bits.

mod alignment;
mod block;
mod blocking;
mod epilogue;
mod pack;
mod precision;
#[cfg(target_arch = "x86_64")]
mod split;
#[cfg(test)]
mod tests;
mod tile;

use crate::isa::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands, Scratch, require_size};
pub(crate) use alignment::{ALIGNMENT_SLACK, aligned};
use block::{Matrices, UsedWithSums};
use blocking::Blocking;
pub use blocking::Shape;
pub(crate) use blocking::{BLOCK_DEPTH, CHUNK_WORK, MOST_CHUNKS, PACK_CHUNK, Split, TileSize};
pub use epilogue::Epilogue;
pub(crate) use epilogue::Finish;
#[cfg(target_arch = "x86_64")]
pub(crate) use pack::PackPanel;
pub use precision::{Precision, is_symmetric, matmul};
#[cfg(target_arch = "x86_64")]
pub(crate) use split::{AddBlock, Chains, Parts};
use std::ops::Range;
pub(crate) use tile::{Ahead, Chunk, Stretches, Tile, TileSizes, TileTask, Tiles, with_tiles};

/// C = A · B for each matrix of a batch, in f32, row-major, without gaps; or what an [`Epilogue`] makes of it.
#[derive(Debug)]
pub struct Matmul {
    isa: Isa,
    shape: Shape,
    blocking: Blocking,
    finish: Finish,
    phases: Vec<u32>,
}

impl Matmul {
    /// # Panics
    /// When the machine lacks the instruction set, or an operand could not exist in memory.
    pub fn new(isa: Isa, shape: Shape, epilogue: Epilogue) -> Self {
        assert!(epilogue.can_follow(None), "only a convolution is pooled");
        let Shape { batch, m, n, k, .. } = shape;
        assert!(isa.is_available(), "the machine has the instruction set");
        for (rows, columns) in [(m, k), (k, n), (m, n)] {
            require_size(&[batch, rows, columns, size_of::<f32>()]);
        }
        let blocking = Blocking::new(&shape, tile_size(isa, &shape), &epilogue);
        Matmul::with_blocking(isa, shape, blocking, epilogue)
    }

    fn with_blocking(isa: Isa, shape: Shape, blocking: Blocking, epilogue: Epilogue) -> Self {
        let finish =
            Finish::new(epilogue, &shape, blocking.piece_rows(), blocking.piece[1], blocking.column_panel);
        let chunks = if shape.batch * shape.m * shape.n == 0 { 0 } else { blocking.chunks.parts as u32 };
        let phases = match blocking.pack_a {
            true => vec![blocking.pack_chunks.parts as u32, chunks],
            false => vec![chunks],
        };
        Matmul { isa, shape, blocking, finish, phases }
    }

    /// Packs the row panels of A of a chunk.
    ///
    /// # Safety
    /// The machine has the instruction set, and the operands have the sizes of the shape.
    unsafe fn pack_a<V: Tiles>(&self, chunk: usize, operands: &Operands<'_>) {
        let panels = self.blocking.row_panels.parts;
        for panel in self.blocking.pack_chunks.part(chunk) {
            // SAFETY: the chunk's panels are its own, the rest is the caller's.
            unsafe {
                let matrices = self.matrices::<V>(panel / panels, operands, std::ptr::null_mut(), 0);
                matrices.pack_a::<V>(panel % panels);
            }
        }
    }

    /// Computes the blocks of C of a chunk.
    ///
    /// # Safety
    /// The machine has the instruction set, and the operands and `private` have the sizes of the shape.
    unsafe fn compute<V: Tiles>(&self, chunk: usize, operands: &Operands<'_>, private: &mut [f32]) {
        let Blocking { block_rows, block_columns, piece, .. } = self.blocking;
        for block in self.blocking.chunks.part(chunk) {
            let blocks = block_rows.parts * block_columns.parts;
            let (matrix, block) = (block / blocks, block % blocks);
            let all_rows = block_rows.part(block / block_columns.parts);
            let all_columns = block_columns.part(block % block_columns.parts);
            // Small products would notice the division of `step_by`.
            let mut columns = all_columns.start..all_columns.start;
            while columns.end < all_columns.end {
                columns = columns.end..all_columns.end.min(columns.end + piece[1]);
                let mut rows = all_rows.start..all_rows.start;
                while rows.end < all_rows.end {
                    let below = rows.end > all_rows.start;
                    rows = rows.end..all_rows.end.min(rows.end + piece[0]);
                    // SAFETY: the piece of C is the chunk's own, the rest is the caller's.
                    unsafe {
                        self.piece::<V>(matrix, rows.clone(), columns.clone(), below, operands, private)
                    };
                }
            }
        }
    }

    /// Computes some row panels and column panels of C, and what comes after their sums. `below` says that in the block it is not the first
    /// piece of these columns.
    ///
    /// # Safety
    /// The machine has the instruction set, the operands and `private` have the sizes of the shape, and nobody else uses the piece of C.
    /// Of a piece below, `private` is still what the one above left.
    unsafe fn piece<V: Tiles>(
        &self,
        matrix: usize,
        row_panels: Range<usize>,
        column_panels: Range<usize>,
        below: bool,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) {
        let blocking = &self.blocking;
        let (first_column, column_panel) = (column_panels.start, blocking.column_panel);
        let stride_waiting = column_panels.len() * column_panel;
        let split = &blocking.row_panels;
        let rows = split.part(row_panels.start).start..split.part(row_panels.end - 1).end;
        let (own, finishing) = private.split_at_mut(self.own_scratch());
        let packed_b = aligned(own.as_mut_ptr());
        let waiting = packed_b.wrapping_add(blocking.packed_b());
        let compute = |column_panels, c, stride_c| {
            // SAFETY: the caller's; sums that wait and packed B have the places of the piece.
            unsafe {
                let mut matrices = self.matrices::<V>(matrix, operands, c, stride_c);
                if blocking.sums_wait {
                    let first = rows.start * stride_waiting + first_column * column_panel;
                    matrices.waiting = waiting.wrapping_sub(first);
                    matrices.stride_waiting = stride_waiting;
                }
                matrices.packed_b = match blocking.keep_b {
                    true => packed_b.wrapping_sub(first_column * column_panel * self.shape.k),
                    false => packed_b,
                };
                matrices.packs_b = blocking.pack_b && !(blocking.keep_b && below);
                matrices.compute::<V>(row_panels.clone(), column_panels);
            }
        };
        // SAFETY: as above.
        unsafe {
            self.finish.block(
                &self.shape,
                matrix,
                rows.clone(),
                column_panels,
                column_panel,
                operands,
                finishing,
                compute,
            );
        }
    }

    /// The elements of private memory besides what the epilogue needs.
    fn own_scratch(&self) -> usize {
        match self.blocking.packed_b() + self.blocking.waiting_sums() {
            0 => 0,
            elements => elements + ALIGNMENT_SLACK,
        }
    }

    /// What a tape reads and writes of the size of C, for one product of the batch.
    fn used_with_sums(&self, matrix: usize, operands: &Operands<'_>) -> UsedWithSums {
        let Shape { batch, m, n, .. } = self.shape;
        let mut used = UsedWithSums::default();
        let all = self.finish.beside(operands).into_iter().flatten();
        for buffer in all.filter(|buffer| buffer.bytes() == batch * m * n * size_of::<f32>()) {
            let first = Some(buffer.pointer::<f32>().cast_const().wrapping_add(matrix * m * n));
            // An output may lie where an input does.
            if let Some(place) = used.iter().position(|known| known.is_none() || *known == first) {
                used[place] = first;
            }
        }
        used
    }

    /// The matrices of one product of the batch, with C as [`Matrices`] has it.
    ///
    /// # Safety
    /// The operands have the sizes of the shape.
    unsafe fn matrices<V: Tiles>(
        &self,
        index: usize,
        operands: &Operands<'_>,
        c: *mut f32,
        stride_c: usize,
    ) -> Matrices<'_> {
        let Shape { m, n, k, .. } = self.shape;
        let &[a, b, ..] = operands.inputs else { unreachable!("checked by run") };
        // SAFETY: each operand holds a matrix for each product.
        unsafe {
            Matrices {
                shape: &self.shape,
                blocking: &self.blocking,
                a: a.pointer::<f32>().add(index * m * k),
                b: b.pointer::<f32>().add(index * k * n),
                c,
                stride_c,
                waiting: c,
                stride_waiting: stride_c,
                bias: if self.finish.bias { operands.inputs[2].pointer() } else { std::ptr::null() },
                relu: self.finish.relu,
                used_with_sums: match V::ASKS_AHEAD {
                    true => self.used_with_sums(index, operands),
                    false => UsedWithSums::default(),
                },
                packed_a: match self.blocking.pack_a {
                    true => operands.shared.pointer::<f32>().add(index * m * k),
                    false => std::ptr::null_mut(),
                },
                packed_b: std::ptr::null_mut(),
                packs_b: false,
            }
        }
    }
}

impl TileTask for Chunk<'_, Matmul> {
    type Output = ();

    unsafe fn run<V: Tiles>(self) {
        let Chunk { kernel, phase, chunk, operands, private } = self;
        // SAFETY: the caller's.
        unsafe {
            if kernel.blocking.pack_a && phase == 0 {
                kernel.pack_a::<V>(chunk as usize, operands);
            } else {
                kernel.compute::<V>(chunk as usize, operands, private);
            }
        }
    }
}

fn tile_size(isa: Isa, shape: &Shape) -> TileSize {
    let sizes = TileSizes::of(isa);
    let fits = |size: &&TileSize| shape.m <= size.rows && !shape.transpose_b;
    sizes.all.iter().find(fits).copied().unwrap_or_else(|| sizes.tallest(shape.n))
}

impl Kernel for Matmul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        self.finish.cost(self.shape.cost())
    }

    fn scratch(&self) -> Scratch {
        let Shape { batch, m, k, .. } = self.shape;
        Scratch {
            shared: if self.blocking.pack_a { batch * m * k } else { 0 },
            private: self.own_scratch() + self.finish.scratch(),
        }
    }

    /// An output of the epilogue may take the place of an operand that its tape reads in full.
    fn may_alias(&self, output: usize, input: usize) -> bool {
        self.finish.may_alias(output, input)
    }

    /// Where blocks have whole rows.
    fn written(&self, phase: u32, chunk: u32) -> Option<Range<usize>> {
        let Blocking { block_rows, block_columns, row_panels, chunks, .. } = &self.blocking;
        if phase as usize + 1 < self.phases.len() || block_columns.parts > 1 {
            return None;
        }
        let start = |block: usize| {
            let (matrix, block) = (block / block_rows.parts, block % block_rows.parts);
            let row = row_panels.part(block_rows.part(block).start).start;
            (matrix * self.shape.m + row) * self.shape.n
        };
        let blocks = chunks.part(chunk as usize);
        Some(start(blocks.start)..start(blocks.end))
    }

    fn run(
        &self,
        phase: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError> {
        assert!(chunk < self.phases[phase as usize], "the chunk is one of its phase");
        self.shape.check(operands);
        self.finish.check(&self.shape, operands);
        self.scratch().require(operands, private);
        // SAFETY: the sizes were just checked, and the instruction set in `new`.
        unsafe { with_tiles(self.isa, Chunk { kernel: self, phase, chunk, operands, private }) };
        Ok(())
    }
}
