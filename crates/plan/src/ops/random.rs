//! Random numbers as functions of a key, a step and the stream of the op.

use layerwise_kernels::{Dtype, RandomPermutation, RandomUniform};

use super::{Lowered, Signature, Site};
use crate::tensor::TensorType;

pub fn infer_uniform(signature: &Signature) -> Result<TensorType, String> {
    require_key_and_step(signature)?;
    TensorType::new(Dtype::Float32, signature.attributes.integers("shape").to_vec())
}

pub fn lower_uniform(site: &Site) -> Lowered {
    let stream = site.attributes.integer("stream");
    Lowered::kernel(RandomUniform::new(site.isa, site.output.elements(), stream))
}

pub fn infer_permutation(signature: &Signature) -> Result<TensorType, String> {
    require_key_and_step(signature)?;
    TensorType::new(Dtype::Int32, vec![signature.attributes.integer("length") as usize])
}

pub fn lower_permutation(site: &Site) -> Lowered {
    Lowered::kernel(RandomPermutation::new(site.output.elements(), site.attributes.integer("stream")))
}

fn require_key_and_step(signature: &Signature) -> Result<(), String> {
    signature.require_type(0, Dtype::Int32, &[2])?;
    signature.require_type(1, Dtype::Int32, &[])
}
