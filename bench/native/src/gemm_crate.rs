//! The gemm crate.

use gemm::Parallelism;

use crate::shape::Shape;

/// C = A · B on so many threads, with the best instruction set that the crate finds.
pub fn multiply(shape: &Shape, a: &[f32], b: &[f32], c: &mut [f32], threads: usize) {
    shape.check(a, b, c);
    let &Shape { m, n, k, transpose_a, transpose_b } = shape;
    // The strides of columns and of rows.
    let strides = |transposed: bool, rows: usize, columns: usize| {
        if transposed { (rows as isize, 1) } else { (1, columns as isize) }
    };
    let (a_column, a_row) = strides(transpose_a, m, k);
    let (b_column, b_row) = strides(transpose_b, k, n);
    let parallelism = if threads == 1 { Parallelism::None } else { Parallelism::Rayon(threads) };
    let (c, a, b) = (c.as_mut_ptr(), a.as_ptr(), b.as_ptr());
    // SAFETY: the matrices have the sizes of the shape, as checked, and C overlaps neither.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c,
            1,
            n as isize,
            false,
            a,
            a_column,
            a_row,
            b,
            b_column,
            b_row,
            0.0f32,
            1.0f32,
            false,
            false,
            false,
            parallelism,
        );
    }
}
