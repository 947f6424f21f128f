//! Matrix products of f32 as sums of products of bf16, which AMX multiplies many times as fast as f32.
//!
//! Each number is split into one, two or three bf16 parts ([`Parts`]). A is split once in a phase of its own, B by each chunk just
//! before its use, both in the order of the tiles; of the products of parts, those are summed that matter to the precision.
//! Blocks along k are summed in the tiles and then added in f32, as the kernels of [`super`] do.
//!
//! Numbers without parts (infinities, NaN, the largest and the smallest) make the panels of A or B that hold them fall back, block by
//! block along k, to chains of multiply-adds: which ones do follows from the data and the shape alone.

mod block;
mod blocking;
mod product;
#[cfg(test)]
mod tests;

use super::Precision;
use super::alignment::{ALIGNMENT_SLACK, aligned};
use super::blocking::Shape;
use super::epilogue::{Epilogue, Finish};
use crate::arch::amx::{Configured, DEPTH, Layout, Lines, PANEL, Side, pack, step_elements};
use crate::isa::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands, Scratch};
pub(crate) use block::{AddBlock, Chains};
use blocking::Blocking;
use product::{Private, Product};
use std::ops::Range;

/// How many bf16 parts a number is split into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parts {
    /// 8 bits: bf16 precision.
    One = 1,
    /// 16 bits, and the three products of parts that matter: bf16x3.
    Two = 2,
    /// All 24 bits, and the six products that matter: bf16x6, with the accuracy of f32.
    Three = 3,
}

impl Parts {
    /// The parts by which a product is faster than by multiply-adds, if any are precise enough.
    pub fn for_shape(precision: Precision, shape: &Shape) -> Option<Parts> {
        let Shape { batch, m, n, k, .. } = *shape;
        let (parts, least, least_sums) = match precision {
            Precision::Highest => (Parts::Three, 256, 1 << 20),
            Precision::High => (Parts::Two, 64, 0),
            Precision::Medium => (Parts::One, 64, 0),
        };
        (batch > 0 && m.min(n).min(k) >= least && m * n >= least_sums).then_some(parts)
    }
}

/// C = activation(A · B + bias) for each matrix of a batch, by bf16 parts. m, n and k are at least 1.
#[derive(Debug)]
pub(super) struct SplitMatmul {
    shape: Shape,
    parts: Parts,
    blocking: Blocking,
    finish: Finish,
    phases: [u32; 2],
}

impl SplitMatmul {
    /// # Panics
    /// When the machine lacks AMX or an extent is zero.
    pub fn new(shape: Shape, parts: Parts, epilogue: Epilogue) -> Self {
        assert!(Isa::Amx.is_available(), "the machine has the instruction set");
        assert!(epilogue.can_follow(None), "only a convolution is pooled");
        assert!(
            shape.batch > 0 && shape.m > 0 && shape.n > 0 && shape.k > 0,
            "there is something to multiply"
        );
        let blocking = Blocking::new(&shape);
        let phases = [blocking.pack_chunks.parts as u32, blocking.chunks.parts as u32];
        let rows = blocking.block_rows.part(0).len() * PANEL;
        let panels = blocking.block_columns.part(0).len();
        let finish = Finish::new(epilogue, &shape, rows, panels, PANEL);
        SplitMatmul { shape, parts, blocking, finish, phases }
    }

    /// The elements of all panels of A by parts, and the number of blocks of panels, of which each has a mark behind them.
    fn split_a(&self) -> (usize, usize) {
        let Blocking { steps, row_panels, depth, .. } = self.blocking;
        let panels = self.shape.batch.saturating_mul(row_panels);
        let elements = steps * step_elements(self.parts as usize);
        (panels.saturating_mul(elements), panels.saturating_mul(depth.parts))
    }

    /// The elements of a panel by parts, over a block along k.
    fn panel(&self, part: usize) -> usize {
        self.blocking.depth.part(part).len() * step_elements(self.parts as usize)
    }

    /// The places along k of a block.
    fn depth(&self, part: usize) -> Range<usize> {
        let steps = self.blocking.depth.part(part);
        steps.start * DEPTH..self.shape.k.min(steps.end * DEPTH)
    }

    /// The rows of A of some row panels, over a block along k.
    ///
    /// # Safety
    /// `a` points to a matrix of the shape.
    unsafe fn lines_a(&self, a: *const f32, panels: Range<usize>, part: usize) -> Lines {
        let Shape { m, k, transpose_a, .. } = self.shape;
        let (depth, line) = (self.depth(part), panels.start * PANEL);
        Lines {
            // SAFETY: the lines lie within the shape.
            from: unsafe { a.add(if transpose_a { depth.start * m + line } else { line * k + depth.start }) },
            contiguous: !transpose_a,
            stride: if transpose_a { m } else { k },
            count: m.min(panels.end * PANEL) - line,
            depth: depth.len(),
        }
    }

    /// The columns of B of some column panels, over a block along k.
    ///
    /// # Safety
    /// `b` points to a matrix of the shape.
    unsafe fn lines_b(&self, b: *const f32, panels: Range<usize>, part: usize) -> Lines {
        let Shape { n, k, transpose_b, .. } = self.shape;
        let (depth, line) = (self.depth(part), panels.start * PANEL);
        Lines {
            // SAFETY: the lines lie within the shape.
            from: unsafe { b.add(if transpose_b { line * k + depth.start } else { depth.start * n + line }) },
            contiguous: transpose_b,
            stride: if transpose_b { k } else { n },
            count: n.min(panels.end * PANEL) - line,
            depth: depth.len(),
        }
    }

    /// The parts of A of a row panel of a matrix and a block along k, and the mark that they stand for all elements. The panels of a
    /// block along k follow one another: at distances of powers of two they would exclude one another from the caches.
    fn parts_a(&self, shared: *mut f32, matrix: usize, panel: usize, part: usize) -> (*mut f32, *mut u32) {
        let Blocking { steps, row_panels, depth, .. } = self.blocking;
        let before = matrix * steps + depth.part(part).start;
        let place = before * row_panels * step_elements(self.parts as usize) + panel * self.panel(part);
        let mark = self.split_a().0 + (matrix * row_panels + panel) * depth.parts + part;
        (shared.wrapping_add(place), shared.wrapping_add(mark).cast())
    }

    /// Splits the rows of A of a chunk.
    ///
    /// # Safety
    /// The operands have the sizes of the shape, and the shared scratch its own.
    unsafe fn split_chunk(&self, chunk: usize, operands: &Operands<'_>, shared: *mut f32) {
        let Shape { m, k, .. } = self.shape;
        let Blocking { pack_panels, depth, .. } = self.blocking;
        let parts = self.parts as usize;
        for group in self.blocking.pack_chunks.part(chunk) {
            let (matrix, panels) = (group / pack_panels.parts, pack_panels.part(group % pack_panels.parts));
            for part in 0..depth.parts {
                // SAFETY: the panels and their marks are the chunk's own, the rest is the caller's.
                unsafe {
                    let a = operands.inputs[0].pointer::<f32>().add(matrix * m * k);
                    let lines = self.lines_a(a, panels.clone(), part);
                    let (to, _) = self.parts_a(shared, matrix, panels.start, part);
                    let whole = pack(parts, Side::A, &lines, to, &Layout::packed(parts), self.panel(part));
                    for panel in panels.clone() {
                        *self.parts_a(shared, matrix, panel, part).1 = u32::from(whole);
                    }
                }
            }
        }
    }

    /// Computes the blocks of C of a chunk.
    ///
    /// # Safety
    /// The operands have the sizes of the shape, and the scratch its own; A is split.
    unsafe fn compute_chunk(
        &self,
        chunk: usize,
        operands: &Operands<'_>,
        shared: *mut f32,
        private: &Private,
        finishing: &mut [f32],
    ) {
        let Blocking { block_rows, block_columns, .. } = self.blocking;
        let Shape { m, n, k, .. } = self.shape;
        // SAFETY: the machine has AMX, as `new` found.
        let _configured = unsafe { Configured::new() };
        for block in self.blocking.chunks.part(chunk) {
            let blocks = block_rows.parts * block_columns.parts;
            let (matrix, block) = (block / blocks, block % blocks);
            let rows = block_rows.part(block / block_columns.parts);
            let columns = block_columns.part(block % block_columns.parts);
            let compute = |columns, c, stride_c| {
                // SAFETY: the block of C is the chunk's own, the rest is the caller's.
                unsafe {
                    let product = Product {
                        kernel: self,
                        matrix,
                        a: operands.inputs[0].pointer::<f32>().add(matrix * m * k),
                        b: operands.inputs[1].pointer::<f32>().add(matrix * k * n),
                        bias: if self.finish.bias { operands.inputs[2].pointer() } else { std::ptr::null() },
                        c,
                        stride_c,
                        split_a: shared,
                        private,
                    };
                    product.compute(&rows, &columns);
                }
            };
            let block_rows = rows.start * PANEL..m.min(rows.end * PANEL);
            // SAFETY: as above.
            unsafe {
                self.finish.block(
                    &self.shape,
                    matrix,
                    block_rows,
                    columns,
                    PANEL,
                    operands,
                    finishing,
                    compute,
                );
            }
        }
    }

    /// The elements of a thread's scratch memory besides what the epilogue needs.
    fn split_scratch(&self) -> usize {
        let steps = self.blocking.depth.part(0).len();
        self.split_b() + steps * DEPTH * PANEL + PANEL * PANEL + self.partial_sums() + ALIGNMENT_SLACK
    }

    /// The elements of the parts of B of a thread.
    fn split_b(&self) -> usize {
        self.blocking.block_columns.part(0).len() * self.panel(0)
    }

    /// The elements of the sums of a thread that wait for more blocks along k.
    fn partial_sums(&self) -> usize {
        let Blocking { block_rows, block_columns, depth, .. } = self.blocking;
        match depth.parts {
            1 => 0,
            _ => block_rows.part(0).len() * block_columns.part(0).len() * PANEL * PANEL,
        }
    }

    /// The scratch memory of a thread, from the first cache line on.
    fn private(&self, memory: &mut [f32]) -> Private {
        let split_b = aligned(memory.as_mut_ptr());
        let plain_b = split_b.wrapping_add(self.split_b());
        let sums = plain_b.wrapping_add(self.blocking.depth.part(0).len() * DEPTH * PANEL);
        Private { split_b, plain_b, sums, partial_sums: sums.wrapping_add(PANEL * PANEL) }
    }
}

impl Kernel for SplitMatmul {
    fn name(&self) -> &'static str {
        match self.parts {
            Parts::One => "matmulBf16",
            Parts::Two => "matmulBf16x3",
            Parts::Three => "matmulBf16x6",
        }
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        self.finish.cost(self.shape.cost())
    }

    fn scratch(&self) -> Scratch {
        let (split_a, marks) = self.split_a();
        Scratch {
            shared: split_a.saturating_add(marks).saturating_add(ALIGNMENT_SLACK),
            private: self.split_scratch() + self.finish.scratch(),
        }
    }

    fn may_alias(&self, output: usize, input: usize) -> bool {
        self.finish.may_alias(output, input)
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
        let shared = aligned(operands.shared.pointer());
        // SAFETY: the sizes were just checked, and the instruction set in `new`.
        unsafe {
            match phase {
                0 => self.split_chunk(chunk as usize, operands, shared),
                _ => {
                    let (private, finishing) = private.split_at_mut(self.split_scratch());
                    let private = self.private(private);
                    self.compute_chunk(chunk as usize, operands, shared, &private, finishing);
                }
            }
        }
        Ok(())
    }
}
