//! Softmax, and its cross-entropy with integer labels.

use layerwise_kernels::{Dtype, Softmax, SparseSoftmaxCrossentropy};

use super::{Lowered, Signature, Site};
use crate::tensor::TensorType;

pub fn infer_softmax(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32])?;
    if signature.inputs[0].rank() == 0 {
        return Err("input 0 must have at least one dimension, got a scalar".into());
    }
    Ok(signature.inputs[0].clone())
}

pub fn lower_softmax(site: &Site) -> Lowered {
    let (rows, columns) = rows_of(site.inputs[0]);
    Lowered::kernel(Softmax::new(site.isa, rows, columns))
}

pub fn infer_crossentropy(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32])?;
    signature.require_rank(0, 2)?;
    let rows = signature.inputs[0].shape()[0];
    signature.require_type(1, Dtype::Int32, &[rows])?;
    TensorType::new(Dtype::Float32, vec![rows])
}

pub fn lower_crossentropy(site: &Site) -> Lowered {
    let (rows, columns) = rows_of(site.inputs[0]);
    Lowered::kernel(SparseSoftmaxCrossentropy::new(site.isa, rows, columns))
}

/// The tensor as rows along its last axis.
fn rows_of(tensor: &TensorType) -> (usize, usize) {
    let (columns, outer) = tensor.shape().split_last().expect("the shape rule requires an axis");
    (outer.iter().product(), *columns)
}
