//! The program as it comes from JavaScript, and the checks after which the rest of the crate trusts it.

use std::ops::Range;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::attributes::Attributes;
use crate::error::Error;
use crate::ops::Signature;
use crate::table::{self, Op};
use crate::tensor::{TensorType, dtype_from_name};

/// The version of the format that this crate reads.
const VERSION: u64 = 2;

/// Rewriting is not linear in the length of a program, so a bound keeps a hostile one from holding up its caller.
/// Instructions, outputs and updates count alike, since each may become a node; so do the inputs of an instruction beyond
/// the third, which only instructions of any number of inputs have.
const MAX_LENGTH: usize = 1 << 15;

/// Programs within programs are no deeper than this.
const MAX_DEPTH: usize = 16;

/// The position of a value in a program.
pub type ValueId = usize;

/// A checked program: a list of primitive instructions in static single assignment form.
#[derive(Debug)]
pub struct Program {
    pub values: Vec<TensorType>,
    pub inputs: Vec<ValueId>,
    pub variables: Vec<ValueId>,
    pub constants: Vec<Constant>,
    pub instructions: Vec<Instruction>,
    pub outputs: Vec<ValueId>,
    pub updates: Vec<Update>,
}

/// A value that stands in the constants blob.
#[derive(Clone, Debug)]
pub struct Constant {
    pub value: ValueId,
    pub bytes: Range<usize>,
}

#[derive(Debug)]
pub struct Instruction {
    pub op: &'static Op,
    pub inputs: Vec<ValueId>,
    pub outputs: Vec<ValueId>,
    pub attributes: Attributes,
    /// The programs that a control-flow op runs. They have no variables.
    pub bodies: Vec<Program>,
}

/// At the end of the step the variable takes the value.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    pub variable: usize,
    pub value: ValueId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgramText {
    version: u64,
    values: Vec<ValueText>,
    inputs: Vec<ValueId>,
    variables: Vec<ValueId>,
    constants: Vec<ConstantText>,
    instructions: Vec<InstructionText>,
    outputs: Vec<ValueId>,
    updates: Vec<Update>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueText {
    dtype: String,
    shape: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConstantText {
    value: ValueId,
    offset: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstructionText {
    op: String,
    inputs: Vec<ValueId>,
    outputs: Vec<ValueId>,
    attributes: Map<String, Value>,
    #[serde(default)]
    bodies: Vec<ProgramText>,
}

/// What is the same for a program and those inside it.
struct Decoding {
    /// The length of the constants blob.
    constants: usize,
    /// The length of all programs so far.
    length: usize,
}

impl Program {
    /// Reads and checks a program. `constants` is the length of the blob that comes with it.
    pub fn decode(text: &str, constants: usize) -> Result<Self, Error> {
        let text: ProgramText =
            serde_json::from_str(text).map_err(|error| Error::program(error.to_string()))?;
        text.check(&mut Decoding { constants, length: 0 }, 0)
    }

    pub fn input_types(&self) -> Vec<&TensorType> {
        self.inputs.iter().map(|&id| &self.values[id]).collect()
    }

    pub fn output_types(&self) -> Vec<&TensorType> {
        self.outputs.iter().map(|&id| &self.values[id]).collect()
    }
}

impl ProgramText {
    fn check(self, decoding: &mut Decoding, depth: usize) -> Result<Program, Error> {
        let text = self;
        if text.version != VERSION {
            let detail = format!("version {} is not known, this addon reads version {VERSION}", text.version);
            return Err(Error::program(detail));
        }
        let further = text.instructions.iter().map(|instruction| instruction.inputs.len().saturating_sub(3));
        decoding.length +=
            text.instructions.len() + text.outputs.len() + text.updates.len() + further.sum::<usize>();
        if decoding.length > MAX_LENGTH {
            let length = decoding.length;
            let detail = format!("{length} instructions, outputs and updates are more than {MAX_LENGTH}");
            return Err(Error::program(detail));
        }
        if depth > MAX_DEPTH {
            return Err(Error::program(format!("programs are nested more than {MAX_DEPTH} deep")));
        }
        if depth > 0 && !(text.variables.is_empty() && text.updates.is_empty()) {
            return Err(Error::program("a body has variables"));
        }
        let values = text
            .values
            .into_iter()
            .enumerate()
            .map(|(id, value)| {
                value.check().map_err(|detail| Error::program(format!("value {id}: {detail}")))
            })
            .collect::<Result<Vec<_>, _>>()?;

        let mut definitions = Definitions { defined: vec![false; values.len()] };
        for (list, ids) in [("inputs", &text.inputs), ("variables", &text.variables)] {
            for &id in ids {
                definitions.define(id).map_err(|detail| Error::program(format!("{list}: {detail}")))?;
            }
        }
        let constants = text
            .constants
            .into_iter()
            .map(|constant| {
                definitions
                    .define(constant.value)
                    .and_then(|()| constant.check(&values[constant.value], decoding.constants))
                    .map_err(|detail| Error::program(format!("constants: {detail}")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let instructions = text
            .instructions
            .into_iter()
            .enumerate()
            .map(|(index, instruction)| instruction.check(index, &values, &mut definitions, decoding, depth))
            .collect::<Result<Vec<_>, _>>()?;
        for &id in &text.outputs {
            definitions.require(id).map_err(|detail| Error::program(format!("outputs: {detail}")))?;
        }
        check_updates(&text.updates, &text.variables, &values, &definitions)
            .map_err(|detail| Error::program(format!("updates: {detail}")))?;
        if let Some(id) = definitions.defined.iter().position(|defined| !defined) {
            return Err(Error::program(format!("value {id} is never defined")));
        }
        Ok(Program {
            values,
            inputs: text.inputs,
            variables: text.variables,
            constants,
            instructions,
            outputs: text.outputs,
            updates: text.updates,
        })
    }
}

/// Which values exist so far, reading the program from its start.
struct Definitions {
    defined: Vec<bool>,
}

impl Definitions {
    fn define(&mut self, id: ValueId) -> Result<(), String> {
        match self.defined.get_mut(id) {
            None => Err(format!("value {id} is out of range, there are {}", self.defined.len())),
            Some(true) => Err(format!("value {id} is defined twice")),
            Some(defined) => {
                *defined = true;
                Ok(())
            }
        }
    }

    fn require(&self, id: ValueId) -> Result<(), String> {
        match self.defined.get(id) {
            None => Err(format!("value {id} is out of range, there are {}", self.defined.len())),
            Some(false) => Err(format!("value {id} is used before it is defined")),
            Some(true) => Ok(()),
        }
    }
}

impl ValueText {
    fn check(self) -> Result<TensorType, String> {
        let dtype =
            dtype_from_name(&self.dtype).ok_or_else(|| format!("dtype {:?} is not known", self.dtype))?;
        TensorType::new(dtype, self.shape)
    }
}

impl ConstantText {
    fn check(&self, value: &TensorType, available: usize) -> Result<Constant, String> {
        if !self.offset.is_multiple_of(4) {
            return Err(format!("the offset {} of value {} is not a multiple of 4", self.offset, self.value));
        }
        let end = self.offset.checked_add(value.bytes()).filter(|&end| end <= available);
        let end = end.ok_or_else(|| {
            let bytes = value.bytes();
            format!("value {} takes {bytes} bytes at {} of {available}", self.value, self.offset)
        })?;
        Ok(Constant { value: self.value, bytes: self.offset..end })
    }
}

impl InstructionText {
    fn check(
        self,
        index: usize,
        values: &[TensorType],
        definitions: &mut Definitions,
        decoding: &mut Decoding,
        depth: usize,
    ) -> Result<Instruction, Error> {
        let invalid = |detail: String| Error::instruction(index, &self.op, detail);
        let op = table::find(&self.op).ok_or_else(|| invalid("the op is not known".into()))?;
        let arity = op.arity;
        if !arity.accepts(self.inputs.len()) {
            return Err(invalid(format!("takes {arity}, got {}", self.inputs.len())));
        }
        for &id in &self.inputs {
            definitions.require(id).map_err(invalid)?;
        }
        for &id in &self.outputs {
            definitions.define(id).map_err(invalid)?;
        }
        let attributes = Attributes::decode(op.attributes, &self.attributes).map_err(invalid)?;
        let inputs: Vec<&TensorType> = self.inputs.iter().map(|&id| &values[id]).collect();
        let signature = Signature { inputs: &inputs, attributes: &attributes };
        let bodies = self.bodies.into_iter().map(|body| body.check(decoding, depth + 1));
        let bodies = bodies.collect::<Result<Vec<_>, _>>()?;
        let inferred = op.infer_outputs(&signature, &bodies).map_err(invalid)?;
        if inferred.len() != self.outputs.len() {
            return Err(invalid(format!("makes {} outputs, got {}", inferred.len(), self.outputs.len())));
        }
        for (inferred, &output) in inferred.iter().zip(&self.outputs) {
            let declared = &values[output];
            if inferred != declared {
                let detail = format!("makes {inferred}, but value {output} is declared as {declared}");
                return Err(invalid(detail));
            }
        }
        Ok(Instruction { op, inputs: self.inputs, outputs: self.outputs, attributes, bodies })
    }
}

fn check_updates(
    updates: &[Update],
    variables: &[ValueId],
    values: &[TensorType],
    definitions: &Definitions,
) -> Result<(), String> {
    let mut updated = vec![false; variables.len()];
    for update in updates {
        let variable = *variables.get(update.variable).ok_or_else(|| {
            format!("variable {} is out of range, there are {}", update.variable, variables.len())
        })?;
        if std::mem::replace(&mut updated[update.variable], true) {
            return Err(format!("variable {} is updated twice", update.variable));
        }
        definitions.require(update.value)?;
        let (expected, got) = (&values[variable], &values[update.value]);
        if expected != got {
            return Err(format!("variable {} is {expected}, its new value is {got}", update.variable));
        }
    }
    Ok(())
}
