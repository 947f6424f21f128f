//! A matrix product before it is a kernel, so that the work after it can join it.

use layerwise_kernels::{self as kernels, Epilogue, Isa, Kernel, Precision};

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
    pub precision: Precision,
}

impl Matmul {
    /// The kernel.
    pub fn kernel(&self, isa: Isa) -> Box<dyn Kernel> {
        let Matmul { batch, m, n, k, transpose_a, transpose_b, epilogue, precision } = *self;
        kernels::matmul(isa, precision, batch, m, n, k, transpose_a, transpose_b, epilogue)
    }
}
