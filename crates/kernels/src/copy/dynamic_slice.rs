//! Slices whose start is an operand.

use super::StridedCopy;
use super::embed::checked_start;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands};

/// Copies a slice of operand 0 that begins where operand 1 says: one int32 for each axis.
#[derive(Debug)]
pub struct DynamicSlice {
    /// The copy of a slice from the first element on.
    copy: StridedCopy,
    element_bytes: usize,
    /// For each axis the stride, and one more than the greatest start.
    axes: Vec<(usize, usize)>,
}

impl DynamicSlice {
    /// # Panics
    /// When the slice is larger than the input, an element has other than 1 or 4 bytes, or a size overflows.
    pub fn new(element_bytes: usize, input: &[usize], output: &[usize]) -> Self {
        assert!(output.iter().zip(input).all(|(output, input)| output <= input), "a slice is no larger");
        let mut strides = vec![1usize; input.len()];
        for axis in (1..input.len()).rev() {
            strides[axis - 1] = strides[axis].checked_mul(input[axis].max(1)).expect("a size fits");
        }
        let sizes = input.iter().zip(output).map(|(input, output)| input - output + 1);
        let copy = StridedCopy::new(element_bytes, output, &strides);
        DynamicSlice { copy, element_bytes, axes: strides.iter().copied().zip(sizes).collect() }
    }
}

impl Kernel for DynamicSlice {
    fn name(&self) -> &'static str {
        "dynamicSlice"
    }

    fn phases(&self) -> &[u32] {
        self.copy.phases()
    }

    fn cost(&self) -> Cost {
        self.copy.cost()
    }

    fn run(
        &self,
        phase: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError> {
        // SAFETY: numbers, which nobody writes meanwhile.
        let starts = unsafe { operands.inputs[1].part(0..self.axes.len() * size_of::<i32>()).slice::<i32>() };
        let mut offset = 0;
        for (&start, &(stride, size)) in starts.iter().zip(&self.axes) {
            offset += checked_start("dynamicSlice", start, size)? * stride;
        }
        let input: Buffer = operands.inputs[0];
        // A slice without elements may begin behind the last one of the input.
        let first = (offset * self.element_bytes).min(input.bytes());
        let operands = Operands { inputs: &[input.part(first..input.bytes())], ..*operands };
        self.copy.run(phase, chunk, &operands, private)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::run_kernel;

    #[test]
    fn begins_where_the_operand_says() {
        let input: Vec<u32> = (0..60).collect();
        let kernel = DynamicSlice::new(4, &[3, 4, 5], &[2, 1, 3]);
        let mut output = vec![0u32; 6];
        run_kernel(&kernel, &[&input, &vec![1i32, 3, 2]], &mut [&mut output]).unwrap();
        assert_eq!(output, [37, 38, 39, 57, 58, 59]);
        for (starts, index, size) in [([2, 0, 0], 2, 2), ([0, 0, -1], -1, 3)] {
            let result = run_kernel(&kernel, &[&input, &starts.to_vec()], &mut [&mut output]);
            assert_eq!(result, Err(KernelError::IndexOutOfRange { op: "dynamicSlice", index, size }));
        }
        let empty = DynamicSlice::new(4, &[3, 4, 5], &[0, 4, 5]);
        run_kernel(&empty, &[&input, &vec![3i32, 0, 0]], &mut [&mut vec![0u32; 0]]).unwrap();
    }

    #[test]
    fn memory_is_checked() {
        let kernel = DynamicSlice::new(4, &[3, 4], &[2, 2]);
        let (input, mut output) = (vec![0u32; 11], vec![0u32; 4]);
        let run = std::panic::AssertUnwindSafe(|| {
            run_kernel(&kernel, &[&input, &vec![1i32, 2]], &mut [&mut output])
        });
        assert!(std::panic::catch_unwind(run).is_err());
        assert!(std::panic::catch_unwind(|| DynamicSlice::new(4, &[3], &[4])).is_err());
    }
}
