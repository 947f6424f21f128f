//! Orders along the last axis, and places in a sorted list.

use layerwise_kernels::{Argsort, Dtype, Searchsorted};

use super::{Lowered, Signature, Site};
use crate::tensor::TensorType;

pub fn infer_argsort(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32, Dtype::Int32])?;
    let Some((&columns, outer)) = signature.inputs[0].shape().split_last() else {
        return Err("input 0 must have at least one dimension, got a scalar".into());
    };
    let count = signature.attributes.integer("count") as usize;
    if count > columns {
        return Err(format!("count {count} is more than the {columns} elements of a row"));
    }
    TensorType::new(Dtype::Int32, [outer, &[count]].concat())
}

pub fn lower_argsort(site: &Site) -> Lowered {
    let input = site.inputs[0];
    let (columns, outer) = input.shape().split_last().expect("the shape rule requires an axis");
    let count = site.attributes.integer("count") as usize;
    let descending = site.attributes.boolean("descending");
    Lowered::kernel(Argsort::new(input.dtype(), outer.iter().product(), *columns, count, descending))
}

pub fn infer_searchsorted(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32, Dtype::Int32])?;
    signature.require_rank(0, 1)?;
    signature.require_dtype(1, &[signature.inputs[0].dtype()])?;
    TensorType::new(Dtype::Int32, signature.inputs[1].shape().to_vec())
}

pub fn lower_searchsorted(site: &Site) -> Lowered {
    let (sorted, right) = (site.inputs[0], site.attributes.boolean("right"));
    Lowered::kernel(Searchsorted::new(sorted.dtype(), sorted.elements(), site.output.elements(), right))
}
