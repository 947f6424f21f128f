//! Rows by index: take, and the sum of rows by segment.

use layerwise_kernels::{Dtype, SegmentSum, Take};

use super::{Lowered, Signature, Site};
use crate::tensor::TensorType;

pub fn infer_take(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(1, &[Dtype::Int32])?;
    let (data, indices) = (signature.inputs[0], signature.inputs[1]);
    let Some((_, row)) = data.shape().split_first() else {
        return Err("input 0 must have at least one dimension, got a scalar".into());
    };
    TensorType::new(data.dtype(), [indices.shape(), row].concat())
}

pub fn lower_take(site: &Site) -> Lowered {
    let (data, indices) = (site.inputs[0], site.inputs[1]);
    let row: usize = data.shape()[1..].iter().product();
    Lowered::kernel(Take::new(row * data.dtype().bytes(), data.shape()[0], indices.elements()))
}

pub fn infer_segment_sum(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32])?;
    let Some((&rows, row)) = signature.inputs[0].shape().split_first() else {
        return Err("input 0 must have at least one dimension, got a scalar".into());
    };
    signature.require_type(1, Dtype::Int32, &[rows])?;
    let segments = signature.attributes.integer("segments") as usize;
    TensorType::new(Dtype::Float32, [&[segments], row].concat())
}

pub fn lower_segment_sum(site: &Site) -> Lowered {
    let data = site.inputs[0].shape();
    let columns: usize = data[1..].iter().product();
    Lowered::kernel(SegmentSum::new(site.isa, data[0], columns, site.output.shape()[0]))
}
