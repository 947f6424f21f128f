//! The loss that follows a softmax.

use super::rows::{Rows, Visit};
use crate::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands, Scratch};

/// The cross-entropy of a row of logits against the label that is its only right column:
/// log(sum(exp(row))) - row[label], and NaN for a label that is no column.
#[derive(Debug)]
pub struct SparseSoftmaxCrossentropy {
    rows: Rows,
    gradient: Option<Factor>,
}

/// What the gradient of the loss of a row is multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// One number for all rows.
    Scalar,
    /// A number for each row.
    Column,
}

impl SparseSoftmaxCrossentropy {
    /// A kernel of logits and labels.
    ///
    /// # Panics
    /// When the machine lacks the instruction set, or a size overflows.
    pub fn new(isa: Isa, rows: usize, columns: usize) -> Self {
        SparseSoftmaxCrossentropy { rows: Rows::new(isa, rows, columns), gradient: None }
    }

    /// A kernel of logits, labels and a factor, whose second output is the gradient: (softmax(row) - one-hot row of the
    /// label) · factor, with the bits of a softmax, a subtraction and a multiplication.
    ///
    /// # Panics
    /// As [`SparseSoftmaxCrossentropy::new`].
    pub fn with_gradient(isa: Isa, rows: usize, columns: usize, factor: Factor) -> Self {
        SparseSoftmaxCrossentropy { gradient: Some(factor), ..Self::new(isa, rows, columns) }
    }
}

impl Kernel for SparseSoftmaxCrossentropy {
    fn name(&self) -> &'static str {
        "sparseSoftmaxCrossentropy"
    }

    fn phases(&self) -> &[u32] {
        self.rows.chunks.phases()
    }

    fn cost(&self) -> Cost {
        let (rows, elements) = (self.rows.rows as u64, (self.rows.rows * self.rows.columns) as u64);
        match self.gradient {
            None => Cost { flops: 14 * elements, bytes: 4 * (elements + 2 * rows) },
            Some(_) => Cost { flops: 18 * elements, bytes: 4 * (2 * elements + 3 * rows) },
        }
    }

    fn scratch(&self) -> Scratch {
        Scratch { shared: 0, private: self.rows.private() }
    }

    fn run(
        &self,
        _: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError> {
        let Rows { rows, columns, .. } = self.rows;
        let range = self.rows.chunks.range(chunk);
        let elements = range.start * columns..range.end * columns;
        // SAFETY: plain numbers, which nobody writes meanwhile.
        let logits = unsafe { operands.inputs[0].part(0..self.rows.bytes()).slice::<f32>() };
        // SAFETY: as above.
        let labels = unsafe { operands.inputs[1].part(0..rows * size_of::<i32>()).slice::<i32>() };
        let output = operands.outputs[0].part(0..rows * size_of::<f32>());
        // SAFETY: the rows of chunks are disjoint.
        let losses = unsafe { output.slice_mut::<f32>(range.clone()) };
        if columns == 0 {
            losses.fill(f32::NAN);
            return Ok(());
        }
        let factors = self.gradient.map(|factor| {
            let count = if factor == Factor::Scalar { 1 } else { rows };
            // SAFETY: plain numbers, which nobody writes meanwhile.
            let factors = unsafe { operands.inputs[2].part(0..count * size_of::<f32>()).slice::<f32>() };
            if factor == Factor::Scalar { factors } else { &factors[range.clone()] }
        });
        let results = self.gradient.map(|_| {
            let output = operands.outputs[1].part(0..self.rows.bytes());
            // SAFETY: the rows of chunks are disjoint.
            unsafe { output.slice_mut::<f32>(elements.clone()) }
        });
        self.rows.target.run(Visit {
            columns,
            logits: &logits[elements],
            labels: Some(&labels[range]),
            factors: factors.unwrap_or(&[1.0]),
            losses: Some(losses),
            results,
            private: &mut private[..self.rows.private()],
        });
        Ok(())
    }
}
