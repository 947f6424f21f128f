//! A matrix product before it is a kernel, so that the work after it can join it.

use layerwise_kernels::{self as kernels, Epilogue, Isa};

/// C = activation(A · B + bias) for each matrix of a batch.
#[derive(Clone, Debug)]
pub struct Matmul {
    pub batch: usize,
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub transpose_a: bool,
    pub transpose_b: bool,
    pub epilogue: Epilogue,
}

impl Matmul {
    /// The kernel.
    pub fn kernel(&self, isa: Isa) -> kernels::Matmul {
        let Matmul { batch, m, n, k, transpose_a, transpose_b, epilogue } = *self;
        kernels::Matmul::new(isa, batch, m, n, k, transpose_a, transpose_b, epilogue)
    }
}
