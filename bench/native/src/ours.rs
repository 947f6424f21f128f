//! A product as layerwise runs it: a plan of one instruction, with the threads that the plan chooses.

use std::sync::Arc;

use layerwise_kernels::Dtype;
use layerwise_plan::{BoundPlan, CompileOptions, Error, Store, TensorType, Variable, bind, compile};
use serde_json::json;

use crate::shape::Shape;

/// C' = A · B over three variables, so that nothing crosses a boundary and nothing is copied.
pub struct Ours {
    plan: BoundPlan,
    result: Arc<Variable>,
}

impl Ours {
    pub fn new(options: &CompileOptions, shape: &Shape, a: &[f32], b: &[f32]) -> Result<Self, Error> {
        let shapes = [shape.a(), shape.b(), [shape.m, shape.n]];
        let value = |shape: [usize; 2]| json!({ "dtype": "float32", "shape": shape });
        let [a_value, b_value, c_value] = shapes.map(value);
        let program = json!({
            "version": 2,
            "values": [a_value, b_value, c_value, c_value],
            "inputs": [], "variables": [0, 1, 2], "constants": [], "outputs": [],
            "instructions": [{
                "op": "matmul", "inputs": [0, 1], "outputs": [3],
                "attributes": { "transposeA": shape.transpose_a, "transposeB": shape.transpose_b },
            }],
            "updates": [{ "variable": 2, "value": 3 }],
        });
        let plan = compile(&program.to_string(), &[], options)?;
        let store = Store::new(u64::MAX);
        let variable = |shape: [usize; 2]| {
            store.variable(
                TensorType::new(Dtype::Float32, shape.to_vec()).expect("a shape that memory can have"),
            )
        };
        let [a_variable, b_variable, result] =
            [variable(shapes[0])?, variable(shapes[1])?, variable(shapes[2])?];
        a_variable.write(&bytes(a))?;
        b_variable.write(&bytes(b))?;
        let plan = bind(Arc::new(plan), store, vec![a_variable, b_variable, result.clone()])?;
        Ok(Ours { plan, result })
    }

    /// The name of the kernel.
    pub fn kernel(&self) -> &'static str {
        self.plan.plan().info().instructions[0].name
    }

    pub fn run(&self, times: u32) {
        self.plan.run(&[], &[], 0..u64::from(times), &|| false).expect("a product has no errors");
    }

    pub fn result(&self) -> Vec<f32> {
        let mut bytes = vec![0; self.result.tensor().bytes()];
        self.result.read(&mut bytes).expect("the size of the variable");
        bytes.as_chunks().0.iter().map(|&bytes| f32::from_ne_bytes(bytes)).collect()
    }
}

fn bytes(elements: &[f32]) -> Vec<u8> {
    elements.iter().flat_map(|element| element.to_ne_bytes()).collect()
}
