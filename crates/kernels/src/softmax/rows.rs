//! One visit of rows of logits: their softmax, their cross-entropy with a label, and its gradient.
//!
//! Rows are staged in tiles of contiguous memory, so that the exponential, which is most of the work, runs on full
//! vectors even where a row has ten columns.

use crate::Isa;
use crate::chunks::Chunks;
use crate::kernel::require_size;
use crate::lanes::{Arithmetic, GROUP};
use crate::math;
use crate::reduce::{Operation, Sum, reduce_row};
use crate::target::{Loop, Target};

/// Elements of a tile; it stays in the nearest cache.
const TILE: usize = 1024;
/// The most rows that are visited together.
const ROWS: usize = 64;
/// The fewest columns for which a loop over full vectors is faster.
const SHORT: usize = 32;
/// What an element costs, as bytes of memory traffic.
const WEIGHT: usize = 16;

/// The rows of a kernel, cut into chunks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    pub target: Target,
    pub rows: usize,
    pub columns: usize,
    pub chunks: Chunks,
}

impl Rows {
    pub fn new(isa: Isa, rows: usize, columns: usize) -> Self {
        require_size(&[rows, columns, size_of::<f32>()]);
        Rows {
            target: Target::new(isa),
            rows,
            columns,
            chunks: Chunks::new(rows, columns.saturating_mul(WEIGHT)),
        }
    }

    /// The bytes of all rows.
    pub fn bytes(&self) -> usize {
        self.rows * self.columns * size_of::<f32>()
    }

    /// Elements of private working memory.
    pub fn private(&self) -> usize {
        self.columns.max(TILE).next_multiple_of(GROUP)
    }
}

/// Some rows, each of which becomes (softmax(row) - one-hot row of its label) · factor.
pub(super) struct Visit<'a> {
    pub columns: usize,
    pub logits: &'a [f32],
    /// One for each row; a label that is no column makes no hot element.
    pub labels: Option<&'a [i32]>,
    /// One for each row, or one for all.
    pub factors: &'a [f32],
    /// The cross-entropy of each row.
    pub losses: Option<&'a mut [f32]>,
    pub results: Option<&'a mut [f32]>,
    pub private: &'a mut [f32],
}

impl Visit<'_> {
    #[inline(always)]
    fn label(&self, row: usize) -> i32 {
        self.labels.map_or(-1, |labels| labels[row])
    }

    #[inline(always)]
    fn factor(&self, row: usize) -> f32 {
        self.factors[if self.factors.len() == 1 { 0 } else { row }]
    }

    /// Sets the losses from row `first` on, given the greatest elements and the sums of exponentials.
    #[inline(always)]
    fn set_losses<I: Arithmetic>(&mut self, first: usize, greatests: &[f32], mut sums: [f32; ROWS]) {
        if self.losses.is_none() {
            return;
        }
        sums.iter_mut().for_each(|sum| *sum = math::log::<I>(*sum));
        for (row, (greatest, log)) in (first..).zip(greatests.iter().zip(sums)) {
            let logits = &self.logits[row * self.columns..][..self.columns];
            let label = usize::try_from(self.label(row)).ok();
            let distance =
                label.and_then(|label| logits.get(label)).map_or(f32::NAN, |logit| greatest - logit);
            if let Some(losses) = &mut self.losses {
                losses[row] = distance + log;
            }
        }
    }

    /// Up to [`ROWS`] rows from `first` on.
    #[inline(always)]
    fn visit<I: Arithmetic>(&mut self, first: usize, count: usize) {
        let columns = self.columns;
        let (mut greatests, mut sums) = ([0.0; ROWS], [1.0; ROWS]);
        let rows = self.logits[first * columns..(first + count) * columns].chunks_exact(columns);
        for ((row, staged), greatest) in rows.zip(self.private.chunks_exact_mut(columns)).zip(&mut greatests)
        {
            *greatest = reduce_row::<f32, Greatest>(row);
            map(row, staged, |value| value - *greatest);
        }
        let elements = count * columns;
        let whole = &mut self.private[..elements.next_multiple_of(GROUP)];
        whole.iter_mut().for_each(|value| *value = math::exp::<I>(*value));
        let staged = self.private[..elements].chunks_exact(columns);
        staged.zip(&mut sums).for_each(|(staged, sum)| *sum = reduce_row::<f32, Sum>(staged));
        self.set_losses::<I>(first, &greatests[..count], sums);
        for row in first..first + count {
            let (label, factor) = (self.label(row), self.factor(row));
            let Some(results) = &mut self.results else { return };
            let staged = &self.private[(row - first) * columns..][..columns];
            let results = &mut results[row * columns..][..columns];
            let scale = 1.0 / sums[row - first];
            map(staged, results, |value| finish(value, scale, false, factor));
            if let Some(label) = usize::try_from(label).ok().filter(|label| *label < columns) {
                results[label] = finish(staged[label], scale, true, factor);
            }
        }
    }
}

impl Loop for Visit<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(mut self) {
        let columns = self.columns;
        let rows = self.logits.len() / columns;
        let height = (TILE / columns).clamp(1, ROWS);
        for first in (0..rows).step_by(height) {
            self.visit::<I>(first, height.min(rows - first));
        }
    }
}

/// Writes the map of a row: a short one in short vectors, without a longer loop's way in and out.
#[inline(always)]
fn map(input: &[f32], output: &mut [f32], of: impl Fn(f32) -> f32) {
    if input.len() >= SHORT {
        return output.iter_mut().zip(input).for_each(|(output, value)| *output = of(*value));
    }
    let (groups, rest) = input.as_chunks::<8>();
    let (output, output_rest) = output[..input.len()].as_chunks_mut::<8>();
    for (output, group) in output.iter_mut().zip(groups) {
        for (output, value) in output.iter_mut().zip(group) {
            *output = of(*value);
        }
    }
    for (output, value) in output_rest.iter_mut().zip(rest) {
        *output = of(*value);
    }
}

/// With no hot element and the factor 1 it is the probability, to the bit.
#[inline(always)]
fn finish(exponential: f32, scale: f32, hot: bool, factor: f32) -> f32 {
    (exponential * scale - if hot { 1.0 } else { 0.0 }) * factor
}

/// The greatest number; whether a NaN wins is chance, as it reaches the result through the difference.
struct Greatest;

impl Operation<f32> for Greatest {
    const IDENTITY: f32 = f32::NEG_INFINITY;

    #[inline(always)]
    fn combine(a: f32, b: f32) -> f32 {
        if a > b { a } else { b }
    }
}
