//! How exact a product must be, and so which kernel computes it.

use super::blocking::Shape;
#[cfg(target_arch = "x86_64")]
use super::split::Parts;
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
pub fn matmul(isa: Isa, precision: Precision, shape: Shape, epilogue: Epilogue) -> Box<dyn Kernel> {
    #[cfg(target_arch = "x86_64")]
    if let Some(parts) = parts(isa, precision, &shape) {
        return Box::new(super::split::SplitMatmul::new(shape, parts, epilogue));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = precision;
    Box::new(Matmul::new(isa, shape, epilogue))
}

/// Whether A · B and Bᵀ · Aᵀ have the same bits. Sums of products of parts have another order where the factors change places.
pub fn is_symmetric(isa: Isa, precision: Precision, shape: &Shape) -> bool {
    #[cfg(target_arch = "x86_64")]
    let symmetric = parts(isa, precision, shape).is_none();
    #[cfg(not(target_arch = "x86_64"))]
    let (symmetric, _) = (true, (isa, precision, shape));
    symmetric
}

#[cfg(target_arch = "x86_64")]
fn parts(isa: Isa, precision: Precision, shape: &Shape) -> Option<Parts> {
    if isa == Isa::Amx { Parts::for_shape(precision, shape) } else { None }
}
