//! The gradient of max pooling takes over that of the relu before it: a window's gradient counts where its greatest element is positive.

use layerwise_kernels::{Compare, LaneOp};

use crate::graph::{Graph, Node, Source, Work};
use crate::program::ValueId;

pub fn apply(graph: &mut Graph) -> usize {
    let (readers, producers, kept) = (graph.readers(), graph.producers(), graph.kept());
    let mut count = 0;
    for pooling in 0..graph.nodes.len() {
        let [gradient] = graph.nodes[pooling].outputs[..] else { continue };
        let [reader] = readers[gradient][..] else { continue };
        let Work::MaxPool(pool) = &graph.nodes[pooling].work else { continue };
        let Some(pool) = pool.with_relu().filter(|_| !kept[gradient]) else { continue };
        if !masks(graph, &producers, &graph.nodes[reader], graph.nodes[pooling].inputs[0], gradient) {
            continue;
        }
        // In the place of the reader, whose other operands nobody need have made before.
        let (ops, inputs) = (graph.nodes[pooling].ops.clone(), graph.nodes[pooling].inputs.clone());
        let node = &mut graph.nodes[reader];
        node.ops.splice(0..0, ops);
        (node.work, node.inputs) = (Work::MaxPool(pool), inputs);
        count += 1;
    }
    graph.remove_dead();
    count
}

/// Whether a node leaves a gradient where the relu's result is greater than 0, and makes it 0 elsewhere.
fn masks(graph: &Graph, producers: &[Option<usize>], node: &Node, relu: ValueId, gradient: ValueId) -> bool {
    let (Some(LaneOp::Select), &[mask, kept, other]) = (node.single_op(), &node.inputs[..]) else {
        return false;
    };
    let Some(mask) = producers[mask].map(|producer| &graph.nodes[producer]) else { return false };
    let (Some(LaneOp::Compare(Compare::Less)), &[least, value]) = (mask.single_op(), &mask.inputs[..]) else {
        return false;
    };
    let zero = |value| is_zero(graph, producers, value);
    kept == gradient && value == relu && zero(least) && zero(other)
}

/// Whether all elements of a value are the constant 0.
fn is_zero(graph: &Graph, producers: &[Option<usize>], value: ValueId) -> bool {
    if let Source::Constant(bytes) = &graph.values[value].source {
        return graph.constants[bytes.clone()].iter().all(|&byte| byte == 0);
    }
    let node = producers[value].map(|producer| &graph.nodes[producer]);
    let repeated = node.filter(|node| node.elementwise().is_some_and(|work| work.as_broadcast().is_some()));
    repeated.is_some_and(|node| is_zero(graph, producers, node.inputs[0]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tests::builder::{Builder, F32, bytes, floats, run};

    /// The gradient of max pooling a line of six elements in pairs, with 0 where they are not above `least`.
    fn masked(least: f32) -> Builder {
        let mut builder = Builder::default();
        let (x, gradient) = (builder.input(F32, &[1, 6, 1]), builder.input(F32, &[1, 3, 1]));
        let attributes = json!({ "window": [2], "strides": [2], "low": [0], "high": [0] });
        let value = builder.op_with("maxPoolGradient", &[x, gradient], attributes);
        let [least, zero] = [least, 0.0].map(|value| builder.constant(&[], &[value]));
        let [least, zero] = [least, zero].map(|value| builder.broadcast(value, &[1, 6, 1]));
        let mask = builder.op("less", &[least, x]);
        let masked = builder.op("where", &[mask, value, zero]);
        builder.output(masked);
        builder
    }

    #[test]
    fn takes_the_gradient_of_relu() {
        for disabled in [&[][..], &["poolRelu"]] {
            let plan = masked(0.0).plan_without(disabled);
            assert_eq!(plan.info().instructions.len(), 1 + disabled.len());
            let x = bytes(&[0.0, 2.0, 0.0, 0.0, 3.0, 3.0]);
            let outcome = run(plan, &[x, bytes(&[5.0, 6.0, 7.0])], &[], 1).unwrap();
            assert_eq!(floats(&outcome.outputs[0]), [0.0, 5.0, 0.0, 0.0, 7.0, 0.0]);
        }
    }

    #[test]
    fn leaves_other_masks() {
        assert_eq!(masked(1.0).plan().info().instructions.len(), 2);
    }
}
