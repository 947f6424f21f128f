//! Of sums of products, to the gradient of weights.

use super::super::tiling::SOURCES;
use super::Lanes;
use crate::arch::{Task, Vector};

/// Gᵀ w of one column of the sums w, or of a row: (w₀ + (w₁ + w₂) / 2, (w₁ - w₂) / 2, (w₁ + w₂) / 2 + w₃).
#[inline(always)]
unsafe fn of_sums<V: Vector>([a, b, c, d]: [V; SOURCES]) -> [V; 3] {
    // SAFETY: the caller's.
    unsafe {
        let (sum, half) = (b.add(c), V::splat(0.5));
        [sum.multiply_add(half, a), b.subtract(c).multiply_add(half, V::zero()), sum.multiply_add(half, d)]
    }
}

/// Gᵀ w G of sums w.
pub(in super::super) struct TransformSums {
    /// The sixteen places, with so many elements from one to the next.
    pub from: *const f32,
    pub from_step: usize,
    pub elements: usize,
    /// The nine of the gradient.
    pub to: *mut f32,
    pub to_step: usize,
}

impl Task for TransformSums {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for element in (0..self.elements).step_by(V::LANES) {
            // SAFETY: both are valid for all places.
            unsafe {
                if element + V::LANES <= self.elements {
                    self.transform::<V, true>(element);
                } else {
                    self.transform::<V, false>(element);
                }
            }
        }
    }
}

impl TransformSums {
    #[inline(always)]
    unsafe fn transform<V: Vector, const WHOLE: bool>(&self, element: usize) {
        // SAFETY: the caller's.
        unsafe {
            let lanes = Lanes::<V, WHOLE>::new(self.elements - element);
            let mut across = [[V::zero(); 3]; SOURCES];
            for line in 0..SOURCES {
                let from = self.from.add(line * SOURCES * self.from_step + element);
                across[line] = of_sums([
                    lanes.load(from),
                    lanes.load(from.add(self.from_step)),
                    lanes.load(from.add(2 * self.from_step)),
                    lanes.load(from.add(3 * self.from_step)),
                ]);
            }
            for column in 0..3 {
                let [a, b, c, d] = across;
                let down = of_sums([a[column], b[column], c[column], d[column]]);
                for line in 0..3 {
                    lanes.store(down[line], self.to.add((line * 3 + column) * self.to_step + element));
                }
            }
        }
    }
}
