//! A block of C, computed tile by tile from panels of A and B.

use super::blocking::{Blocking, Shape};
use super::pack::PackPanel;
use super::tile::{Tile, Tiles};
use crate::arch::Vector;
use std::ops::Range;
use std::ptr::null;

/// Elements that the start of the packed panel of B may move to lie at a cache line.
pub(super) const ALIGNMENT_SLACK: usize = 16;
/// The elements of a cache line.
const LINE: usize = 16;

/// The matrices of one product of a batch.
#[derive(Clone, Copy)]
pub(super) struct Matrices<'a> {
    pub shape: &'a Shape,
    pub blocking: &'a Blocking,
    pub a: *const f32,
    pub b: *const f32,
    pub c: *mut f32,
    /// The bias of the columns, or null.
    pub bias: *const f32,
    pub relu: bool,
    /// All panels of A, where A is packed: block after block along k, in each the row panels, in each k-major.
    pub packed_a: *mut f32,
}

/// The part of B between two places along k and two along n, as it lies in memory.
struct PanelB {
    from: *const f32,
    depth: usize,
    columns: usize,
}

impl Matrices<'_> {
    /// Packs a row panel of A over all of k.
    ///
    /// # Safety
    /// The machine has the instruction set, the matrices are valid for the shape, and nobody else uses the panel.
    pub unsafe fn pack_a<V: Vector>(&self, panel: usize) {
        let Shape { m, k, transpose_a, .. } = *self.shape;
        let rows = self.blocking.row_panels.part(panel);
        for part in 0..self.blocking.depth.parts {
            let depth = self.blocking.depth.part(part);
            let from = if transpose_a { depth.start * m + rows.start } else { rows.start * k + depth.start };
            // SAFETY: rows and depth lie within A, and the panel at its place within m * k packed elements.
            unsafe {
                V::enter(PackPanel {
                    from: self.a.add(from),
                    transposed: !transpose_a,
                    stride: if transpose_a { m } else { k },
                    depth: depth.len(),
                    width: rows.len(),
                    padded: rows.len(),
                    to: self.packed_a.add(depth.start * m + rows.start * depth.len()),
                });
            }
        }
    }

    /// Computes the block of C of some row panels and some column panels.
    ///
    /// # Safety
    /// The machine has the instruction set, the matrices are valid for the shape, nobody else uses the block of C,
    /// and `packed_b` has room for a panel of B.
    pub unsafe fn compute<V: Tiles>(
        &self,
        row_panels: Range<usize>,
        column_panels: Range<usize>,
        packed_b: *mut f32,
    ) {
        let Shape { n, transpose_b, .. } = *self.shape;
        let blocking = self.blocking;
        let panels = blocking.depth.parts * column_panels.len();
        let place =
            |index: usize| (index / column_panels.len(), column_panels.start + index % column_panels.len());
        // SAFETY: the panels lie within the matrices, because their places lie within the shape.
        unsafe {
            for index in 0..panels {
                let (part, column_panel) = place(index);
                let panel = self.panel_b(part, column_panel);
                let next = (blocking.pack_b && index + 1 < panels).then(|| {
                    let (part, column_panel) = place(index + 1);
                    self.panel_b(part, column_panel)
                });

                let vectors = panel.columns.div_ceil(V::LANES);
                let padded = vectors * V::LANES;
                let (b, stride_b) = if blocking.pack_b {
                    V::enter(PackPanel {
                        from: panel.from,
                        transposed: transpose_b,
                        stride: self.stride_b(),
                        depth: panel.depth,
                        width: panel.columns,
                        padded,
                        to: packed_b,
                    });
                    (packed_b.cast_const(), padded)
                } else {
                    (panel.from, n)
                };

                let column = column_panel * blocking.column_panel;
                let last = part + 1 == blocking.depth.parts;
                for row_panel in row_panels.clone() {
                    if let Some(next) = &next {
                        self.prefetch_b::<V>(next, row_panel - row_panels.start, row_panels.len());
                    }
                    let rows = blocking.row_panels.part(row_panel);
                    let (a, stride_a, strided) = self.panel_a(part, &rows);
                    V::COMPUTE[rows.len() - 1][vectors - 1][usize::from(strided)](&Tile {
                        depth: panel.depth,
                        a,
                        stride_a,
                        b,
                        stride_b,
                        c: self.c.add(rows.start * n + column),
                        stride_c: n,
                        last_columns: panel.columns - (vectors - 1) * V::LANES,
                        accumulate: part > 0,
                        bias: if last && !self.bias.is_null() { self.bias.add(column) } else { null() },
                        relu: last && self.relu,
                    });
                }
            }
        }
    }

    /// A row panel of A in one block along k, as the micro-kernel wants it: where it starts, the stride, and whether
    /// that is the stride of its rows.
    ///
    /// # Safety
    /// A, packed where it is, is valid for the shape.
    unsafe fn panel_a(&self, part: usize, rows: &Range<usize>) -> (*const f32, usize, bool) {
        let Shape { m, k, transpose_a, .. } = *self.shape;
        let depth = self.blocking.depth.part(part);
        // SAFETY: rows and depth lie within the shape.
        unsafe {
            if self.blocking.pack_a {
                let panel = self.packed_a.add(depth.start * m + rows.start * depth.len());
                (panel.cast_const(), rows.len(), false)
            } else if transpose_a {
                (self.a.add(depth.start * m + rows.start), m, false)
            } else {
                (self.a.add(rows.start * k + depth.start), k, true)
            }
        }
    }

    /// # Safety
    /// B is valid for the shape.
    unsafe fn panel_b(&self, part: usize, column_panel: usize) -> PanelB {
        let Shape { n, k, transpose_b, .. } = *self.shape;
        let depth = self.blocking.depth.part(part);
        let column = column_panel * self.blocking.column_panel;
        let from = if transpose_b { column * k + depth.start } else { depth.start * n + column };
        PanelB {
            // SAFETY: column and depth lie within the shape.
            from: unsafe { self.b.add(from) },
            depth: depth.len(),
            columns: (n - column).min(self.blocking.column_panel),
        }
    }

    fn stride_b(&self) -> usize {
        if self.shape.transpose_b { self.shape.k } else { self.shape.n }
    }

    /// Asks for one of `parts` parts of a panel of B that will be packed next.
    ///
    /// # Safety
    /// The machine has the instruction set.
    unsafe fn prefetch_b<V: Vector>(&self, panel: &PanelB, index: usize, parts: usize) {
        let (rows, columns) =
            if self.shape.transpose_b { (panel.columns, panel.depth) } else { (panel.depth, panel.columns) };
        for row in rows * index / parts..rows * (index + 1) / parts {
            let row = panel.from.wrapping_add(row * self.stride_b());
            for column in (0..columns).step_by(LINE) {
                // SAFETY: prefetches never fault.
                unsafe { V::prefetch_next(row.wrapping_add(column)) };
            }
        }
    }
}
