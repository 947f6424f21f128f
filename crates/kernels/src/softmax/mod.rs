//! The softmax of rows.

mod crossentropy;
mod rows;

pub use crossentropy::{Factor, SparseSoftmaxCrossentropy};

use crate::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands, Scratch};
use rows::{Rows, Visit};

/// The softmax over the last axis. A row with a NaN or without a number above -inf is NaN.
#[derive(Debug)]
pub struct Softmax {
    rows: Rows,
}

impl Softmax {
    /// # Panics
    /// When the machine lacks the instruction set, or a size overflows.
    pub fn new(isa: Isa, rows: usize, columns: usize) -> Self {
        Softmax { rows: Rows::new(isa, rows, columns) }
    }
}

impl Kernel for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn phases(&self) -> &[u32] {
        self.rows.chunks.phases()
    }

    fn cost(&self) -> Cost {
        let elements = (self.rows.rows * self.rows.columns) as u64;
        Cost { flops: 16 * elements, bytes: 8 * elements }
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
        let Rows { columns, .. } = self.rows;
        if columns == 0 {
            return Ok(());
        }
        let range = self.rows.chunks.range(chunk);
        let elements = range.start * columns..range.end * columns;
        // SAFETY: plain numbers, which nobody writes meanwhile.
        let input = unsafe { operands.inputs[0].part(0..self.rows.bytes()).slice::<f32>() };
        // SAFETY: the rows of chunks are disjoint.
        let output =
            unsafe { operands.outputs[0].part(0..self.rows.bytes()).slice_mut::<f32>(elements.clone()) };
        self.rows.target.run(Visit {
            columns,
            logits: &input[elements],
            labels: None,
            factors: &[1.0],
            losses: None,
            results: Some(output),
            private: &mut private[..self.rows.private()],
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
