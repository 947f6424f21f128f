//! A matrix product before it is a kernel, so that the work after it can join it.

use layerwise_kernels::{self as kernels, Epilogue, Isa, Kernel, Precision};

use crate::elementwise::Elementwise;

/// C = A · B for each matrix of a batch, and what is done with it while it is near.
#[derive(Clone, Debug)]
pub struct Matmul {
    pub batch: usize,
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub transpose_a: bool,
    pub transpose_b: bool,
    pub precision: Precision,
    /// Adds the third operand, of n elements, to every row.
    pub bias: bool,
    /// After the bias.
    pub relu: bool,
    /// After both. Its first input is what they leave of the product, and the others are the operands after them.
    pub tape: Option<Elementwise>,
}

impl Matmul {
    /// The elements of the product.
    pub fn elements(&self) -> usize {
        self.batch * self.m * self.n
    }

    /// The kernel.
    pub fn kernel(&self, isa: Isa) -> Box<dyn Kernel> {
        let Matmul { batch, m, n, k, transpose_a, transpose_b, precision, bias, relu, .. } = *self;
        let tape = self.tape.as_ref().map(|tape| tape.kernel_over_rows(isa, n));
        let epilogue = Epilogue { bias, relu, tape };
        kernels::matmul(isa, precision, batch, m, n, k, transpose_a, transpose_b, epilogue)
    }
}
