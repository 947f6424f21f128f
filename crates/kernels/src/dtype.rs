//! The element types of tensors.

/// The element type of a tensor. `Uint8` is for storage: it can be gathered, reshaped and cast, not computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    Float32,
    Int32,
    Bool,
    Uint8,
}

impl Dtype {
    /// The size of an element in bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Dtype::Float32 | Dtype::Int32 => 4,
            Dtype::Bool | Dtype::Uint8 => 1,
        }
    }

    /// The name that programs use.
    pub const fn name(self) -> &'static str {
        match self {
            Dtype::Float32 => "float32",
            Dtype::Int32 => "int32",
            Dtype::Bool => "bool",
            Dtype::Uint8 => "uint8",
        }
    }
}
