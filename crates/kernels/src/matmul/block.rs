//! A block of C, computed tile by tile from panels of A and B.

use super::blocking::{Blocking, IN_PLACE_B, Shape};
use super::pack::PackPanel;
use super::tile::{Ahead, FEW_ROWS, Stretches, Tile, Tiles};
use crate::arch::Vector;
use crate::chunks::part;
use std::ops::Range;
use std::ptr::null;

/// Rows of B by which a tile that reads them where they lie asks ahead. Where rows lie a power of two apart, a whole panel of them would
/// not stay in the L2 cache.
const FAR_ROWS: usize = 16;

/// Where matrices of C's shape begin whose elements are used together with the sums of C, once these are complete.
pub(super) type UsedWithSums = [Option<*const f32>; 3];

/// The matrices of one product of a batch.
#[derive(Clone, Copy)]
pub(super) struct Matrices<'a> {
    pub shape: &'a Shape,
    pub blocking: &'a Blocking,
    pub a: *const f32,
    pub b: *const f32,
    /// Where the first element of C would lie, and the step from one of its rows to the next. Of C, only the block that is
    /// computed need exist.
    pub c: *mut f32,
    pub stride_c: usize,
    /// The same of the sums that wait for their next chain: in C, unless they wait elsewhere.
    pub waiting: *mut f32,
    pub stride_waiting: usize,
    /// The bias of the columns, or null.
    pub bias: *const f32,
    pub relu: bool,
    pub used_with_sums: UsedWithSums,
    /// All panels of A, where A is packed: block after block along k, in each the row panels, in each k-major.
    pub packed_a: *mut f32,
    /// Where packed panels of B go, one after the other or, where they are kept, each to its own place from the one that the first of all
    /// would have.
    pub packed_b: *mut f32,
    /// Whether they are to be packed: they are not where B is read in place, or where they are kept and there already.
    pub packs_b: bool,
}

/// The part of B between two places along k and two along n, as it lies in memory.
struct PanelB {
    from: *const f32,
    /// Which of the blocks along k.
    part: usize,
    depth: usize,
    column: usize,
    columns: usize,
    packed: *mut f32,
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
    /// and the packed panels of B are its own.
    pub unsafe fn compute<V: Tiles>(&self, row_panels: Range<usize>, column_panels: Range<usize>) {
        let panels = self.blocking.depth.parts * column_panels.len();
        // SAFETY: the panels lie within B, because their places lie within the shape; the rest is the caller's.
        unsafe {
            let panel = |index: usize| {
                // A single row panel reads B once: along its rows where they are contiguous.
                let (part, column_panel) = match self.shape.transpose_b && row_panels.len() == 1 {
                    true => (index % self.blocking.depth.parts, index / self.blocking.depth.parts),
                    false => (index / column_panels.len(), index % column_panels.len()),
                };
                self.panel_b(part, column_panels.start + column_panel)
            };
            for index in 0..panels {
                let next = (index + 1 < panels).then(|| panel(index + 1));
                self.compute_panel::<V>(row_panels.clone(), &panel(index), next.as_ref());
            }
        }
    }

    /// Computes the tiles of some row panels and one panel of B.
    ///
    /// # Safety
    /// As for `compute`.
    unsafe fn compute_panel<V: Tiles>(
        &self,
        row_panels: Range<usize>,
        panel: &PanelB,
        next: Option<&PanelB>,
    ) {
        let Shape { n, k, transpose_b, .. } = *self.shape;
        let (pack_b, packs_b) = (self.blocking.pack_b, self.packs_b);
        let vectors = panel.columns.div_ceil(V::LANES);
        let padded = vectors * V::LANES;
        let (first, last) = (panel.part == 0, panel.part + 1 == self.blocking.depth.parts);
        let waiting = self.waiting.wrapping_add(panel.column);
        let (c, stride_c) = match last {
            true => (self.c.wrapping_add(panel.column), self.stride_c),
            false => (waiting, self.stride_waiting),
        };
        // SAFETY: rows and columns lie within the matrices.
        unsafe {
            if packs_b && transpose_b {
                V::enter(PackPanel {
                    from: panel.from,
                    transposed: true,
                    stride: k,
                    depth: panel.depth,
                    width: panel.columns,
                    padded,
                    to: panel.packed,
                });
            }
            for row_panel in row_panels.clone() {
                let rows = self.blocking.row_panels.part(row_panel);
                let (a, stride_a, strided) = self.panel_a(panel.part, &rows);
                // The first tile reads the panel in place, and packs it for the others.
                let packing = packs_b && !transpose_b && row_panel == row_panels.start;
                let (b, stride_b) = match pack_b && !packing {
                    true => (panel.packed.cast_const(), padded),
                    false => (panel.from, n),
                };
                let next_c = Ahead {
                    from: c.wrapping_add(rows.end * stride_c),
                    stride: stride_c,
                    last: panel.columns - 1,
                    rows: if pack_b { rows.len() } else { 0 },
                };
                // A tile of fewer rows asks for what it reads itself.
                let from_memory = !pack_b && n * k > IN_PLACE_B && rows.len() > FEW_ROWS;
                let next_b = match next {
                    Some(next) if packs_b || from_memory => {
                        self.share(next, row_panel - row_panels.start, row_panels.len())
                    }
                    _ => Ahead::NOTHING,
                };
                // What was asked for of this panel during the one before may have left the L2 cache. By turns, since two rows are
                // read between two askings.
                let further = [0, 1].map(|odd| Ahead {
                    from: panel.from.wrapping_add((FAR_ROWS + odd) * n),
                    stride: 2 * n,
                    last: panel.columns - 1,
                    rows: if from_memory || packing {
                        panel.depth.saturating_sub(FAR_ROWS + odd).div_ceil(2)
                    } else {
                        0
                    },
                });
                let same_tile = |first: *const f32| Ahead {
                    from: first.wrapping_add(rows.start * n + panel.column),
                    stride: n,
                    last: panel.columns - 1,
                    rows: if last { rows.len() } else { 0 },
                };
                let used = self.used_with_sums.map(|first| first.map(same_tile));
                // Sums that are used are near already.
                let next_c = if used[0].is_some() { Ahead::NOTHING } else { next_c };
                let [used, second, third] = used.map(|ahead| ahead.unwrap_or(Ahead::NOTHING));
                let mut ahead = [Ahead::NOTHING; 7];
                let mut lists = 0;
                for list in [next_c, next_b, further[0], further[1], used, second, third] {
                    if list.rows > 0 {
                        ahead[lists] = list;
                        lists += 1;
                    }
                }
                V::COMPUTE[rows.len() - 1][vectors - 1][usize::from(packing)][usize::from(strided)](&Tile {
                    depth: panel.depth,
                    a,
                    stride_a,
                    b,
                    stride_b,
                    stretches: Stretches::ONE,
                    repeats: Stretches::ONE,
                    packed_b: panel.packed,
                    c: c.wrapping_add(rows.start * stride_c),
                    stride_c,
                    last_columns: panel.columns - (vectors - 1) * V::LANES,
                    before: match first {
                        true => null(),
                        false => waiting.wrapping_add(rows.start * self.stride_waiting),
                    },
                    stride_before: self.stride_waiting,
                    bias: if last && !self.bias.is_null() { self.bias.add(panel.column) } else { null() },
                    relu: last && self.relu,
                    ahead: &ahead[..lists],
                });
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
            part,
            depth: depth.len(),
            column,
            columns: (n - column).min(self.blocking.column_panel),
            packed: match self.blocking.keep_b {
                true => self.packed_b.wrapping_add(column * k + depth.start * self.blocking.column_panel),
                false => self.packed_b,
            },
        }
    }

    /// One of `shares` shares of what is needed first of a panel of B, a part of its depth.
    fn share(&self, panel: &PanelB, index: usize, shares: usize) -> Ahead {
        let Shape { n, k, transpose_b, .. } = *self.shape;
        if transpose_b {
            let depth = part(panel.depth, shares, index);
            let last = depth.len().saturating_sub(1);
            Ahead { from: panel.from.wrapping_add(depth.start), stride: k, last, rows: panel.columns }
        } else {
            let needed = if self.blocking.pack_b { panel.depth } else { panel.depth.min(FAR_ROWS) };
            let rows = part(needed, shares, index);
            let from = panel.from.wrapping_add(rows.start * n);
            Ahead { from, stride: n, last: panel.columns - 1, rows: rows.len() }
        }
    }
}
