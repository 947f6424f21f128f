//! Programs for tests, and their runs.

use std::sync::Arc;

use layerwise_kernels::{Buffer, Dtype, Isa};
use serde_json::{Value, json};

use crate::attributes::Attributes;
use crate::error::Error;
use crate::ops::Signature;
use crate::plan::{CompileOptions, Plan, compile};
use crate::run::bind;
use crate::store::Store;
use crate::table;
use crate::tensor::TensorType;

pub const F32: Dtype = Dtype::Float32;
pub const I32: Dtype = Dtype::Int32;
pub const BOOL: Dtype = Dtype::Bool;

/// A program under construction. Shapes of results follow from the shape rules.
#[derive(Default)]
pub struct Builder {
    pub values: Vec<TensorType>,
    inputs: Vec<usize>,
    variables: Vec<usize>,
    constants: Vec<Value>,
    blob: Vec<u8>,
    instructions: Vec<Value>,
    outputs: Vec<usize>,
    updates: Vec<Value>,
}

impl Builder {
    pub fn value(&mut self, dtype: Dtype, shape: &[usize]) -> usize {
        self.values.push(TensorType::new(dtype, shape.to_vec()).unwrap());
        self.values.len() - 1
    }

    pub fn input(&mut self, dtype: Dtype, shape: &[usize]) -> usize {
        let id = self.value(dtype, shape);
        self.inputs.push(id);
        id
    }

    pub fn variable(&mut self, dtype: Dtype, shape: &[usize]) -> usize {
        let id = self.value(dtype, shape);
        self.variables.push(id);
        id
    }

    pub fn constant(&mut self, shape: &[usize], data: &[f32]) -> usize {
        self.constant_of(F32, shape, bytes(data))
    }

    pub fn int_constant(&mut self, shape: &[usize], data: &[i32]) -> usize {
        self.constant_of(I32, shape, int_bytes(data))
    }

    fn constant_of(&mut self, dtype: Dtype, shape: &[usize], data: Vec<u8>) -> usize {
        let id = self.value(dtype, shape);
        self.constants.push(json!({ "value": id, "offset": self.blob.len() }));
        self.blob.extend(data);
        id
    }

    pub fn try_op(&mut self, name: &str, inputs: &[usize], attributes: Value) -> Result<usize, String> {
        let op = table::find(name).unwrap();
        let types: Vec<&TensorType> = inputs.iter().map(|&id| &self.values[id]).collect();
        let decoded = Attributes::decode(op.attributes, attributes.as_object().unwrap())?;
        let output = op.infer(&Signature { inputs: &types, attributes: &decoded })?;
        self.values.push(output);
        let output = self.values.len() - 1;
        self.instructions
            .push(json!({ "op": name, "inputs": inputs, "outputs": [output], "attributes": attributes }));
        Ok(output)
    }

    /// Control flow, whose outputs have these types.
    pub fn flow(
        &mut self,
        name: &str,
        inputs: &[usize],
        attributes: Value,
        bodies: &[&Builder],
        outputs: &[(Dtype, &[usize])],
    ) -> Vec<usize> {
        let outputs: Vec<usize> = outputs.iter().map(|&(dtype, shape)| self.value(dtype, shape)).collect();
        let bodies: Vec<Value> = bodies.iter().map(|body| body.json()).collect();
        self.instructions.push(json!({
            "op": name, "inputs": inputs, "outputs": outputs, "attributes": attributes, "bodies": bodies,
        }));
        outputs
    }

    pub fn op_with(&mut self, name: &str, inputs: &[usize], attributes: Value) -> usize {
        self.try_op(name, inputs, attributes).unwrap()
    }

    pub fn op(&mut self, name: &str, inputs: &[usize]) -> usize {
        self.op_with(name, inputs, json!({}))
    }

    pub fn matmul(&mut self, a: usize, b: usize) -> usize {
        self.op_with("matmul", &[a, b], json!({ "transposeA": false, "transposeB": false }))
    }

    pub fn broadcast(&mut self, value: usize, shape: &[usize]) -> usize {
        self.op_with("broadcastTo", &[value], json!({ "shape": shape }))
    }

    pub fn output(&mut self, value: usize) {
        self.outputs.push(value);
    }

    pub fn update(&mut self, variable: usize, value: usize) {
        self.updates.push(json!({ "variable": variable, "value": value }));
    }

    pub fn json(&self) -> Value {
        let values: Vec<Value> = self
            .values
            .iter()
            .map(|tensor| json!({ "dtype": tensor.dtype().name(), "shape": tensor.shape() }))
            .collect();
        json!({
            "version": 2, "values": values, "inputs": self.inputs, "variables": self.variables,
            "constants": self.constants, "instructions": self.instructions, "outputs": self.outputs,
            "updates": self.updates,
        })
    }

    pub fn compile(&self, options: &CompileOptions) -> Result<Plan, Error> {
        compile(&self.json().to_string(), &self.blob, options)
    }

    /// The plan with all fusions but some.
    pub fn plan_without(&self, disabled: &[&str]) -> Plan {
        self.compile(&options_without(disabled)).unwrap()
    }

    pub fn plan(&self) -> Plan {
        self.plan_without(&[])
    }
}

pub fn options_without(disabled: &[&str]) -> CompileOptions {
    let disabled_fusions = disabled.iter().map(|name| name.to_string()).collect();
    CompileOptions { disabled_fusions, ..CompileOptions::new(Isa::best()) }
}

pub fn bytes(data: &[f32]) -> Vec<u8> {
    data.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub fn int_bytes(data: &[i32]) -> Vec<u8> {
    data.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

/// The outputs of some steps and the variables after them.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub outputs: Vec<Vec<u8>>,
    pub variables: Vec<Vec<u8>>,
}

/// Runs a plan for some steps on variables of these values.
pub fn run(plan: Plan, inputs: &[Vec<u8>], variables: &[Vec<u8>], steps: u64) -> Result<Outcome, Error> {
    let store = Store::new(u64::MAX);
    let types = plan.signature().variables.clone();
    let bound: Vec<_> = types
        .into_iter()
        .zip(variables)
        .map(|(tensor, value)| {
            let variable = store.variable(tensor).unwrap();
            variable.write(value).unwrap();
            variable
        })
        .collect();
    let mut outputs: Vec<Vec<u8>> =
        plan.signature().outputs.iter().map(|tensor| vec![0xAA; tensor.bytes() * steps as usize]).collect();
    let plan = bind(Arc::new(plan), store, bound.clone()).unwrap();
    let input_buffers: Vec<Buffer> = inputs.iter().map(|input| read_buffer(input)).collect();
    let output_buffers: Vec<Buffer> = outputs.iter_mut().map(|output| write_buffer(output)).collect();
    let result = plan.run(&input_buffers, &output_buffers, 0..steps, &|| false);
    let variables = bound
        .iter()
        .map(|variable| {
            let mut value = vec![0; variable.tensor().bytes()];
            variable.read(&mut value).unwrap();
            value
        })
        .collect();
    assert_eq!(result?, steps);
    Ok(Outcome { outputs, variables })
}

pub fn read_buffer(bytes: &[u8]) -> Buffer {
    // SAFETY: inputs are only read, while the slice lives.
    unsafe { Buffer::new(bytes.as_ptr().cast_mut(), bytes.len()) }
}

pub fn write_buffer(bytes: &mut [u8]) -> Buffer {
    // SAFETY: the caller uses the slice again only after the run.
    unsafe { Buffer::new(bytes.as_mut_ptr(), bytes.len()) }
}
