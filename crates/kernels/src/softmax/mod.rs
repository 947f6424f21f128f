//! The softmax of rows.

mod crossentropy;
mod rows;

pub use crossentropy::SparseSoftmaxCrossentropy;

use crate::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands};
use crate::lanes::Arithmetic;
use crate::reduce::{Sum, Tree, reduce_block, reduce_row};
use crate::target::Loop;
use rows::{Rows, TILE, exp_all, greatest, map, subtract};

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

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
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
        self.rows.target.run(SoftmaxRows { rows: &self.rows, input: &input[elements], output });
        Ok(())
    }
}

struct SoftmaxRows<'a> {
    rows: &'a Rows,
    input: &'a [f32],
    output: &'a mut [f32],
}

impl Loop for SoftmaxRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        let columns = self.rows.columns;
        let mut tile = [0.0; TILE];
        if columns > TILE {
            for (input, output) in self.input.chunks_exact(columns).zip(self.output.chunks_exact_mut(columns))
            {
                let greatest = greatest(input);
                let mut sum = Tree::<f32, Sum>::new();
                for (input, output) in input.chunks(TILE).zip(output.chunks_mut(TILE)) {
                    subtract(input, greatest, &mut tile);
                    exp_all::<I>(&mut tile, input.len());
                    output.copy_from_slice(&tile[..output.len()]);
                    sum.push(reduce_block::<f32, Sum>(output));
                }
                let scale = 1.0 / sum.total();
                output.iter_mut().for_each(|value| *value *= scale);
            }
            return;
        }
        let size = self.rows.height() * columns;
        for (input, output) in self.input.chunks(size).zip(self.output.chunks_mut(size)) {
            for (input, staged) in input.chunks_exact(columns).zip(tile.chunks_exact_mut(columns)) {
                subtract(input, greatest(input), staged);
            }
            exp_all::<I>(&mut tile, input.len());
            for (staged, output) in tile.chunks_exact(columns).zip(output.chunks_exact_mut(columns)) {
                let scale = 1.0 / reduce_row::<f32, Sum>(staged);
                map(staged, output, |exponential| exponential * scale);
            }
        }
    }
}

#[cfg(test)]
mod tests;
