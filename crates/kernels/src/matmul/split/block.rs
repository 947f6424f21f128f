//! What is done in f32 to a block of C of one panel of A and one of B.

use crate::arch::amx::{Lines, PANEL};
use crate::arch::{Task, Vector};

/// Rows whose chains run side by side.
const ROWS: usize = 4;

/// The sums of a block by chains of multiply-adds, for panels that have no parts.
pub(crate) struct Chains {
    /// At most [`PANEL`] rows.
    pub a: Lines,
    /// The panel of B: for each place along k its columns, filled up to whole vectors.
    pub b: *const f32,
    pub columns: usize,
    /// [`PANEL`] by [`PANEL`].
    pub sums: *mut f32,
}

impl Task for Chains {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Lines { from, contiguous, stride, count, depth } = self.a;
        let (row_step, depth_step) = if contiguous { (stride, 1) } else { (1, stride) };
        for first in (0..count).step_by(ROWS) {
            // The last group may have some of the last row's chains over again.
            let row = |index: usize| (first + index).min(count - 1);
            for column in (0..self.columns).step_by(V::LANES) {
                // SAFETY: the panels are valid for reads, and the sums for writes, by the contract of the caller.
                unsafe {
                    let mut sums = [V::zero(); ROWS];
                    for p in 0..depth {
                        let b = V::load(self.b.add(p * self.columns + column));
                        for index in 0..ROWS {
                            let a = *from.add(row(index) * row_step + p * depth_step);
                            sums[index] = V::splat(a).multiply_add(b, sums[index]);
                        }
                    }
                    for index in 0..ROWS {
                        sums[index].store(self.sums.add(row(index) * PANEL + column));
                    }
                }
            }
        }
    }
}

/// Adds a block of sums to those before, or puts it there, with what the epilogue does in registers.
pub(crate) struct AddBlock {
    pub sums: *const f32,
    pub c: *mut f32,
    pub stride_c: usize,
    pub rows: usize,
    pub columns: usize,
    /// The sums of the blocks along k before, or null, and the step from one of their rows to the next.
    pub before: *const f32,
    pub stride_before: usize,
    /// The bias of the columns, or null.
    pub bias: *const f32,
    pub relu: bool,
}

impl Task for AddBlock {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for row in 0..self.rows {
            for column in (0..self.columns).step_by(V::LANES) {
                // SAFETY: the block is valid for its rows and columns, by the contract of the caller.
                unsafe {
                    let mask = V::mask((self.columns - column).min(V::LANES));
                    let c = self.c.add(row * self.stride_c + column);
                    let mut sum = V::load(self.sums.add(row * PANEL + column));
                    if !self.before.is_null() {
                        let before = self.before.add(row * self.stride_before + column);
                        sum = V::load_masked(before, mask).add(sum);
                    }
                    if !self.bias.is_null() {
                        sum = sum.add(V::load_masked(self.bias.add(column), mask));
                    }
                    if self.relu {
                        // As `Unary::Relu` has it, a sum that underflowed to -0 becomes +0.
                        sum = sum.relu().add(V::zero());
                    }
                    sum.store_masked(c, mask);
                }
            }
        }
    }
}
