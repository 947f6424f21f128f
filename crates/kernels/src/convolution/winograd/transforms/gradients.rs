//! Of the gradients of targets, before they are multiplied.

use super::super::tiling::{SOURCES, TARGETS};
use super::{Lines, OverPlanes};
use crate::arch::Vector;

/// A y of one column of a tile of gradients y, or of a row: (y₀, y₀ + y₁, y₀ - y₁, -y₁).
#[inline(always)]
unsafe fn of_gradients<V: Vector>([a, b]: [V; TARGETS]) -> [V; SOURCES] {
    // SAFETY: the caller's.
    unsafe { [a, a.add(b), a.subtract(b), V::zero().subtract(b)] }
}

/// A y Aᵀ of a line of tiles of gradients y.
pub(in super::super) struct TransformGradients {
    /// Where the lines of gradients start, those that exist.
    pub lines: [Option<*const f32>; TARGETS],
    pub targets: usize,
    pub filters: usize,
    /// The rows of the first tile.
    pub to: *mut f32,
    /// From one tile to the next.
    pub row: usize,
}

impl OverPlanes for TransformGradients {
    #[inline(always)]
    unsafe fn run<V: Vector, const STRIDE: usize>(&self) {
        for filter in (0..self.filters).step_by(V::LANES) {
            // SAFETY: the caller's.
            unsafe {
                if filter + V::LANES <= self.filters {
                    self.walk::<V, STRIDE, true>(filter);
                } else {
                    self.walk::<V, STRIDE, false>(filter);
                }
            }
        }
    }
}

impl TransformGradients {
    #[inline(always)]
    unsafe fn walk<V: Vector, const STRIDE: usize, const WHOLE: bool>(&self, filter: usize) {
        // SAFETY: the lines are valid for all targets, and the planes for all tiles.
        unsafe {
            let lines = Lines::<V, WHOLE, TARGETS>::new(&self.lines, self.filters, filter);
            let mut to = self.to.add(filter);
            for target in (0..self.targets).step_by(TARGETS) {
                let first = of_gradients(lines.load(target));
                let second = match target + 1 < self.targets {
                    true => of_gradients(lines.load(target + 1)),
                    false => [V::zero(); SOURCES],
                };
                for line in 0..SOURCES {
                    let across = of_gradients([first[line], second[line]]);
                    for place in 0..SOURCES {
                        across[place].store(to.add((line * SOURCES + place) * STRIDE));
                    }
                }
                to = to.add(self.row);
            }
        }
    }
}
