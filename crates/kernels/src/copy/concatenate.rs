//! Rows of several inputs side by side.

use crate::chunks::Chunks;
use crate::kernel::{Cost, Kernel, KernelError, Operands, require_size};

/// Makes each row of the output of one row of every input, one after the other.
#[derive(Debug)]
pub struct Concatenate {
    rows: usize,
    /// Where the part of each input ends in a row of the output, in bytes.
    ends: Vec<usize>,
    /// Of the bytes of the output.
    chunks: Chunks,
}

impl Concatenate {
    /// `widths` has the bytes of a row of each input.
    ///
    /// # Panics
    /// When there is no input, or a size overflows.
    pub fn new(rows: usize, widths: &[usize]) -> Self {
        let ends: Option<Vec<usize>> = widths
            .iter()
            .scan(Some(0usize), |end, &width| {
                *end = end.and_then(|end| end.checked_add(width));
                Some(*end)
            })
            .collect();
        let ends = ends.expect("a size fits");
        let row = *ends.last().expect("there is an input");
        require_size(&[rows, row]);
        Concatenate { rows, ends, chunks: Chunks::new(rows * row, 2) }
    }

    fn row(&self) -> usize {
        self.ends[self.ends.len() - 1]
    }
}

impl Kernel for Concatenate {
    fn name(&self) -> &'static str {
        "concatenate"
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        Cost { flops: 0, bytes: 2 * (self.rows * self.row()) as u64 }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let range = self.chunks.range(chunk);
        if range.is_empty() {
            return Ok(());
        }
        let output = operands.outputs[0].part(0..self.rows * self.row());
        // SAFETY: the ranges of chunks are disjoint.
        let mut output = unsafe { output.slice_mut::<u8>(range.clone()) };
        let (mut row, mut column) = (range.start / self.row(), range.start % self.row());
        let mut part = self.ends.partition_point(|&end| end <= column);
        while !output.is_empty() {
            let start = if part == 0 { 0 } else { self.ends[part - 1] };
            let width = self.ends[part] - start;
            // SAFETY: bytes, which nobody writes meanwhile.
            let input = unsafe { operands.inputs[part].part(row * width..(row + 1) * width).slice::<u8>() };
            let input = &input[column - start..];
            let (head, rest) = output.split_at_mut(input.len().min(output.len()));
            copy(head, &input[..head.len()]);
            (output, part, column) = (rest, part + 1, self.ends[part]);
            if part == self.ends.len() {
                (row, part, column) = (row + 1, 0, 0);
            }
        }
        Ok(())
    }
}

/// Copies bytes; those of one element without a call.
#[inline(always)]
fn copy(output: &mut [u8], input: &[u8]) {
    match (output.as_chunks_mut::<4>(), input.as_chunks::<4>()) {
        ((output, []), (input, [])) if output.len() == 1 => output[0] = input[0],
        _ => output.copy_from_slice(input),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Memory, run_kernel};

    fn check(rows: usize, widths: &[usize]) {
        let inputs: Vec<Vec<u8>> = widths
            .iter()
            .enumerate()
            .map(|(part, width)| (0..rows * width).map(|i| (i * 7 + part * 31) as u8).collect())
            .collect();
        let expected: Vec<u8> = (0..rows)
            .flat_map(|row| {
                inputs
                    .iter()
                    .zip(widths)
                    .flat_map(move |(input, width)| &input[row * width..(row + 1) * width])
            })
            .copied()
            .collect();
        let mut output = vec![0u8; expected.len()];
        let operands: Vec<&dyn Memory> = inputs.iter().map(|input| input as &dyn Memory).collect();
        run_kernel(&Concatenate::new(rows, widths), &operands, &mut [&mut output]).unwrap();
        assert_eq!(output, expected, "{rows} {widths:?}");
    }

    #[test]
    fn rows_stand_side_by_side() {
        check(1, &[5]);
        check(3, &[4, 4]);
        check(7, &[4, 0, 12, 1]);
        check(2, &[0, 0]);
        check(0, &[8, 4]);
        check(1, &[300_000, 17, 200_000]);
        check(30_000, &[4, 4, 8]);
        check(1000, &[257, 0, 64]);
    }

    #[test]
    fn memory_is_checked() {
        let (short, mut output) = (vec![0u8; 11], vec![0u8; 24]);
        let kernel = Concatenate::new(3, &[4, 4]);
        let run = std::panic::AssertUnwindSafe(|| run_kernel(&kernel, &[&short, &short], &mut [&mut output]));
        assert!(std::panic::catch_unwind(run).is_err());
        assert!(std::panic::catch_unwind(|| Concatenate::new(2, &[usize::MAX, 2])).is_err());
        assert!(std::panic::catch_unwind(|| Concatenate::new(usize::MAX, &[2])).is_err());
    }
}
