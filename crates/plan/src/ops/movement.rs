//! Ops that move elements: reshape, transpose, broadcastTo.

use layerwise_kernels::StridedCopy;

use super::{Lowered, Signature, Site};
use crate::elementwise::{Elementwise, Pattern};
use crate::tensor::TensorType;
use crate::transpose::Transpose;

pub fn infer_reshape(signature: &Signature) -> Result<TensorType, String> {
    let (input, shape) = (signature.inputs[0], signature.attributes.integers("shape"));
    let output = TensorType::new(input.dtype(), shape.to_vec())?;
    if output.elements() != input.elements() {
        return Err(format!("shape {:?} cannot become {shape:?}: the sizes differ", input.shape()));
    }
    Ok(output)
}

pub fn lower_reshape(_: &Site) -> Lowered {
    Lowered::View
}

pub fn infer_transpose(signature: &Signature) -> Result<TensorType, String> {
    let (input, axes) = (signature.inputs[0], signature.attributes.integers("axes"));
    let mut sorted = axes.to_vec();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..input.rank()) {
        return Err(format!("axes {axes:?} are not a permutation of the axes of shape {:?}", input.shape()));
    }
    TensorType::new(input.dtype(), axes.iter().map(|&axis| input.shape()[axis]).collect())
}

pub fn lower_transpose(site: &Site) -> Lowered {
    let (input, axes) = (site.inputs[0], site.attributes.integers("axes"));
    if axes.iter().filter(|&&axis| input.shape()[axis] != 1).is_sorted() {
        return Lowered::View;
    }
    if let Some(transpose) = Transpose::of_axes(input.dtype(), input.shape(), axes) {
        return Lowered::Transpose(transpose);
    }
    let strides = contiguous_strides(input.shape());
    let permuted: Vec<usize> = axes.iter().map(|&axis| strides[axis]).collect();
    Lowered::kernel(StridedCopy::new(input.dtype().bytes(), site.output.shape(), &permuted))
}

pub fn infer_broadcast(signature: &Signature) -> Result<TensorType, String> {
    let (input, shape) = (signature.inputs[0], signature.attributes.integers("shape"));
    let aligned = input.shape().iter().rev().zip(shape.iter().rev());
    if shape.len() < input.rank() || aligned.clone().any(|(&from, &to)| from != 1 && from != to) {
        return Err(format!("shape {:?} cannot be broadcast to {shape:?}", input.shape()));
    }
    TensorType::new(input.dtype(), shape.to_vec())
}

pub fn lower_broadcast(site: &Site) -> Lowered {
    let (input, output) = (site.inputs[0], site.output);
    let pattern = Pattern::of_broadcast(input.shape(), output.shape());
    match pattern {
        Some(Pattern::Full) => Lowered::View,
        Some(pattern) => {
            Lowered::Elementwise(Elementwise::broadcast(input.dtype(), output.elements(), pattern))
        }
        None => {
            let leading = output.rank() - input.rank();
            let strides = contiguous_strides(input.shape());
            let strides = input
                .shape()
                .iter()
                .zip(strides)
                .map(|(&extent, stride)| if extent == 1 { 0 } else { stride });
            let strides: Vec<usize> = std::iter::repeat_n(0, leading).chain(strides).collect();
            Lowered::kernel(StridedCopy::new(input.dtype().bytes(), output.shape(), &strides))
        }
    }
}

/// The distance between neighbours along each axis, in elements.
pub(super) fn contiguous_strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis].max(1);
    }
    strides
}
