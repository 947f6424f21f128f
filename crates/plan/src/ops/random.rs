//! Random numbers as functions of a key, a step and the stream of the op.

use layerwise_kernels::{Dtype, RandomGamma, RandomPermutation, RandomUniform};

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

pub fn infer_integers(signature: &Signature) -> Result<TensorType, String> {
    require_key_and_step(signature)?;
    if signature.attributes.integer("range") == 0 {
        return Err("attribute \"range\" must be at least 1".into());
    }
    TensorType::new(Dtype::Int32, signature.attributes.integers("shape").to_vec())
}

pub fn lower_integers(site: &Site) -> Lowered {
    let (stream, range) = (site.attributes.integer("stream"), site.attributes.integer("range"));
    Lowered::kernel(RandomUniform::integers(site.isa, site.output.elements(), stream, range))
}

pub fn infer_gamma(signature: &Signature) -> Result<TensorType, String> {
    require_key_and_step(signature)?;
    signature.require_dtype(2, &[Dtype::Float32])?;
    Ok(signature.inputs[2].clone())
}

pub fn lower_gamma(site: &Site) -> Lowered {
    let (stream, logarithm) = (site.attributes.integer("stream"), site.attributes.boolean("logarithm"));
    Lowered::kernel(RandomGamma::new(site.output.elements(), stream, logarithm))
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
