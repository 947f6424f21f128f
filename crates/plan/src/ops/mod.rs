//! The shape rules of the primitives and what each becomes before fusion, one file a family.

pub mod control;
pub mod convolution;
pub mod cumulative;
pub mod elementwise;
pub mod embed;
pub mod gather;
pub mod join;
pub mod matmul;
pub mod movement;
pub mod pool;
pub mod random;
pub mod reduce;
pub mod resample;
pub mod slice;
pub mod softmax;
pub mod sort;

use layerwise_kernels::{Dtype, Isa, Kernel, MaxPool, Precision};

use crate::attributes::Attributes;
use crate::elementwise::Elementwise;
use crate::product::Product;
use crate::reduce::Reduction;
use crate::tensor::TensorType;
use crate::transpose::Transpose;

/// What a shape rule sees.
pub struct Signature<'a> {
    pub inputs: &'a [&'a TensorType],
    pub attributes: &'a Attributes,
}

/// What a lowering sees: an instruction whose shapes are checked.
pub struct Site<'a> {
    pub inputs: &'a [&'a TensorType],
    pub output: &'a TensorType,
    pub attributes: &'a Attributes,
    pub isa: Isa,
    pub precision: Precision,
}

/// What an instruction of a program becomes before fusion.
#[derive(Debug)]
pub enum Lowered {
    /// Nothing: the output is the memory of the first input.
    View,
    Elementwise(Elementwise),
    Product(Product),
    Reduce(Reduction),
    MaxPool(MaxPool),
    Transpose(Transpose),
    Kernel(Box<dyn Kernel>),
}

impl Lowered {
    fn kernel(kernel: impl Kernel + 'static) -> Self {
        Lowered::Kernel(Box::new(kernel))
    }
}

impl Signature<'_> {
    /// Requires one of `dtypes` of an input.
    fn require_dtype(&self, input: usize, dtypes: &[Dtype]) -> Result<(), String> {
        let got = self.inputs[input].dtype();
        if dtypes.contains(&got) {
            return Ok(());
        }
        let names: Vec<_> = dtypes.iter().map(|dtype| dtype.name()).collect();
        Err(format!("input {input} must be {}, got {}", names.join(" or "), got.name()))
    }

    /// Requires a list of integers that has one for each axis of a tensor.
    fn require_one_per_axis(&self, name: &str, rank: usize) -> Result<&[usize], String> {
        let list = self.attributes.integers(name);
        if list.len() == rank {
            return Ok(list);
        }
        Err(format!("attribute {name:?} must have {rank} entries, one for each axis, got {list:?}"))
    }

    /// Requires a rank of an input.
    fn require_rank(&self, input: usize, rank: usize) -> Result<(), String> {
        let got = self.inputs[input];
        if got.rank() == rank {
            return Ok(());
        }
        Err(format!("input {input} must have {rank} dimensions, got shape {:?}", got.shape()))
    }

    /// Requires an axis of an input.
    fn require_axis(&self, input: usize, axis: u32) -> Result<(), String> {
        let got = self.inputs[input];
        if (axis as usize) < got.rank() {
            return Ok(());
        }
        Err(format!("axis {axis} is out of range for shape {:?}", got.shape()))
    }

    /// Requires one exact type of an input.
    fn require_type(&self, input: usize, dtype: Dtype, shape: &[usize]) -> Result<(), String> {
        let got = self.inputs[input];
        if got.dtype() == dtype && got.shape() == shape {
            return Ok(());
        }
        Err(format!("input {input} must be {} {shape:?}, got {got}", dtype.name()))
    }
}
