//! Of weights, before they are multiplied.

use super::super::tiling::SOURCES;
use crate::arch::{Task, Vector};

/// G g of one column of the weights g, or of a row: (g₀, (g₀ + g₁ + g₂) / 2, (g₀ - g₁ + g₂) / 2, g₂).
#[inline(always)]
unsafe fn of_weights<V: Vector>([a, b, c]: [V; 3]) -> [V; SOURCES] {
    // SAFETY: the caller's.
    unsafe {
        let (outer, half, zero) = (a.add(c), V::splat(0.5), V::zero());
        [a, outer.add(b).multiply_add(half, zero), outer.subtract(b).multiply_add(half, zero), c]
    }
}

/// G g Gᵀ of weights g.
pub(in super::super) struct TransformWeights {
    /// The nine places one after the other, each of so many elements, a multiple of the lanes.
    pub from: *const f32,
    pub elements: usize,
    /// The sixteen of the transformed weights, with so many elements from one to the next.
    pub to: *mut f32,
    pub step: usize,
}

impl Task for TransformWeights {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for element in (0..self.elements).step_by(V::LANES) {
            // SAFETY: both are valid for all places.
            unsafe {
                let mut across = [[V::zero(); SOURCES]; 3];
                for line in 0..3 {
                    let from = self.from.add(line * 3 * self.elements + element);
                    across[line] = of_weights([
                        V::load(from),
                        V::load(from.add(self.elements)),
                        V::load(from.add(2 * self.elements)),
                    ]);
                }
                for column in 0..SOURCES {
                    let down = of_weights([across[0][column], across[1][column], across[2][column]]);
                    for line in 0..SOURCES {
                        down[line].store(self.to.add((line * SOURCES + column) * self.step + element));
                    }
                }
            }
        }
    }
}
