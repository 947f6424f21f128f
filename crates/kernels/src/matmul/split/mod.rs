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
#[cfg(test)]
mod tests;

use super::Precision;
use super::blocking::Shape;
use super::epilogue::{Epilogue, Finish};
use super::pack::PackPanel;
use crate::arch::amx::{Configured, DEPTH, PANEL, Panel, Side, multiply, pack, step_elements};
use crate::arch::{Avx512x16, Vector};
use crate::isa::Isa;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch};
use block::{AddBlock, Chains};
use blocking::Blocking;
use std::ops::Range;

/// f32 elements to move the start of scratch memory to a cache line.
const ALIGNMENT_SLACK: usize = 16;
/// The elements of a cache line.
const LINE: usize = 16;

/// How many bf16 parts a number is split into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parts {
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
        let (parts, least) = match precision {
            Precision::Highest => (Parts::Three, 256),
            Precision::High => (Parts::Two, 64),
            Precision::Medium => (Parts::One, 32),
        };
        (batch > 0 && m.min(n).min(k) >= least).then_some(parts)
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

/// The private scratch memory of a thread.
struct Private {
    /// A panel of B by parts.
    split_b: *mut f32,
    /// The same panel in f32, where it is needed.
    plain_b: *mut f32,
    /// A block of sums.
    sums: *mut f32,
}

/// Where the first element of C would lie, and the step from one of its rows to the next. Of C, only the block that is computed
/// need exist.
#[derive(Clone, Copy)]
struct Place {
    c: *mut f32,
    stride: usize,
}

impl SplitMatmul {
    /// # Panics
    /// When the machine lacks AMX or an extent is zero.
    pub fn new(shape: Shape, parts: Parts, epilogue: Epilogue) -> Self {
        assert!(Isa::Amx.is_available(), "the machine has the instruction set");
        assert!(
            shape.batch > 0 && shape.m > 0 && shape.n > 0 && shape.k > 0,
            "there is something to multiply"
        );
        let blocking = Blocking::new(&shape, parts as usize);
        let phases = [blocking.pack_chunks.parts as u32, blocking.chunks.parts as u32];
        let rows = blocking.block_rows.part(0).len() * PANEL;
        let panels = blocking.block_columns.part(0).len();
        let finish = Finish::new(epilogue, &shape, rows, panels, PANEL);
        SplitMatmul { shape, parts, blocking, finish, phases }
    }

    /// The elements of a panel of A by parts.
    fn panel_a(&self) -> usize {
        self.blocking.steps * step_elements(self.parts as usize)
    }

    /// The elements of all panels of A by parts, and the number of blocks of panels, of which each has a mark behind them.
    fn split_a(&self) -> (usize, usize) {
        let panels = self.shape.batch.saturating_mul(self.blocking.row_panels);
        (panels.saturating_mul(self.panel_a()), panels.saturating_mul(self.blocking.depth.parts))
    }

    /// The places along k of a block.
    fn depth(&self, part: usize) -> Range<usize> {
        let steps = self.blocking.depth.part(part);
        steps.start * DEPTH..self.shape.k.min(steps.end * DEPTH)
    }

    /// The part of A of a row panel and a block along k, in f32.
    ///
    /// # Safety
    /// `a` points to a matrix of the shape.
    unsafe fn plain_a(&self, a: *const f32, panel: usize, part: usize) -> Panel {
        let Shape { m, k, transpose_a, .. } = self.shape;
        let (depth, line) = (self.depth(part), panel * PANEL);
        Panel {
            // SAFETY: the panel lies within the shape.
            from: unsafe { a.add(if transpose_a { depth.start * m + line } else { line * k + depth.start }) },
            contiguous: !transpose_a,
            stride: if transpose_a { m } else { k },
            lines: PANEL.min(m - line),
            depth: depth.len(),
        }
    }

    /// The part of B of a column panel and a block along k, in f32.
    ///
    /// # Safety
    /// `b` points to a matrix of the shape.
    unsafe fn plain_b(&self, b: *const f32, panel: usize, part: usize) -> Panel {
        let Shape { n, k, transpose_b, .. } = self.shape;
        let (depth, line) = (self.depth(part), panel * PANEL);
        Panel {
            // SAFETY: the panel lies within the shape.
            from: unsafe { b.add(if transpose_b { line * k + depth.start } else { depth.start * n + line }) },
            contiguous: transpose_b,
            stride: if transpose_b { k } else { n },
            lines: PANEL.min(n - line),
            depth: depth.len(),
        }
    }

    /// Splits the row panels of A of a chunk, and marks the blocks whose parts stand for all elements.
    ///
    /// # Safety
    /// The operands have the sizes of the shape, and the shared scratch its own.
    unsafe fn split_chunk(&self, chunk: usize, operands: &Operands<'_>, shared: *mut f32) {
        let Shape { m, k, .. } = self.shape;
        let parts = self.parts as usize;
        for panel in self.blocking.pack_chunks.part(chunk) {
            let (matrix, row_panel) = (panel / self.blocking.row_panels, panel % self.blocking.row_panels);
            for part in 0..self.blocking.depth.parts {
                // SAFETY: the panel and its marks are the chunk's own, the rest is the caller's.
                unsafe {
                    let a = operands.inputs[0].pointer::<f32>().add(matrix * m * k);
                    let to = shared.add(
                        panel * self.panel_a() + self.blocking.depth.part(part).start * step_elements(parts),
                    );
                    let whole = pack(parts, Side::A, self.plain_a(a, row_panel, part), to);
                    let marks = shared.add(self.split_a().0).cast::<u32>();
                    *marks.add(panel * self.blocking.depth.parts + part) = u32::from(whole);
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
        let Shape { m, n, .. } = self.shape;
        // SAFETY: the machine has AMX, as `new` found.
        let _configured = unsafe { Configured::new() };
        for block in self.blocking.chunks.part(chunk) {
            let blocks = block_rows.parts * block_columns.parts;
            let (matrix, block) = (block / blocks, block % blocks);
            let rows = block_rows.part(block / block_columns.parts);
            let columns = block_columns.part(block % block_columns.parts);
            // SAFETY: the block of C is the chunk's own, the rest is the caller's.
            unsafe {
                let Some(tape) = &self.finish.tape else {
                    let c = operands.outputs[0].pointer::<f32>().add(matrix * m * n);
                    self.compute_block(
                        matrix,
                        rows,
                        columns,
                        Place { c, stride: n },
                        operands,
                        shared,
                        private,
                    );
                    continue;
                };
                let extent = |panels: &Range<usize>, length: usize| {
                    panels.start * PANEL..length.min(panels.end * PANEL)
                };
                let block_rows = extent(&rows, m);
                for first in columns.clone().step_by(tape.panels) {
                    let panels = first..columns.end.min(first + tape.panels);
                    let columns = extent(&panels, n);
                    let (sums, slots) = finishing.split_at_mut(tape.sums);
                    let stride = columns.len();
                    let c = sums.as_mut_ptr().wrapping_sub(block_rows.start * stride + columns.start);
                    let place = Place { c, stride };
                    self.compute_block(matrix, rows.clone(), panels, place, operands, shared, private);
                    let sums = Buffer::new(sums.as_mut_ptr().cast(), size_of_val(sums));
                    let rows = matrix * m + block_rows.start..matrix * m + block_rows.end;
                    self.finish.run(tape, rows, columns, sums, operands, slots);
                }
            }
        }
    }

    /// Computes the block of C of some row panels and some column panels.
    ///
    /// # Safety
    /// As for `compute_chunk`, the thread's tiles are configured, and the block has its place.
    unsafe fn compute_block(
        &self,
        matrix: usize,
        rows: Range<usize>,
        columns: Range<usize>,
        block: Place,
        operands: &Operands<'_>,
        shared: *mut f32,
        private: &Private,
    ) {
        let panels = self.blocking.depth.parts * columns.len();
        let place = |index: usize| (index / columns.len(), columns.start + index % columns.len());
        for index in 0..panels {
            let next = (index + 1 < panels).then(|| place(index + 1));
            // SAFETY: the caller's.
            unsafe {
                self.compute_panel(
                    matrix,
                    place(index),
                    next,
                    rows.clone(),
                    block,
                    operands,
                    shared,
                    private,
                );
            }
        }
    }

    /// Adds one block along k to the blocks of C of one column panel, `place`, and some row panels; the panel of B at `next`
    /// will be needed after it.
    ///
    /// # Safety
    /// As for `compute_chunk`, and the thread's tiles are configured.
    unsafe fn compute_panel(
        &self,
        matrix: usize,
        (part, column_panel): (usize, usize),
        next: Option<(usize, usize)>,
        row_panels: Range<usize>,
        place: Place,
        operands: &Operands<'_>,
        shared: *mut f32,
        private: &Private,
    ) {
        let Shape { m, n, k, .. } = self.shape;
        let (parts, steps) = (self.parts as usize, self.blocking.depth.part(part));
        let last = part + 1 == self.blocking.depth.parts;
        // SAFETY: panels lie within the shape and the scratch has their sizes.
        unsafe {
            let a = operands.inputs[0].pointer::<f32>().add(matrix * m * k);
            let b = operands.inputs[1].pointer::<f32>().add(matrix * k * n);
            let marks = shared.add(self.split_a().0).cast::<u32>();
            let panel_b = self.plain_b(b, column_panel, part);
            let whole_b = pack(parts, Side::B, panel_b, private.split_b);
            let mut has_plain_b = false;
            let columns = panel_b.lines.next_multiple_of(Avx512x16::LANES);
            let next = next.map(|(part, column_panel)| self.plain_b(b, column_panel, part));
            for row_panel in row_panels.clone() {
                if let Some(next) = &next {
                    prefetch_panel(next, row_panel - row_panels.start, row_panels.len());
                }
                let panel = matrix * self.blocking.row_panels + row_panel;
                let panel_a = self.plain_a(a, row_panel, part);
                if whole_b && *marks.add(panel * self.blocking.depth.parts + part) == 1 {
                    let split_a = shared.add(panel * self.panel_a() + steps.start * step_elements(parts));
                    multiply(parts, split_a, private.split_b, steps.len(), private.sums);
                } else {
                    if !has_plain_b {
                        Avx512x16::enter(PackPanel {
                            from: panel_b.from,
                            transposed: panel_b.contiguous,
                            stride: panel_b.stride,
                            depth: panel_b.depth,
                            width: panel_b.lines,
                            padded: columns,
                            to: private.plain_b,
                        });
                        has_plain_b = true;
                    }
                    Avx512x16::enter(Chains { a: panel_a, b: private.plain_b, columns, sums: private.sums });
                }
                let column = column_panel * PANEL;
                let bias = last && self.finish.bias;
                Avx512x16::enter(AddBlock {
                    sums: private.sums,
                    c: place.c.wrapping_add(row_panel * PANEL * place.stride + column),
                    stride_c: place.stride,
                    rows: panel_a.lines,
                    columns: panel_b.lines,
                    accumulate: part > 0,
                    bias: if bias {
                        operands.inputs[2].pointer::<f32>().add(column)
                    } else {
                        std::ptr::null()
                    },
                    relu: last && self.finish.relu,
                });
            }
        }
    }

    /// The elements of a thread's scratch memory besides what the epilogue needs.
    fn split_scratch(&self) -> usize {
        let steps = self.blocking.depth.part(0).len();
        steps * (step_elements(self.parts as usize) + DEPTH * PANEL) + PANEL * PANEL + ALIGNMENT_SLACK
    }

    /// The scratch memory of a thread, from the first cache line on.
    fn private(&self, memory: &mut [f32]) -> Private {
        let steps = self.blocking.depth.part(0).len();
        let split = steps * step_elements(self.parts as usize);
        let split_b = aligned(memory.as_mut_ptr());
        let plain_b = split_b.wrapping_add(split);
        Private { split_b, plain_b, sums: plain_b.wrapping_add(steps * DEPTH * PANEL) }
    }
}

/// Asks for one of `parts` parts of a panel that will be split next.
///
/// # Safety
/// The machine has the instruction set.
unsafe fn prefetch_panel(panel: &Panel, index: usize, parts: usize) {
    let (rows, columns) =
        if panel.contiguous { (panel.lines, panel.depth) } else { (panel.depth, panel.lines) };
    for row in rows * index / parts..rows * (index + 1) / parts {
        let row = panel.from.wrapping_add(row * panel.stride);
        for column in (0..columns).step_by(LINE).chain([columns - 1]) {
            // SAFETY: prefetches never fault.
            unsafe { Avx512x16::prefetch_next(row.wrapping_add(column)) };
        }
    }
}

/// The first cache line at or after an address.
fn aligned(memory: *mut f32) -> *mut f32 {
    memory.wrapping_add(memory.align_offset(64).min(ALIGNMENT_SLACK))
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
        let scratch = self.scratch();
        assert!(
            operands.shared.elements::<f32>() >= scratch.shared && private.len() >= scratch.private,
            "the scratch has its size"
        );
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
