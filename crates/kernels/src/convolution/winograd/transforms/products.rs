//! Of products, to targets.

use super::super::tiling::{SOURCES, TARGETS};
use super::{Lanes, OverPlanes};
use crate::arch::{MAX_LANES, Vector};

/// Aᵀ m of one column of a tile of products m, or of a row: (m₀ + m₁ + m₂, m₁ - m₂ - m₃).
#[inline(always)]
unsafe fn of_products<V: Vector>([a, b, c, d]: [V; SOURCES]) -> [V; TARGETS] {
    // SAFETY: the caller's.
    unsafe { [a.add(b.add(c)), b.subtract(c).subtract(d)] }
}

/// Aᵀ m A of a line of tiles of products m, with what happens to the targets in registers.
pub(in super::super) struct TransformProducts {
    /// The rows of the first tile.
    pub from: *const f32,
    /// From one tile to the next.
    pub row: usize,
    /// The columns of the matrices.
    pub width: usize,
    /// Targets of a line, and how many lines there are.
    pub targets: usize,
    pub lines: usize,
    /// The first target, and the step from one to the next.
    pub to: *mut f32,
    pub step: usize,
    /// The bias of the columns, or null.
    pub bias: *const f32,
    pub relu: bool,
}

impl OverPlanes for TransformProducts {
    #[inline(always)]
    unsafe fn run<V: Vector, const STRIDE: usize>(&self) {
        for column in (0..self.width).step_by(V::LANES) {
            // SAFETY: the caller's.
            unsafe {
                if column + V::LANES <= self.width {
                    self.walk::<V, STRIDE, true>(column);
                } else {
                    self.walk::<V, STRIDE, false>(column);
                }
            }
        }
    }
}

impl TransformProducts {
    #[inline(always)]
    unsafe fn finish<V: Vector>(&self, mut target: V, bias: V) -> V {
        // SAFETY: the caller's.
        unsafe {
            if !self.bias.is_null() {
                target = target.add(bias);
            }
            if self.relu {
                // As `Unary::Relu` has it, a sum that underflowed to -0 becomes +0.
                target = target.relu().add(V::zero());
            }
            target
        }
    }

    #[inline(always)]
    unsafe fn walk<V: Vector, const STRIDE: usize, const WHOLE: bool>(&self, column: usize) {
        // SAFETY: the planes are valid for all tiles, and the lines for all targets.
        unsafe {
            let lanes = Lanes::<V, WHOLE>::new(self.width - column);
            let bias = if self.bias.is_null() { V::zero() } else { lanes.load(self.bias.add(column)) };
            let line_step = self.targets * self.step;
            let (mut from, mut to) = (self.from.add(column), self.to.wrapping_add(column));
            // So are the lines of targets of the next line of tiles.
            let asks = column.is_multiple_of(MAX_LANES);
            let mut target = 0;
            while target < self.targets {
                if asks {
                    for line in [2, 3] {
                        V::prefetch(to.wrapping_add(line * line_step));
                        V::prefetch(to.wrapping_add(line * line_step + self.step));
                    }
                }
                let mut across = [[V::zero(); TARGETS]; SOURCES];
                for line in 0..SOURCES {
                    let from = from.add(line * SOURCES * STRIDE);
                    across[line] = of_products([
                        V::load(from),
                        V::load(from.add(STRIDE)),
                        V::load(from.add(2 * STRIDE)),
                        V::load(from.add(3 * STRIDE)),
                    ]);
                }
                for column in 0..TARGETS {
                    if target + column < self.targets {
                        let [a, b, c, d] = across;
                        let [first, second] = of_products([a[column], b[column], c[column], d[column]]);
                        let to = to.wrapping_add(column * self.step);
                        lanes.store(self.finish(first, bias), to);
                        if self.lines == TARGETS {
                            lanes.store(self.finish(second, bias), to.wrapping_add(line_step));
                        }
                    }
                }
                target += TARGETS;
                from = from.add(self.row);
                to = to.wrapping_add(TARGETS * self.step);
            }
        }
    }
}
