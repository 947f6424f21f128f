//! Reductions along axes.

use layerwise_kernels::{ArgMax, Dtype};

use super::{Lowered, Signature, Site};
use crate::reduce::{Reduction, ReductionKind};
use crate::tensor::TensorType;

/// The type of what takes all elements along the axes together.
pub fn infer_total(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32, Dtype::Int32])?;
    reduced(signature.inputs[0], signature.attributes.integers("axes"))
}

pub fn lower_sum(site: &Site) -> Lowered {
    lower(site, ReductionKind::Sum)
}

pub fn lower_product(site: &Site) -> Lowered {
    lower(site, ReductionKind::Product)
}

/// The type of what measures the spread of floats along the axes.
pub fn infer_squared_deviations(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32])?;
    infer_total(signature)
}

pub fn lower_squared_deviations(site: &Site) -> Lowered {
    reduction(site, ReductionKind::SquaredDeviations)
}

/// The type of what is chosen from the elements along the axes, of which there must be some.
pub fn infer_extremum(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32, Dtype::Int32])?;
    let (input, axes) = (signature.inputs[0], signature.attributes.integers("axes"));
    let output = reduced(input, axes)?;
    require_elements(input, axes)?;
    Ok(output)
}

pub fn lower_max(site: &Site) -> Lowered {
    lower(site, ReductionKind::Max)
}

pub fn lower_min(site: &Site) -> Lowered {
    lower(site, ReductionKind::Min)
}

/// What leaves an element as it is, alone along its axes, is no work.
fn lower(site: &Site, kind: ReductionKind) -> Lowered {
    let elements = site.inputs[0].elements();
    if site.output.elements() == elements && elements > 0 { Lowered::View } else { reduction(site, kind) }
}

fn reduction(site: &Site, kind: ReductionKind) -> Lowered {
    let input = site.inputs[0];
    let (dtype, shape) = (input.dtype(), input.shape().to_vec());
    let axes = site.attributes.integers("axes").to_vec();
    Lowered::Reduce(Reduction { kind, dtype, shape, axes, chain: None })
}

pub fn infer_argmax(signature: &Signature) -> Result<TensorType, String> {
    signature.require_dtype(0, &[Dtype::Float32, Dtype::Int32])?;
    let (input, axis) = (signature.inputs[0], signature.attributes.integer("axis") as usize);
    let output = reduced(input, &[axis])?;
    require_elements(input, &[axis])?;
    TensorType::new(Dtype::Int32, output.shape().to_vec())
}

pub fn lower_argmax(site: &Site) -> Lowered {
    let input = site.inputs[0];
    let axis = site.attributes.integer("axis") as usize;
    Lowered::kernel(ArgMax::new(site.isa, input.dtype(), input.shape(), axis))
}

/// The type without the axes, which must be in range and ascending.
fn reduced(input: &TensorType, axes: &[usize]) -> Result<TensorType, String> {
    if let Some(axis) = axes.iter().find(|&&axis| axis >= input.rank()) {
        return Err(format!("axis {axis} is out of range for shape {:?}", input.shape()));
    }
    if axes.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(format!("axes {axes:?} must ascend without repeating"));
    }
    let kept = input.shape().iter().enumerate().filter(|(axis, _)| !axes.contains(axis));
    TensorType::new(input.dtype(), kept.map(|(_, &extent)| extent).collect())
}

fn require_elements(input: &TensorType, axes: &[usize]) -> Result<(), String> {
    match axes.iter().find(|&&axis| input.shape()[axis] == 0) {
        Some(axis) => Err(format!("axis {axis} of shape {:?} has no elements to choose from", input.shape())),
        None => Ok(()),
    }
}
