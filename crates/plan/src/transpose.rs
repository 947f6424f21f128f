//! Transposes of matrices before they are copies, so that a product can read the matrices where they are.

use layerwise_kernels::{Dtype, StridedCopy};

/// The transposes of matrices that lie one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transpose {
    pub dtype: Dtype,
    pub matrices: usize,
    /// Of each matrix as it is read.
    pub rows: usize,
    pub columns: usize,
}

impl Transpose {
    /// What a permutation of axes does, if it only swaps two runs of axes behind those that keep their places. Axes of extent 1
    /// are everywhere.
    pub fn of_axes(dtype: Dtype, shape: &[usize], axes: &[usize]) -> Option<Self> {
        let axes: Vec<usize> = axes.iter().copied().filter(|&axis| shape[axis] != 1).collect();
        let mut sorted = axes.clone();
        sorted.sort_unstable();
        let kept = axes.iter().zip(&sorted).take_while(|(axis, place)| axis == place).count();
        let moved = &axes[kept..];
        let first = moved.iter().position(|axis| Some(axis) == sorted.get(kept))?;
        let (columns, rows) = moved.split_at(first);
        let elements = |axes: &[usize]| axes.iter().map(|&axis| shape[axis]).product();
        [rows, columns].concat().is_sorted().then(|| Transpose {
            dtype,
            matrices: elements(&axes[..kept]),
            rows: elements(rows),
            columns: elements(columns),
        })
    }

    /// The kernel.
    pub fn kernel(&self) -> StridedCopy {
        let Transpose { dtype, matrices, rows, columns } = *self;
        StridedCopy::new(dtype.bytes(), &[matrices, columns, rows], &[rows * columns, 1, columns])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swaps_two_runs_of_axes() {
        let of_axes = |shape: &[usize], axes: &[usize]| {
            let transpose = Transpose::of_axes(Dtype::Float32, shape, axes)?;
            Some([transpose.matrices, transpose.rows, transpose.columns])
        };
        assert_eq!(of_axes(&[4, 6], &[1, 0]), Some([1, 4, 6]));
        assert_eq!(of_axes(&[2, 3, 4, 6], &[0, 1, 3, 2]), Some([6, 4, 6]));
        assert_eq!(of_axes(&[2, 3, 4, 6], &[0, 3, 1, 2]), Some([2, 12, 6]));
        assert_eq!(of_axes(&[2, 3, 4, 6], &[2, 3, 0, 1]), Some([1, 6, 24]));
        assert_eq!(of_axes(&[2, 3, 1, 6], &[2, 0, 3, 1]), Some([2, 3, 6]));
        assert_eq!(of_axes(&[2, 3, 4], &[2, 1, 0]), None);
        assert_eq!(of_axes(&[2, 3, 4, 6], &[0, 2, 1, 3]), None);
        assert_eq!(of_axes(&[2, 1, 4], &[1, 0, 2]), None);
    }
}
