//! What happens to elements of C once their sums are complete.

use super::blocking::Shape;
use crate::convolution::{Geometry, MaxPool};
use crate::elementwise::{Elementwise, Rectangles};
use crate::kernel::{Buffer, Cost, Kernel, Operands};
use crate::lanes::GROUP;
use std::ops::Range;

/// The most sums that wait for a tape, or for their next chain, unless a panel of columns has more: they stay in the L2 cache.
pub(super) const MOST_SUMS: usize = 1 << 17;

/// What happens to an element of C once its sum is complete, as separate instructions would do it: the same bits.
#[derive(Debug, Default)]
pub struct Epilogue {
    /// Adds a third operand of n elements to every row, while the sums are in registers.
    pub bias: bool,
    /// After the bias, in registers as well.
    pub relu: bool,
    /// Runs after them, over each block while it is in the cache. Its one segment has the rows of all matrices of the batch;
    /// its first input is the product, and the others are operands after A, B and the bias. The outputs are the tape's.
    pub tape: Option<Elementwise>,
    /// Pools the outputs of a convolution after bias and relu, instead of a tape: pairs of lines while they are in the cache. The outputs
    /// are the pooling's.
    pub pool: Option<MaxPool>,
}

impl Epilogue {
    pub(crate) fn is_nothing(&self) -> bool {
        !self.bias && !self.relu && self.tape.is_none() && self.pool.is_none()
    }

    /// Whether its tape reads matrices of C's shape, besides C.
    pub(super) fn reads_matrices(&self) -> bool {
        self.tape.as_ref().is_some_and(Elementwise::reads_beside_first)
    }

    /// Whether it can follow the outputs of a convolution, or another product, which is never pooled.
    pub(crate) fn can_follow(&self, convolution: Option<&Geometry>) -> bool {
        self.pool.as_ref().is_none_or(|pool| convolution.is_some_and(|geometry| pool.can_follow(geometry)))
    }
}

/// An epilogue of a product of some shape.
#[derive(Debug)]
pub(crate) struct Finish {
    pub bias: bool,
    pub relu: bool,
    /// Of C, all matrices of the batch.
    elements: usize,
    tape: Option<FinishTape>,
    pool: Option<FinishPool>,
}

/// The pooling of an epilogue, and the most elements that wait for it.
#[derive(Debug)]
struct FinishPool {
    pool: MaxPool,
    sums: usize,
}

/// The tape of an epilogue, and the rectangles of C over which it runs.
#[derive(Debug)]
struct FinishTape {
    rectangles: Rectangles,
    /// The column panels of a rectangle.
    panels: usize,
    /// The most elements of a rectangle.
    sums: usize,
}

impl Finish {
    /// The blocks of C that are computed at a time have at most so many rows and column panels, each panel of so many columns.
    ///
    /// # Panics
    /// When the tape is not one over the rows of the product.
    pub fn new(epilogue: Epilogue, shape: &Shape, rows: usize, panels: usize, panel: usize) -> Self {
        let Epilogue { bias, relu, tape, pool } = epilogue;
        assert!(tape.is_none() || pool.is_none(), "one of them follows the product");
        let elements = shape.batch * shape.m * shape.n;
        let pool = pool.map(|pool| FinishPool { pool, sums: rows * shape.n });
        let tape = tape.map(|tape| {
            // Whole groups of lanes, where there are several panels.
            let columns = (MOST_SUMS / rows.max(1)).max(GROUP) / GROUP * GROUP;
            let panels = (columns / panel).clamp(1, panels.max(1));
            let columns = (panels * panel).min(shape.n);
            let rectangles = Rectangles::new(tape, columns == shape.n);
            let segment = rectangles.segment();
            assert_eq!(
                (segment.rows, segment.columns),
                (shape.batch * shape.m, shape.n),
                "the tape has the rows of the product"
            );
            FinishTape { rectangles, panels, sums: rows * columns }
        });
        Finish { bias, relu, elements, tape, pool }
    }

    /// Whether the outputs are those of a pooling.
    pub fn is_pooled(&self) -> bool {
        self.pool.is_some()
    }

    /// The operands before those of the tape.
    fn operands_before(&self) -> usize {
        2 + usize::from(self.bias)
    }

    /// The cost of a product and what comes after it.
    pub fn cost(&self, product: Cost) -> Cost {
        let after = match (&self.tape, &self.pool) {
            (Some(tape), _) => tape.rectangles.tape().cost(),
            (_, Some(after)) => after.pool.cost(),
            _ => return product,
        };
        let Cost { flops, bytes } = after;
        // The sums are neither written to memory nor read from there.
        let sums = 4 * self.elements as u64;
        Cost {
            flops: product.flops.saturating_add(flops),
            bytes: (product.bytes - sums).saturating_add(bytes - sums),
        }
    }

    /// The operands that the tape reads and writes: some have an element for each of C.
    pub fn beside<'a>(&self, operands: &Operands<'a>) -> [&'a [Buffer]; 2] {
        match &self.tape {
            Some(_) => [&operands.inputs[self.operands_before()..], operands.outputs],
            None => [&[]; 2],
        }
    }

    /// Whether the sums are written where they stay, rather than for a tape or a pooling to read.
    pub fn writes_sums(&self) -> bool {
        self.tape.is_none() && self.pool.is_none()
    }

    /// Private memory of a thread, in elements.
    pub fn scratch(&self) -> usize {
        let pool = self.pool.as_ref().map_or(0, |pool| pool.sums);
        self.tape.as_ref().map_or(pool, |tape| tape.sums + tape.rectangles.tape().scratch().private)
    }

    pub fn may_alias(&self, output: usize, input: usize) -> bool {
        let operand = input.checked_sub(self.operands_before());
        let tape = self.tape.as_ref().map(|tape| tape.rectangles.tape());
        tape.zip(operand).is_some_and(|(tape, operand)| tape.may_alias(output, 1 + operand))
    }

    /// # Panics
    /// When an operand other than A, B, those of the tape and the places of a pooling has the wrong size.
    pub fn check(&self, shape: &Shape, operands: &Operands<'_>) {
        if self.bias {
            operands.require_input(2, shape.n, "the bias");
        }
        if self.tape.is_none() {
            assert_eq!(operands.inputs.len(), self.operands_before(), "A, B and the bias");
            let outputs = self.pool.as_ref().map_or(self.elements, |after| after.pool.outputs());
            operands.require_output(outputs, "C, or what is pooled of it");
        }
    }

    /// Computes a block of C, some rows and column panels of a product of the batch, and what comes after its sums. `compute` gets
    /// column panels to compute, where the first element of C would lie, and the step from one of its rows to the next: of C,
    /// only these panels need exist. Where C is pooled, a block has all panels of whole pairs of lines.
    ///
    /// # Safety
    /// The operands have the sizes of the shape, and nobody else uses the block of C.
    ///
    /// # Panics
    /// When an operand of the tape is too small.
    pub unsafe fn block(
        &self,
        shape: &Shape,
        matrix: usize,
        rows: Range<usize>,
        panels: Range<usize>,
        panel: usize,
        operands: &Operands<'_>,
        private: &mut [f32],
        mut compute: impl FnMut(Range<usize>, *mut f32, usize),
    ) {
        let Shape { m, n, .. } = *shape;
        if let Some(FinishPool { pool, sums }) = &self.pool {
            let sums = &mut private[..*sums];
            compute(panels, sums.as_mut_ptr().wrapping_sub(rows.start * n), n);
            return pool.pool_pixels(rows, sums, operands.outputs);
        }
        let Some(tape) = &self.tape else {
            // SAFETY: C holds a matrix for each product.
            let c = unsafe { operands.outputs[0].pointer::<f32>().add(matrix * m * n) };
            return compute(panels, c, n);
        };
        let (sums, slots) = private.split_at_mut(tape.sums);
        let others = &operands.inputs[self.operands_before()..];
        for first in panels.clone().step_by(tape.panels) {
            let panels = first..panels.end.min(first + tape.panels);
            let columns = panels.start * panel..n.min(panels.end * panel);
            let c = sums.as_mut_ptr().wrapping_sub(rows.start * columns.len() + columns.start);
            compute(panels, c, columns.len());
            // SAFETY: the sums are this thread's own.
            let sums = unsafe { Buffer::new(sums.as_mut_ptr().cast(), size_of_val(sums)) };
            let rows = matrix * m + rows.start..matrix * m + rows.end;
            tape.rectangles.run(rows, columns, sums, others, operands.outputs, slots);
        }
    }
}
