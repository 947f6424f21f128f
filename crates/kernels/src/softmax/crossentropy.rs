//! The loss that follows a softmax.

use super::rows::{ROWS, Rows, TILE, exp_all, greatest, subtract};
use crate::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands};
use crate::lanes::Arithmetic;
use crate::math;
use crate::reduce::{Sum, Tree, reduce_block, reduce_row};
use crate::target::Loop;

/// The cross-entropy of a row of logits against the label that is its only right column:
/// log(sum(exp(row))) - row[label], and NaN for a label that is no column.
#[derive(Debug)]
pub struct SparseSoftmaxCrossentropy {
    rows: Rows,
}

impl SparseSoftmaxCrossentropy {
    /// # Panics
    /// When the machine lacks the instruction set, or a size overflows.
    pub fn new(isa: Isa, rows: usize, columns: usize) -> Self {
        SparseSoftmaxCrossentropy { rows: Rows::new(isa, rows, columns) }
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
        let Rows { rows, columns, .. } = self.rows;
        Cost { flops: 14 * (rows * columns) as u64, bytes: 4 * (rows * columns + 2 * rows) as u64 }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let Rows { rows, columns, .. } = self.rows;
        let range = self.rows.chunks.range(chunk);
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
        let logits = &logits[range.start * columns..range.end * columns];
        let labels = &labels[range];
        self.rows.target.run(CrossentropyRows { rows: &self.rows, logits, labels, losses });
        Ok(())
    }
}

struct CrossentropyRows<'a> {
    rows: &'a Rows,
    logits: &'a [f32],
    labels: &'a [i32],
    losses: &'a mut [f32],
}

impl Loop for CrossentropyRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        let columns = self.rows.columns;
        let height = self.rows.height();
        let mut tile = [0.0; TILE];
        let tiles = self.logits.chunks(height * columns).zip(self.labels.chunks(height));
        for ((logits, labels), losses) in tiles.zip(self.losses.chunks_mut(height)) {
            let mut sums = [1.0; ROWS];
            if columns > TILE {
                let greatest = greatest(logits);
                let mut sum = Tree::<f32, Sum>::new();
                for logits in logits.chunks(TILE) {
                    subtract(logits, greatest, &mut tile);
                    exp_all::<I>(&mut tile, logits.len());
                    sum.push(reduce_block::<f32, Sum>(&tile[..logits.len()]));
                }
                sums[0] = sum.total();
                losses[0] = distance(logits, greatest, labels[0]);
            } else {
                let rows = logits.chunks_exact(columns).zip(tile.chunks_exact_mut(columns));
                for ((logits, staged), (label, loss)) in rows.zip(labels.iter().zip(losses.iter_mut())) {
                    let greatest = greatest(logits);
                    subtract(logits, greatest, staged);
                    *loss = distance(logits, greatest, *label);
                }
                exp_all::<I>(&mut tile, logits.len());
                for (sum, staged) in sums[..labels.len()].iter_mut().zip(tile.chunks_exact(columns)) {
                    *sum = reduce_row::<f32, Sum>(staged);
                }
            }
            sums.iter_mut().for_each(|sum| *sum = math::log::<I>(*sum));
            losses.iter_mut().zip(&sums).for_each(|(loss, log)| *loss += log);
        }
    }
}

/// How far the labelled element is below the greatest.
#[inline(always)]
fn distance(logits: &[f32], greatest: f32, label: i32) -> f32 {
    usize::try_from(label).ok().and_then(|label| logits.get(label)).map_or(f32::NAN, |logit| greatest - logit)
}
