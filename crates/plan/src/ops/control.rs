//! Control flow: instructions that run programs of their own.

use layerwise_kernels::Dtype;

use super::Signature;
use crate::attributes::Attributes;
use crate::control::ControlKind;
use crate::program::Program;
use crate::tensor::TensorType;

#[derive(Clone, Copy, Debug)]
pub enum Rule {
    Switch,
    While,
    Scan,
}

/// The types of the outputs, or why inputs and bodies do not fit.
pub fn infer(rule: Rule, signature: &Signature, bodies: &[Program]) -> Result<Vec<TensorType>, String> {
    match rule {
        Rule::Switch => infer_switch(signature, bodies),
        Rule::While => infer_while(signature, bodies),
        Rule::Scan => infer_scan(signature, bodies),
    }
}

/// What an instruction that passed the rule does.
pub fn kind(rule: Rule, attributes: &Attributes) -> ControlKind {
    let count = |name| attributes.integer(name) as usize;
    match rule {
        Rule::Switch => ControlKind::Switch,
        Rule::While => ControlKind::While {
            constants: count("constants"),
            most_iterations: attributes.integer("maximumIterations"),
        },
        Rule::Scan => ControlKind::Scan {
            constants: count("constants"),
            carries: count("carries"),
            length: count("length"),
            reverse: attributes.boolean("reverse"),
        },
    }
}

fn infer_switch(signature: &Signature, bodies: &[Program]) -> Result<Vec<TensorType>, String> {
    let (Some((_, operands)), Some(first)) = (signature.inputs.split_first(), bodies.first()) else {
        return Err("takes an index and at least one body".into());
    };
    signature.require_type(0, Dtype::Int32, &[])?;
    let outputs = first.output_types();
    for body in bodies {
        require_types("the inputs of a body", &body.input_types(), operands)?;
        require_types("the outputs of a body", &body.output_types(), &outputs)?;
    }
    Ok(owned(&outputs))
}

fn infer_while(signature: &Signature, bodies: &[Program]) -> Result<Vec<TensorType>, String> {
    let constants = signature.attributes.integer("constants") as usize;
    let [condition, body] = bodies else {
        return Err(format!("takes 2 bodies, got {}", bodies.len()));
    };
    let Some(carries) = signature.inputs.get(constants..) else {
        return Err(format!("has {} inputs, fewer than constants", signature.inputs.len()));
    };
    let truth = TensorType::new(Dtype::Bool, Vec::new())?;
    require_types("the inputs of the condition", &condition.input_types(), signature.inputs)?;
    require_types("the outputs of the condition", &condition.output_types(), &[&truth])?;
    require_types("the inputs of the body", &body.input_types(), signature.inputs)?;
    require_types("the outputs of the body", &body.output_types(), carries)?;
    Ok(owned(carries))
}

fn infer_scan(signature: &Signature, bodies: &[Program]) -> Result<Vec<TensorType>, String> {
    let count = |name| signature.attributes.integer(name) as usize;
    let (constants, carries, length) = (count("constants"), count("carries"), count("length"));
    let [body] = bodies else { return Err(format!("takes 1 body, got {}", bodies.len())) };
    let (made, kept) = (body.output_types(), constants.saturating_add(carries));
    if kept > signature.inputs.len() || carries > made.len() {
        return Err("has fewer inputs or outputs than constants and carries".into());
    }
    let (whole, stacks) = signature.inputs.split_at(kept);
    let mut expected = owned(whole);
    for stack in stacks {
        let slice = stack.shape().split_first().filter(|&(&slices, _)| slices == length);
        let (_, slice) = slice.ok_or_else(|| format!("an input must have {length} slices, got {stack}"))?;
        expected.push(TensorType::new(stack.dtype(), slice.to_vec())?);
    }
    let expected: Vec<&TensorType> = expected.iter().collect();
    require_types("the inputs of the body", &body.input_types(), &expected)?;
    let (next, slices) = made.split_at(carries);
    require_types("the carries of the body", next, &whole[constants..])?;
    let mut outputs = owned(next);
    for slice in slices {
        outputs.push(TensorType::new(slice.dtype(), [&[length], slice.shape()].concat())?);
    }
    Ok(outputs)
}

fn owned(types: &[&TensorType]) -> Vec<TensorType> {
    types.iter().map(|&tensor| tensor.clone()).collect()
}

fn require_types(what: &str, got: &[&TensorType], expected: &[&TensorType]) -> Result<(), String> {
    if got == expected {
        return Ok(());
    }
    let list =
        |types: &[&TensorType]| types.iter().map(|tensor| tensor.to_string()).collect::<Vec<_>>().join(", ");
    Err(format!("{what} must be [{}], got [{}]", list(expected), list(got)))
}
