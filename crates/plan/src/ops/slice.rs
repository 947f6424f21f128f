//! Parts of a tensor: slices and reversals.

use layerwise_kernels::{Dtype, DynamicSlice, StridedCopy};

use super::movement::contiguous_strides;
use super::{Lowered, Signature, Site};
use crate::tensor::TensorType;

pub fn infer(signature: &Signature) -> Result<TensorType, String> {
    let input = signature.inputs[0];
    let [start, shape, strides] =
        ["start", "shape", "strides"].map(|name| signature.require_one_per_axis(name, input.rank()));
    let (start, shape, strides) = (start?, shape?, strides?);
    for (axis, &extent) in input.shape().iter().enumerate() {
        let last = shape[axis].saturating_sub(1).checked_mul(strides[axis]);
        let end = last.and_then(|last| last.checked_add(start[axis])?.checked_add(shape[axis].min(1)));
        if strides[axis] == 0 || end.is_none_or(|end| end > extent) {
            return Err(format!(
                "a slice of {} in steps of {} from {} on leaves axis {axis} of shape {:?}",
                shape[axis],
                strides[axis],
                start[axis],
                input.shape()
            ));
        }
    }
    TensorType::new(input.dtype(), shape.to_vec())
}

pub fn lower(site: &Site) -> Lowered {
    let input = site.inputs[0];
    if site.output.shape() == input.shape() {
        return Lowered::View;
    }
    let (start, steps) = (site.attributes.integers("start"), site.attributes.integers("strides"));
    let mut first = 0;
    let mut strides = Vec::with_capacity(input.rank());
    for (axis, stride) in contiguous_strides(input.shape()).into_iter().enumerate() {
        first += start[axis] * stride;
        strides.push(if site.output.shape()[axis] > 1 { (steps[axis] * stride) as isize } else { 0 });
    }
    Lowered::kernel(StridedCopy::starting_at(input.dtype().bytes(), site.output.shape(), first, &strides))
}

pub fn infer_dynamic(signature: &Signature) -> Result<TensorType, String> {
    let input = signature.inputs[0];
    signature.require_type(1, Dtype::Int32, &[input.rank()])?;
    let shape = signature.require_one_per_axis("shape", input.rank())?;
    if shape.iter().zip(input.shape()).any(|(slice, extent)| slice > extent) {
        return Err(format!("a slice of shape {shape:?} is larger than its input {:?}", input.shape()));
    }
    TensorType::new(input.dtype(), shape.to_vec())
}

pub fn lower_dynamic(site: &Site) -> Lowered {
    let input = site.inputs[0];
    Lowered::kernel(DynamicSlice::new(input.dtype().bytes(), input.shape(), site.output.shape()))
}

pub fn infer_flip(signature: &Signature) -> Result<TensorType, String> {
    let (input, axes) = (signature.inputs[0], signature.attributes.integers("axes"));
    if !axes.is_sorted_by(|a, b| a < b) || axes.last().is_some_and(|&axis| axis >= input.rank()) {
        return Err(format!("axes {axes:?} are not ascending axes of shape {:?}", input.shape()));
    }
    Ok(input.clone())
}

pub fn lower_flip(site: &Site) -> Lowered {
    let (input, axes) = (site.inputs[0], site.attributes.integers("axes"));
    if axes.iter().all(|&axis| input.shape()[axis] == 1) {
        return Lowered::View;
    }
    let mut strides: Vec<isize> =
        contiguous_strides(input.shape()).into_iter().map(|stride| stride as isize).collect();
    let mut first = 0;
    for &axis in axes {
        first += (input.shape()[axis] - 1) * strides[axis] as usize;
        strides[axis] = -strides[axis];
    }
    Lowered::kernel(StridedCopy::starting_at(input.dtype().bytes(), input.shape(), first, &strides))
}
