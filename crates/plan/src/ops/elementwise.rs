//! Ops that are one lane operation: operands of equal shapes, an output of the same.

use layerwise_kernels::{Binary, BinaryI32, Compare, CompareI32, Dtype, LaneOp, Unary, UnaryI32};

use super::{Lowered, Signature, Site};
use crate::attributes::Attributes;
use crate::elementwise::Elementwise;
use crate::tensor::TensorType;

/// Which dtypes an op takes, and which lane operation it then is.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    Unary(Unary, Option<UnaryI32>),
    Binary(Binary, Option<BinaryI32>),
    Compare(Compare, CompareI32),
    Where,
    Cast,
}

pub fn infer(rule: Rule, signature: &Signature) -> Result<TensorType, String> {
    let first = signature.inputs[0].shape();
    if let Some(other) = signature.inputs.iter().find(|input| input.shape() != first) {
        return Err(format!("inputs must have equal shapes, got {first:?} and {:?}", other.shape()));
    }
    let dtypes = signature.inputs.iter().map(|input| input.dtype()).collect::<Vec<_>>();
    let (_, output) = select(rule, &dtypes, signature.attributes).ok_or_else(|| {
        let names: Vec<_> = dtypes.iter().map(|dtype| dtype.name()).collect();
        format!("does not take {}", names.join(", "))
    })?;
    TensorType::new(output, first.to_vec())
}

pub fn lower(rule: Rule, site: &Site) -> Lowered {
    let inputs: Vec<Dtype> = site.inputs.iter().map(|input| input.dtype()).collect();
    let output = site.output.dtype();
    if matches!(rule, Rule::Cast) && inputs[0] == output {
        return Lowered::View;
    }
    let (op, _) = select(rule, &inputs, site.attributes).expect("the shape rule accepts these dtypes");
    Lowered::Elementwise(Elementwise::single(op, &inputs, output, site.output.elements()))
}

/// The lane operation for these operands and the dtype that it makes.
fn select(rule: Rule, inputs: &[Dtype], attributes: &Attributes) -> Option<(LaneOp, Dtype)> {
    use Dtype::{Bool, Float32, Int32};
    match (rule, inputs) {
        (Rule::Unary(op, _), [Float32]) => Some((LaneOp::Unary(op), Float32)),
        (Rule::Unary(_, Some(op)), [Int32]) => Some((LaneOp::UnaryI32(op), Int32)),
        (Rule::Binary(op, _), [Float32, Float32]) => Some((LaneOp::Binary(op), Float32)),
        (Rule::Binary(_, Some(op)), [Int32, Int32]) => Some((LaneOp::BinaryI32(op), Int32)),
        (Rule::Compare(op, _), [Float32, Float32]) => Some((LaneOp::Compare(op), Bool)),
        (Rule::Compare(_, op), [Int32, Int32] | [Bool, Bool]) => Some((LaneOp::CompareI32(op), Bool)),
        (Rule::Where, [Bool, x, y]) if x == y && matches!(x, Float32 | Int32 | Bool) => {
            Some((LaneOp::Select, *x))
        }
        (Rule::Cast, [from]) => {
            let to = attributes.dtype("dtype");
            Some((LaneOp::Cast { from: *from, to }, to))
        }
        _ => None,
    }
}
