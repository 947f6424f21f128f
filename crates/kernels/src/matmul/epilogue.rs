//! What happens to elements of C once their sums are complete.

use crate::isa::Isa;
use crate::unary::Unary;
use std::ops::Range;

/// What happens to an element of C once its sum is complete, as separate instructions would do it: the same bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue {
    /// Adds a third operand of n elements to every row.
    pub bias: bool,
    pub activation: Option<Unary>,
}

impl Epilogue {
    /// Whether the activation is a relu, which is applied in registers.
    pub(super) fn has_relu(&self) -> bool {
        self.activation == Some(Unary::Relu)
    }

    /// Applies what is not applied in registers to a finished block of C, of which `n` is the length of a row.
    ///
    /// # Safety
    /// The machine has the instruction set, `c` points to a matrix, and nobody else uses the block.
    pub(super) unsafe fn activate(
        &self,
        isa: Isa,
        c: *mut f32,
        n: usize,
        rows: Range<usize>,
        columns: Range<usize>,
    ) {
        let Some(activation) = self.activation.filter(|_| !self.has_relu()) else { return };
        let apply = activation.in_place(isa);
        // SAFETY: rows and columns lie within C.
        unsafe {
            if columns.len() == n {
                apply(c.add(rows.start * n), rows.len() * n);
            } else {
                rows.for_each(|row| apply(c.add(row * n + columns.start), columns.len()));
            }
        }
    }
}
