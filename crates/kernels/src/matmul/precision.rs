//! How exact a product must be, and so which kernel computes it.

use super::blocking::Shape;
use super::{Epilogue, Matmul};
use crate::isa::Isa;
use crate::kernel::Kernel;

/// How exact the matrix products of f32 must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// The accuracy of f32.
    #[default]
    Highest,
    /// At least that of numbers of 16 bits (bf16x3), where it is faster.
    High,
    /// At least that of numbers of 8 bits (bf16), where it is faster.
    Medium,
}

impl Precision {
    const ALL: [Precision; 3] = [Precision::Highest, Precision::High, Precision::Medium];

    /// The name in options.
    pub const fn name(self) -> &'static str {
        match self {
            Precision::Highest => "highest",
            Precision::High => "high",
            Precision::Medium => "medium",
        }
    }

    /// The precision of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Precision> {
        Precision::ALL.into_iter().find(|precision| precision.name() == name)
    }
}

/// The kernel of C = activation(A · B + bias) for each matrix of a batch, with at least the precision.
///
/// # Panics
/// When the machine lacks the instruction set, or an operand could not exist in memory.
pub fn matmul(
    isa: Isa,
    precision: Precision,
    batch: usize,
    m: usize,
    n: usize,
    k: usize,
    transpose_a: bool,
    transpose_b: bool,
    epilogue: Epilogue,
) -> Box<dyn Kernel> {
    #[cfg(target_arch = "x86_64")]
    if isa == Isa::Amx {
        let shape = Shape { batch, m, n, k, transpose_a, transpose_b };
        if let Some(parts) = super::split::Parts::for_shape(precision, &shape) {
            return Box::new(super::split::SplitMatmul::new(shape, parts, epilogue));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (precision, Shape { batch, m, n, k, transpose_a, transpose_b });
    Box::new(Matmul::new(isa, batch, m, n, k, transpose_a, transpose_b, epilogue))
}
