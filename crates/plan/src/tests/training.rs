//! A whole training step of a small network: what fusion makes of it.

use serde_json::json;

use super::builder::{Builder, F32, I32, bytes, floats, int_bytes, run};
use crate::fuse::fusions;
use crate::plan::Plan;

const BATCH: usize = 32;
const UNITS: [usize; 5] = [64, 64, 64, 32, 10];

/// Gather, forward, cross-entropy, backward and Adam for dense layers with relu between them.
pub fn training_step() -> Builder {
    let mut builder = Builder::default();
    let b = &mut builder;
    let (x, y) = (b.input(F32, &[1797, 64]), b.input(I32, &[1797]));
    let indices = b.input(I32, &[BATCH]);
    let step = b.variable(F32, &[]);
    let parameters: Vec<(usize, usize)> = UNITS
        .windows(2)
        .map(|pair| (b.variable(F32, &[pair[0], pair[1]]), b.variable(F32, &[pair[1]])))
        .collect();

    let labels = b.op("take", &[y, indices]);
    let mut activations = vec![b.op("take", &[x, indices])];
    for (layer, &(kernel, bias)) in parameters.iter().enumerate() {
        let product = b.matmul(activations[layer], kernel);
        let bias = b.broadcast(bias, &[BATCH, UNITS[layer + 1]]);
        let sum = b.op("add", &[product, bias]);
        activations.push(if layer + 1 < parameters.len() { b.op("relu", &[sum]) } else { sum });
    }
    let logits = activations[parameters.len()];
    let losses = b.op("sparseSoftmaxCrossentropy", &[logits, labels]);
    let total = b.op_with("sum", &[losses], json!({ "axes": [0] }));
    let scale = b.constant(&[], &[1.0 / BATCH as f32]);
    let loss = b.op("multiply", &[total, scale]);
    b.output(loss);

    let probabilities = b.op("softmax", &[logits]);
    let classes = b.int_constant(&[10], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let classes = b.broadcast(classes, &[BATCH, 10]);
    let labels = b.op_with("reshape", &[labels], json!({ "shape": [BATCH, 1] }));
    let labels = b.broadcast(labels, &[BATCH, 10]);
    let hot = b.op("equal", &[classes, labels]);
    let hot = b.op_with("cast", &[hot], json!({ "dtype": "float32" }));
    let difference = b.op("subtract", &[probabilities, hot]);
    let scales = b.broadcast(scale, &[BATCH, 10]);
    let mut gradient = b.op("multiply", &[difference, scales]);

    let one = b.constant(&[], &[1.0]);
    let next_step = b.op("add", &[step, one]);
    b.update(0, next_step);
    let rate = adam_rate(b, next_step);
    let mut variable = 1 + 2 * parameters.len();
    for layer in (0..parameters.len()).rev() {
        let (kernel, bias) = parameters[layer];
        let transposed = json!({ "transposeA": true, "transposeB": false });
        let kernel_gradient = b.op_with("matmul", &[activations[layer], gradient], transposed);
        let bias_gradient = b.op_with("sum", &[gradient], json!({ "axes": [0] }));
        if layer > 0 {
            let transposed = json!({ "transposeA": false, "transposeB": true });
            let back = b.op_with("matmul", &[gradient, kernel], transposed);
            let shape = [BATCH, UNITS[layer]];
            let zero = b.constant(&[], &[0.0]);
            let zero = b.broadcast(zero, &shape);
            let active = b.op("less", &[zero, activations[layer]]);
            gradient = b.op("where", &[active, back, zero]);
        }
        for (index, parameter, gradient) in
            [(1 + 2 * layer, kernel, kernel_gradient), (2 + 2 * layer, bias, bias_gradient)]
        {
            adam(b, [index, variable, variable + 1], parameter, gradient, rate);
            variable += 2;
        }
    }
    builder
}

/// The learning rate with Adam's correction of the moments' bias.
fn adam_rate(b: &mut Builder, step: usize) -> usize {
    let one = b.constant(&[], &[1.0]);
    let mut corrections = [0.9, 0.999].map(|beta| {
        let beta = b.constant(&[], &[beta]);
        let power = b.op("power", &[beta, step]);
        b.op("subtract", &[one, power])
    });
    corrections[1] = b.op("sqrt", &[corrections[1]]);
    let rate = b.constant(&[], &[1e-3]);
    let rate = b.op("multiply", &[rate, corrections[1]]);
    b.op("divide", &[rate, corrections[0]])
}

/// The update of one parameter and its two moments, in Keras's form (Kingma and Ba 2015, end of section 2).
fn adam(b: &mut Builder, variables: [usize; 3], parameter: usize, gradient: usize, rate: usize) {
    let shape = b.values[parameter].shape().to_vec();
    let moments = [b.variable(F32, &shape), b.variable(F32, &shape)];
    let square = b.op("multiply", &[gradient, gradient]);
    let [mean, variance] =
        [(moments[0], gradient, 0.1), (moments[1], square, 0.001)].map(|(moment, new, weight)| {
            let weight = b.constant(&[], &[weight]);
            let weight = b.broadcast(weight, &shape);
            let difference = b.op("subtract", &[new, moment]);
            let change = b.op("multiply", &[difference, weight]);
            b.op("add", &[moment, change])
        });
    let root = b.op("sqrt", &[variance]);
    let epsilon = b.constant(&[], &[1e-7]);
    let epsilon = b.broadcast(epsilon, &shape);
    let denominator = b.op("add", &[root, epsilon]);
    let rate = b.broadcast(rate, &shape);
    let scaled = b.op("multiply", &[rate, mean]);
    let change = b.op("divide", &[scaled, denominator]);
    let next = b.op("subtract", &[parameter, change]);
    for (variable, value) in variables.into_iter().zip([next, mean, variance]) {
        b.update(variable, value);
    }
}

/// Data that is not learnt, only worked on.
fn data(plan: &Plan) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let float = |elements: usize| {
        bytes(&(0..elements).map(|i| (i * 7 % 31) as f32 / 62.0 - 0.25).collect::<Vec<_>>())
    };
    let int = |elements: usize| int_bytes(&(0..elements).map(|i| (i * 7 % 10) as i32).collect::<Vec<_>>());
    let inputs = vec![float(1797 * 64), int(1797), int(BATCH)];
    let variables = plan.signature().variables.iter().enumerate().map(|(index, tensor)| {
        let parameters = 1..2 * UNITS.len() - 1;
        if parameters.contains(&index) { float(tensor.elements()) } else { vec![0; tensor.bytes()] }
    });
    (inputs, variables.collect())
}

#[test]
fn the_update_of_all_parameters_is_one_instruction() {
    let builder = training_step();
    let plan = builder.plan();
    let updates: Vec<_> =
        plan.info().instructions.iter().filter(|instruction| instruction.ops.contains(&"divide")).collect();
    assert_eq!(updates.iter().map(|update| update.outputs.len()).max(), Some(3 * 2 * (UNITS.len() - 1)));
    assert_eq!(plan.info().copied_bytes, 0, "every variable is updated in place");
    assert!(plan.info().instructions.len() < 30);
}

#[test]
fn the_arena_is_hardly_larger_than_what_is_live() {
    let plan = training_step().plan();
    let (arena, peak) = (plan.info().arena_bytes, plan.info().peak_bytes);
    // No value that the step hands on lies there, and the gradients of all kernels are live before the update.
    let kernels: usize = UNITS.windows(2).map(|pair| 4 * pair[0] * pair[1]).sum();
    assert!(peak >= kernels && (peak..peak + peak / 20).contains(&arena), "{arena} bytes for {peak}");
}

#[test]
fn fusion_keeps_the_losses() {
    let builder = training_step();
    let plain: &[&str] = &fusions();
    let losses = [plain, &[]].map(|disabled| {
        let plan = builder.plan_without(disabled);
        let (inputs, variables) = data(&plan);
        run(plan, &inputs, &variables, 20).unwrap()
    });
    assert_eq!(losses[0], losses[1]);
    let losses = floats(&losses[0].outputs[0]);
    assert!(losses[19] < losses[0] && losses.iter().all(|loss| loss.is_finite()), "{losses:?}");
}
