//! A reduction takes over the elementwise chain that it alone reads: the results of the chain never reach memory.

use layerwise_kernels::Dtype;

use crate::elementwise::Pattern;
use crate::graph::{Graph, Work};

pub fn apply(graph: &mut Graph) -> usize {
    let before = graph.nodes.len();
    let (readers, producers, kept) = (graph.readers(), graph.producers(), graph.kept());
    for index in 0..graph.nodes.len() {
        let Some(value) = graph.nodes[index].reductions().and_then(|reductions| match &reductions.0[..] {
            [one] if one.chain.is_none() && one.dtype == Dtype::Float32 => Some(graph.nodes[index].inputs[0]),
            _ => None,
        }) else {
            continue;
        };
        let Some(producer) = producers[value].filter(|_| !kept[value] && readers[value] == [index]) else {
            continue;
        };
        let node = &graph.nodes[producer];
        let Some(chain) = node.elementwise().filter(|work| is_chain(work, node.outputs.len())).cloned()
        else {
            continue;
        };
        let (ops, inputs) = (node.ops.clone(), node.inputs.clone());
        let node = &mut graph.nodes[index];
        node.ops.splice(0..0, ops);
        node.inputs = inputs;
        if let Work::Reduce(reductions) = &mut node.work {
            reductions.0[0].chain = Some(chain);
        }
    }
    graph.remove_dead();
    before - graph.nodes.len()
}

/// Whether this is one stretch of elements, computed from operands that are read along it or are the same throughout.
fn is_chain(work: &crate::elementwise::Elementwise, outputs: usize) -> bool {
    let [segment] = &work.segments[..] else { return false };
    let patterns = segment.patterns.iter();
    outputs == 1 && patterns.into_iter().all(|pattern| matches!(pattern, Pattern::Full | Pattern::Scalar))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tests::builder::{Builder, F32};

    fn instructions(builder: &Builder) -> Vec<String> {
        let plan = builder.plan_without(&["segments"]);
        plan.info().instructions.iter().map(|instruction| instruction.ops.join("+")).collect()
    }

    #[test]
    fn takes_a_chain_of_whole_and_scalar_operands() {
        for axes in [&[0][..], &[1], &[0, 1]] {
            let mut builder = Builder::default();
            let (x, scalar) = (builder.input(F32, &[40, 60]), builder.input(F32, &[]));
            let scalar = builder.broadcast(scalar, &[40, 60]);
            let difference = builder.op("subtract", &[x, scalar]);
            let square = builder.op("multiply", &[difference, difference]);
            let sum = builder.op_with("sum", &[square], json!({ "axes": axes }));
            builder.output(sum);
            assert_eq!(instructions(&builder), ["subtract+multiply+sum"]);
        }
    }

    #[test]
    fn leaves_what_others_read() {
        let mut builder = Builder::default();
        let x = builder.input(F32, &[40, 60]);
        let square = builder.op("multiply", &[x, x]);
        for axis in [0, 1] {
            let most = builder.op_with("max", &[square], json!({ "axes": [axis] }));
            builder.output(most);
        }
        assert_eq!(instructions(&builder), ["multiply", "max", "max"]);
        let mut builder = Builder::default();
        let x = builder.input(F32, &[40, 60]);
        let square = builder.op("multiply", &[x, x]);
        let most = builder.op_with("max", &[square], json!({ "axes": [0] }));
        builder.output(square);
        builder.output(most);
        assert_eq!(instructions(&builder), ["multiply", "max"]);
    }

    #[test]
    fn leaves_rows_columns_and_integers() {
        for shape in [&[60][..], &[40, 1]] {
            let mut builder = Builder::default();
            let (x, y) = (builder.input(F32, &[40, 60]), builder.input(F32, shape));
            let y = builder.broadcast(y, &[40, 60]);
            let product = builder.op("multiply", &[x, y]);
            let sum = builder.op_with("sum", &[product], json!({ "axes": [0] }));
            builder.output(sum);
            assert_eq!(instructions(&builder), ["multiply", "sum"]);
        }
        let mut builder = Builder::default();
        let x = builder.input(crate::tests::builder::I32, &[60]);
        let square = builder.op("multiply", &[x, x]);
        let sum = builder.op_with("sum", &[square], json!({ "axes": [0] }));
        builder.output(sum);
        assert_eq!(instructions(&builder), ["multiply", "sum"]);
    }
}
