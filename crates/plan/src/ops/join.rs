//! Several tensors side by side.

use layerwise_kernels::Concatenate;

use super::{Lowered, Signature, Site};
use crate::tensor::TensorType;

pub fn infer(signature: &Signature) -> Result<TensorType, String> {
    let first = signature.inputs[0];
    let axis = signature.attributes.integer("axis") as usize;
    if axis >= first.rank() {
        return Err(format!("axis {axis} is none of those of shape {:?}", first.shape()));
    }
    let mut shape = first.shape().to_vec();
    shape[axis] = 0;
    for input in signature.inputs {
        let alike = |other: usize| other == axis || input.shape().get(other) == first.shape().get(other);
        if input.dtype() != first.dtype() || input.rank() != first.rank() || !(0..input.rank()).all(alike) {
            return Err(format!("inputs must agree in all but axis {axis}, got {first} and {input}"));
        }
        // Each extent is below 2³¹ and their number is bounded, so the sum cannot overflow.
        shape[axis] += input.shape()[axis];
    }
    TensorType::new(first.dtype(), shape)
}

pub fn lower(site: &Site) -> Lowered {
    if site.inputs.len() == 1 {
        return Lowered::View;
    }
    let axis = site.attributes.integer("axis") as usize;
    let rows = site.output.shape()[..axis].iter().product();
    let widths: Vec<usize> = site
        .inputs
        .iter()
        .map(|input| input.shape()[axis..].iter().product::<usize>() * input.dtype().bytes())
        .collect();
    Lowered::kernel(Concatenate::new(rows, &widths))
}
