//! What is known of a value before it exists: its element type and its shape.

use layerwise_kernels::Dtype;
use serde::Serialize;

pub const MAX_RANK: usize = 8;

/// Indices into tensors are int32, so no tensor has more elements than that can count.
pub const MAX_ELEMENTS: usize = i32::MAX as usize;

/// The element type and shape of a value. The bounds above hold for every tensor type that exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TensorType {
    dtype: Dtype,
    shape: Vec<usize>,
}

impl TensorType {
    /// Checks rank and size. An extent of zero counts as one here, so that strides cannot overflow either.
    pub fn new(dtype: Dtype, shape: Vec<usize>) -> Result<Self, String> {
        if shape.len() > MAX_RANK {
            return Err(format!("shape {shape:?} has {} dimensions, more than {MAX_RANK}", shape.len()));
        }
        shape
            .iter()
            .try_fold(1usize, |product, &extent| product.checked_mul(extent.max(1)))
            .filter(|&product| product <= MAX_ELEMENTS)
            .ok_or_else(|| format!("shape {shape:?} has more than {MAX_ELEMENTS} elements"))?;
        Ok(TensorType { dtype, shape })
    }

    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    pub fn bytes(&self) -> usize {
        self.elements() * self.dtype.bytes()
    }
}

impl std::fmt::Display for TensorType {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {:?}", self.dtype.name(), self.shape)
    }
}

impl Serialize for TensorType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            dtype: &'a str,
            shape: &'a [usize],
            bytes: usize,
        }
        Fields { dtype: self.dtype.name(), shape: &self.shape, bytes: self.bytes() }.serialize(serializer)
    }
}

/// The dtype of that name, as programs spell it.
pub fn dtype_from_name(name: &str) -> Option<Dtype> {
    [Dtype::Float32, Dtype::Int32, Dtype::Bool, Dtype::Uint8].into_iter().find(|dtype| dtype.name() == name)
}
