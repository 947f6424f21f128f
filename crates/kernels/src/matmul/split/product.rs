//! A block of one product of a batch, panel by panel.

use super::SplitMatmul;
use super::block::{AddBlock, Chains};
use crate::arch::amx::{Layout, Lines, PANEL, Side, Steps, multiply, pack};
use crate::arch::{Avx512x16, Vector};
use crate::matmul::pack::PackPanel;
use std::ops::Range;
use std::ptr::null;

/// The matrices of a product, and the scratch memory.
pub(super) struct Product<'a> {
    pub kernel: &'a SplitMatmul,
    /// The number of the product in its batch.
    pub matrix: usize,
    pub a: *const f32,
    pub b: *const f32,
    /// The bias of the columns, or null.
    pub bias: *const f32,
    /// Where the first element of C would lie, and the step from one of its rows to the next: of C, only the block that is
    /// computed need exist.
    pub c: *mut f32,
    pub stride_c: usize,
    /// A by parts.
    pub split_a: *mut f32,
    pub private: &'a Private,
}

/// The private scratch memory of a thread.
pub(super) struct Private {
    /// Panels of B by parts.
    pub split_b: *mut f32,
    /// A panel of B in f32, where it is needed.
    pub plain_b: *mut f32,
    /// The sums of a row panel and a column panel.
    pub sums: *mut f32,
    /// Those of each row panel and column panel of a block, over the blocks along k before; of no size where there is one such block.
    pub partial_sums: *mut f32,
}

impl Product<'_> {
    /// Computes the block of C of some row panels and some column panels.
    ///
    /// # Safety
    /// The machine has AMX and the thread's tiles are configured; the matrices are valid for the shape and the scratch memory
    /// for its sizes; A is split, and nobody else uses the block of C.
    pub unsafe fn compute(&self, rows: &Range<usize>, columns: &Range<usize>) {
        for part in 0..self.kernel.blocking.depth.parts {
            // SAFETY: the caller's.
            unsafe { self.add(part, rows, columns) };
        }
    }

    /// Adds one block along k to the block of C.
    ///
    /// # Safety
    /// As for `compute`.
    unsafe fn add(&self, part: usize, rows: &Range<usize>, columns: &Range<usize>) {
        let (parts, steps) = (self.kernel.parts as usize, self.kernel.blocking.depth.part(part).len());
        let stride = self.kernel.panel(part);
        let layout = Layout::packed(parts);
        // SAFETY: panels lie within the shape and the scratch memory, the rest is the caller's.
        unsafe {
            let lines = self.kernel.lines_b(self.b, columns.clone(), part);
            let whole_b = pack(parts, Side::B, &lines, self.private.split_b, &layout, stride);
            for column_panel in columns.clone() {
                let lines_b = self.kernel.lines_b(self.b, column_panel..column_panel + 1, part);
                let split_b = self.private.split_b.add((column_panel - columns.start) * stride);
                let mut plain_b: *const f32 = null();
                for row_panel in rows.clone() {
                    let lines_a = self.kernel.lines_a(self.a, row_panel..row_panel + 1, part);
                    let (split_a, mark) = self.kernel.parts_a(self.split_a, self.matrix, row_panel, part);
                    let block = (column_panel - columns.start) * rows.len() + row_panel - rows.start;
                    let partial_sums = self.private.partial_sums.wrapping_add(block * PANEL * PANEL);
                    let waits = part == 0 && self.kernel.blocking.depth.parts > 1;
                    let sums = if waits { partial_sums } else { self.private.sums };
                    if whole_b && *mark == 1 {
                        multiply(parts, split_a, &layout, split_b, Steps::of(steps), sums);
                    } else {
                        if plain_b.is_null() {
                            plain_b = self.plain_b(&lines_b);
                        }
                        Avx512x16::enter(Chains { a: lines_a, b: plain_b, columns: padded(&lines_b), sums });
                    }
                    if !waits {
                        let panels = [(row_panel, lines_a.count), (column_panel, lines_b.count)];
                        self.add_block(part, partial_sums, panels);
                    }
                }
            }
        }
    }

    /// Copies a panel of B in f32, with columns filled up to whole vectors.
    ///
    /// # Safety
    /// As for `compute`.
    unsafe fn plain_b(&self, lines: &Lines) -> *const f32 {
        // SAFETY: the caller's.
        unsafe {
            Avx512x16::enter(PackPanel {
                from: lines.from,
                transposed: lines.contiguous,
                stride: lines.stride,
                depth: lines.depth,
                width: lines.count,
                padded: padded(lines),
                to: self.private.plain_b,
            });
        }
        self.private.plain_b
    }

    /// Adds the sums of a row panel and a column panel, each with its number of lines, to those of the blocks along k before, if any.
    /// The last block's go to C with what the epilogue does, others wait with those before.
    ///
    /// # Safety
    /// As for `compute`.
    unsafe fn add_block(
        &self,
        part: usize,
        partial_sums: *mut f32,
        [(row_panel, rows), (column_panel, columns)]: [(usize, usize); 2],
    ) {
        let last = part + 1 == self.kernel.blocking.depth.parts;
        let column = column_panel * PANEL;
        // SAFETY: the block lies within C, the rest is the caller's.
        unsafe {
            Avx512x16::enter(AddBlock {
                sums: self.private.sums,
                before: if part > 0 { partial_sums } else { null() },
                stride_before: PANEL,
                c: match last {
                    true => self.c.wrapping_add(row_panel * PANEL * self.stride_c + column),
                    false => partial_sums,
                },
                stride_c: if last { self.stride_c } else { PANEL },
                rows,
                columns,
                bias: if last && !self.bias.is_null() { self.bias.add(column) } else { null() },
                relu: last && self.kernel.finish.relu,
            });
        }
    }
}

/// The columns of a panel of B, filled up to whole vectors.
fn padded(lines: &Lines) -> usize {
    lines.count.next_multiple_of(Avx512x16::LANES)
}
