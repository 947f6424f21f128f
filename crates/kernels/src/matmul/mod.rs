//! Matrix multiplication, the way of Goto and van de Geijn ("Anatomy of High-Performance Matrix Multiplication",
//! 2008) as BLIS arranges it.
//!
//! C is computed in tiles as large as the registers hold ([`tile`]). Along k the work is cut into blocks, so that the
//! rows of B that a tile reads, a panel, stay in the L1 cache while all tiles of its columns are computed, and the
//! panels of A stay in the L2 cache ([`blocking`]). Panels are copied into the order in which they are read
//! ([`pack`]) where that pays: A once in a phase of its own, B by each chunk just before its use. Products that fit
//! the L1 cache read both in place.
//!
//! An element of C is one chain of multiply-adds in the order of k in each block along k, and the blocks follow from k
//! alone: no tile, packing or chunk that an element falls into can change its bits.

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

use crate::arch::Portable8;
#[cfg(target_arch = "x86_64")]
use crate::arch::{Avx2x8, Avx512x16};
use crate::isa::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands, Scratch, require_size};
use block::{ALIGNMENT_SLACK, Matrices};
use blocking::{Blocking, Shape, TileSize};
pub use epilogue::Epilogue;
pub use precision::{Precision, matmul};
use tile::Tiles;

/// C = activation(A · B + bias) for each matrix of a batch, in f32, row-major, without gaps.
#[derive(Debug)]
pub struct Matmul {
    isa: Isa,
    shape: Shape,
    epilogue: Epilogue,
    blocking: Blocking,
    phases: Vec<u32>,
}

impl Matmul {
    /// # Panics
    /// When the machine lacks the instruction set, or an operand could not exist in memory.
    pub fn new(
        isa: Isa,
        batch: usize,
        m: usize,
        n: usize,
        k: usize,
        transpose_a: bool,
        transpose_b: bool,
        epilogue: Epilogue,
    ) -> Self {
        assert!(isa.is_available(), "the machine has the instruction set");
        for (rows, columns) in [(m, k), (k, n), (m, n)] {
            require_size(&[batch, rows, columns, size_of::<f32>()]);
        }
        let shape = Shape { batch, m, n, k, transpose_a, transpose_b };
        let blocking = Blocking::new(&shape, tile_size(isa, &shape));
        let chunks = if batch * m * n == 0 { 0 } else { blocking.chunks.parts as u32 };
        let phases = match blocking.pack_a {
            true => vec![blocking.pack_chunks.parts as u32, chunks],
            false => vec![chunks],
        };
        Matmul { isa, shape, epilogue, blocking, phases }
    }

    /// Packs the row panels of A of a chunk.
    ///
    /// # Safety
    /// The machine has the instruction set, and the operands have the sizes of the shape.
    unsafe fn pack_a<V: Tiles>(&self, chunk: usize, operands: &Operands<'_>) {
        let panels = self.blocking.row_panels.parts;
        for panel in self.blocking.pack_chunks.part(chunk) {
            // SAFETY: the chunk's panels are its own, the rest is the caller's.
            unsafe { self.matrices(panel / panels, operands).pack_a::<V>(panel % panels) }
        }
    }

    /// Computes the blocks of C of a chunk.
    ///
    /// # Safety
    /// The machine has the instruction set, and the operands and `panel_b` have the sizes of the shape.
    unsafe fn compute<V: Tiles>(&self, chunk: usize, operands: &Operands<'_>, panel_b: *mut f32) {
        let Blocking { block_rows, block_columns, column_panel, .. } = self.blocking;
        let Shape { n, .. } = self.shape;
        for block in self.blocking.chunks.part(chunk) {
            let (matrix, block) = (
                block / (block_rows.parts * block_columns.parts),
                block % (block_rows.parts * block_columns.parts),
            );
            let row_panels = block_rows.part(block / block_columns.parts);
            let column_panels = block_columns.part(block % block_columns.parts);
            let columns = column_panels.start * column_panel..n.min(column_panels.end * column_panel);
            let rows = self.blocking.row_panels.part(row_panels.start).start
                ..self.blocking.row_panels.part(row_panels.end - 1).end;
            // SAFETY: the block of C is the chunk's own, the rest is the caller's.
            unsafe {
                let matrices = self.matrices(matrix, operands);
                matrices.compute::<V>(row_panels, column_panels, panel_b);
                self.epilogue.activate(self.isa, matrices.c, n, rows, columns);
            }
        }
    }

    /// The matrices of one product of the batch.
    ///
    /// # Safety
    /// The operands have the sizes of the shape.
    unsafe fn matrices(&self, index: usize, operands: &Operands<'_>) -> Matrices<'_> {
        let Shape { m, n, k, .. } = self.shape;
        let &[a, b, ..] = operands.inputs else { unreachable!("checked by run") };
        // SAFETY: each operand holds a matrix for each product.
        unsafe {
            Matrices {
                shape: &self.shape,
                blocking: &self.blocking,
                a: a.pointer::<f32>().add(index * m * k),
                b: b.pointer::<f32>().add(index * k * n),
                c: operands.outputs[0].pointer::<f32>().add(index * m * n),
                bias: if self.epilogue.bias { operands.inputs[2].pointer() } else { std::ptr::null() },
                relu: self.epilogue.has_relu(),
                packed_a: match self.blocking.pack_a {
                    true => operands.shared.pointer::<f32>().add(index * m * k),
                    false => std::ptr::null_mut(),
                },
            }
        }
    }

    /// # Safety
    /// The machine has the instruction set, and the operands and `private` have the sizes of the shape.
    unsafe fn run_chunk<V: Tiles>(
        &self,
        phase: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) {
        // SAFETY: the caller's; the slack leaves room for a panel behind the aligned place.
        unsafe {
            if self.blocking.pack_a && phase == 0 {
                self.pack_a::<V>(chunk as usize, operands);
            } else {
                let panel_b = private.as_mut_ptr();
                let slack = panel_b.align_offset(64).min(ALIGNMENT_SLACK);
                self.compute::<V>(chunk as usize, operands, panel_b.wrapping_add(slack));
            }
        }
    }
}

fn tile_size(isa: Isa, shape: &Shape) -> TileSize {
    fn of<V: Tiles>(shape: &Shape) -> TileSize {
        let fits = |size: &&TileSize| shape.m <= size.rows && !shape.transpose_b;
        *V::SIZES.iter().find(fits).unwrap_or(&V::SIZES[V::SIZES.len() - 1])
    }
    match isa.vectors() {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => of::<Avx512x16>(shape),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => of::<Avx2x8>(shape),
        _ => of::<Portable8>(shape),
    }
}

impl Kernel for Matmul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        self.shape.cost()
    }

    fn scratch(&self) -> Scratch {
        let Shape { batch, m, k, .. } = self.shape;
        Scratch {
            shared: if self.blocking.pack_a { batch * m * k } else { 0 },
            private: if self.blocking.pack_b { self.blocking.panel_b() + ALIGNMENT_SLACK } else { 0 },
        }
    }

    fn run(
        &self,
        phase: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError> {
        assert!(chunk < self.phases[phase as usize], "the chunk is one of its phase");
        self.shape.check(operands, self.epilogue.bias);
        let Scratch { shared, private: needed } = self.scratch();
        assert!(
            operands.shared.elements::<f32>() >= shared && private.len() >= needed,
            "the scratch has its size"
        );
        // SAFETY: the sizes were just checked, and the instruction set in `new`.
        unsafe {
            match self.isa.vectors() {
                #[cfg(target_arch = "x86_64")]
                Isa::Avx512 => self.run_chunk::<Avx512x16>(phase, chunk, operands, private),
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => self.run_chunk::<Avx2x8>(phase, chunk, operands, private),
                _ => self.run_chunk::<Portable8>(phase, chunk, operands, private),
            }
        }
        Ok(())
    }
}
