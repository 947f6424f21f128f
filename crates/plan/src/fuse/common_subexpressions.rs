//! Instructions that do the same to the same values become one.

use std::collections::HashMap;

use crate::program::{Program, ValueId};

pub fn apply(program: &mut Program) -> usize {
    let before = program.instructions.len();
    let bodies = program.instructions.iter_mut().flat_map(|instruction| &mut instruction.bodies);
    let within: usize = bodies.map(apply).sum();
    // The value that stands for each: itself, or the first of those that are equal to it.
    let mut first: Vec<ValueId> = (0..program.values.len()).collect();
    let mut seen = HashMap::new();
    program.instructions.retain_mut(|instruction| {
        instruction.inputs.iter_mut().for_each(|input| *input = first[*input]);
        // A random op names its stream, so draws that are meant to differ are different instructions.
        let key = (instruction.op.name, instruction.inputs.clone(), instruction.attributes.clone());
        // Control flow is never taken for equal.
        let [output] = instruction.outputs[..] else { return true };
        if !instruction.bodies.is_empty() {
            return true;
        }
        first[output] = *seen.entry(key).or_insert(output);
        first[output] == output
    });
    program.outputs.iter_mut().for_each(|output| *output = first[*output]);
    program.updates.iter_mut().for_each(|update| update.value = first[update.value]);
    within + before - program.instructions.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tests::builder::{Builder, F32, I32};

    /// The number of instructions without what joins different ones.
    fn instructions(builder: &Builder, disabled: &[&str]) -> usize {
        let joining = ["elementwise", "reduceProducers", "segments"];
        builder.plan_without(&[&joining, disabled].concat()).info().instructions.len()
    }

    #[test]
    fn joins_equal_expressions() {
        let mut builder = Builder::default();
        let x = builder.input(F32, &[4, 6]);
        let sums = [0, 1].map(|_| {
            let exp = builder.op("exp", &[x]);
            builder.op_with("sum", &[exp], json!({ "axes": [0] }))
        });
        let both = builder.op("add", &sums);
        builder.output(both);
        builder.output(sums[1]);
        assert_eq!(instructions(&builder, &[]), 3);
        assert_eq!(instructions(&builder, &["commonSubexpressions"]), 5);
    }

    #[test]
    fn tells_operands_and_attributes_apart() {
        let mut builder = Builder::default();
        let (x, y) = (builder.input(F32, &[6, 6]), builder.input(F32, &[6, 6]));
        for value in [builder.op("subtract", &[x, y]), builder.op("subtract", &[y, x])] {
            builder.output(value);
        }
        for axis in [0, 1] {
            let sum = builder.op_with("sum", &[x], json!({ "axes": [axis] }));
            builder.output(sum);
        }
        assert_eq!(instructions(&builder, &[]), 4);
    }

    #[test]
    fn draws_of_one_stream_alone_are_equal() {
        let mut builder = Builder::default();
        let (key, step) = (builder.input(I32, &[2]), builder.input(I32, &[]));
        for stream in [0, 1, 1] {
            let attributes = json!({ "shape": [4], "stream": stream });
            let draw = builder.op_with("randomUniform", &[key, step], attributes);
            builder.output(draw);
        }
        assert_eq!(instructions(&builder, &[]), 2);
    }
}
