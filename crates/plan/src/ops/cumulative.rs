//! What runs along an axis: cumulative sums, products and maxima, and linear recurrences.

use layerwise_kernels::{Dtype, Isa, LinearRecurrence, Running};

use super::{Lowered, Signature, Site};
use crate::tensor::TensorType;

pub fn infer_running(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32, Dtype::Int32])?;
    signature.require_axis(0, signature.attributes.integer("axis"))?;
    Ok(signature.inputs[0].clone())
}

pub fn lower_sum(site: &Site) -> Lowered {
    lower(site, Running::sum)
}

pub fn lower_product(site: &Site) -> Lowered {
    lower(site, Running::product)
}

pub fn lower_max(site: &Site) -> Lowered {
    lower(site, Running::max)
}

fn lower(site: &Site, make: fn(Isa, Dtype, &[usize], usize, bool) -> Running) -> Lowered {
    let (input, (axis, reverse)) = (site.inputs[0], direction(site));
    Lowered::kernel(make(site.isa, input.dtype(), input.shape(), axis, reverse))
}

pub fn infer_recurrence(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32])?;
    signature.require_axis(0, signature.attributes.integer("axis"))?;
    signature.require_type(1, Dtype::Float32, signature.inputs[0].shape())?;
    Ok(signature.inputs[0].clone())
}

pub fn lower_recurrence(site: &Site) -> Lowered {
    let (axis, reverse) = direction(site);
    Lowered::kernel(LinearRecurrence::new(site.isa, site.output.shape(), axis, reverse))
}

fn direction(site: &Site) -> (usize, bool) {
    (site.attributes.integer("axis") as usize, site.attributes.boolean("reverse"))
}
