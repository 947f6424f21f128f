//! Rows and elements by index: taken, put, and combined by segment.

use layerwise_kernels::{Dtype, Isa, ScatterPlaces, ScatterUpdate, SegmentReduce, Take, TakeAlongAxis};

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

pub fn infer_take_along_axis(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(1, &[Dtype::Int32])?;
    signature.require_axis(0, signature.attributes.integer("axis"))?;
    let (data, indices) = (signature.inputs[0], signature.inputs[1]);
    let axis = signature.attributes.integer("axis") as usize;
    signature.require_rank(1, data.rank())?;
    let mut others = data.shape().iter().zip(indices.shape()).enumerate();
    if others.any(|(i, (from, to))| i != axis && from != to) {
        let (data, indices) = (data.shape(), indices.shape());
        return Err(format!("shapes {data:?} and {indices:?} may differ along axis {axis} alone"));
    }
    TensorType::new(data.dtype(), indices.shape().to_vec())
}

pub fn lower_take_along_axis(site: &Site) -> Lowered {
    let (data, axis) = (site.inputs[0], site.attributes.integer("axis") as usize);
    Lowered::kernel(TakeAlongAxis::new(
        data.dtype().bytes(),
        data.shape(),
        axis,
        site.inputs[1].shape()[axis],
    ))
}

pub fn infer_scatter_update(signature: &Signature) -> Result<TensorType, String> {
    let data = signature.inputs[0];
    let Some((_, row)) = data.shape().split_first() else {
        return Err("input 0 must have at least one dimension, got a scalar".into());
    };
    signature.require_dtype(1, &[Dtype::Int32])?;
    signature.require_rank(1, 1)?;
    let count = signature.inputs[1].shape();
    signature.require_type(2, data.dtype(), &[count, row].concat())?;
    Ok(data.clone())
}

pub fn lower_scatter_update(site: &Site) -> Lowered {
    let (data, indices) = (site.inputs[0], site.inputs[1]);
    let row: usize = data.shape()[1..].iter().product();
    Lowered::kernel(ScatterUpdate::new(row * data.dtype().bytes(), data.shape()[0], indices.elements()))
}

pub fn infer_scatter_places(signature: &Signature) -> Result<TensorType, String> {
    signature.require_rank(0, 2)?;
    let extents = signature.attributes.integers("shape");
    let count = signature.inputs[0].shape()[0];
    signature.require_type(0, Dtype::Int32, &[count, extents.len()])?;
    TensorType::new(Dtype::Int32, extents.to_vec())?;
    TensorType::new(Dtype::Int32, vec![count])
}

pub fn lower_scatter_places(site: &Site) -> Lowered {
    Lowered::kernel(ScatterPlaces::new(site.attributes.integers("shape"), site.output.elements()))
}

pub fn infer_segments(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32, Dtype::Int32])?;
    let data = signature.inputs[0];
    let Some((&rows, row)) = data.shape().split_first() else {
        return Err("input 0 must have at least one dimension, got a scalar".into());
    };
    signature.require_type(1, Dtype::Int32, &[rows])?;
    let segments = signature.attributes.integer("segments") as usize;
    TensorType::new(data.dtype(), [&[segments], row].concat())
}

pub fn lower_segment_sum(site: &Site) -> Lowered {
    lower_segments(site, SegmentReduce::sum)
}

pub fn lower_segment_max(site: &Site) -> Lowered {
    lower_segments(site, SegmentReduce::max)
}

fn lower_segments(site: &Site, make: fn(Isa, Dtype, usize, usize, usize) -> SegmentReduce) -> Lowered {
    let data = site.inputs[0];
    let columns: usize = data.shape()[1..].iter().product();
    Lowered::kernel(make(site.isa, data.dtype(), data.shape()[0], columns, site.output.shape()[0]))
}
