//! Resampling along an axis.

use layerwise_kernels::{AxisMap, Dtype, Resample, Resampling};

use super::{Lowered, Signature, Site};
use crate::attributes::Attributes;
use crate::tensor::TensorType;

pub fn infer(signature: &Signature) -> Result<TensorType, String> {
    let (input, axis) = (signature.inputs[0], signature.attributes.integer("axis"));
    signature.require_dtype(0, &[Dtype::Float32])?;
    signature.require_axis(0, axis)?;
    method(signature.attributes)?;
    let size = signature.attributes.integer("size") as usize;
    let mut shape = input.shape().to_vec();
    let before = std::mem::replace(&mut shape[axis as usize], size);
    if before == 0 || size == 0 {
        return Err(format!("an axis of {before} positions cannot become one of {size}"));
    }
    TensorType::new(Dtype::Float32, shape)
}

pub fn lower(site: &Site) -> Lowered {
    let (attributes, shape) = (site.attributes, site.inputs[0].shape());
    let axis = attributes.integer("axis") as usize;
    let (antialias, transposed) = (attributes.boolean("antialias"), attributes.boolean("transposed"));
    let (before, after) = (shape[axis], site.output.shape()[axis]);
    let (from, to) = if transposed { (after, before) } else { (before, after) };
    let method = method(attributes).expect("the shape rule accepts this method");
    let map = AxisMap { method, from, to, antialias };
    Lowered::kernel(Resample::new(site.isa, shape, axis, map, transposed))
}

fn method(attributes: &Attributes) -> Result<Resampling, String> {
    let name = attributes.name("method");
    Resampling::from_name(name).ok_or_else(|| format!("there is no method {name:?}"))
}
