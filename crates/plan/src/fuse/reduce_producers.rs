//! A reduction takes over the elementwise chain that it alone reads: the results of the chain never reach memory.

use crate::graph::{Graph, Work};

pub fn apply(graph: &mut Graph) -> usize {
    let before = graph.nodes.len();
    let (readers, producers, kept) = (graph.readers(), graph.producers(), graph.kept());
    for index in 0..graph.nodes.len() {
        let [value] = graph.nodes[index].inputs[..] else { continue };
        let Some(producer) = producers[value].filter(|_| !kept[value] && readers[value] == [index]) else {
            continue;
        };
        let (node, Some(reductions)) = (&graph.nodes[producer], graph.nodes[index].reductions()) else {
            continue;
        };
        let chain = node.elementwise().filter(|work| node.outputs.len() == 1 && reductions.take(work));
        let Some(chain) = chain.cloned() else { continue };
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

    /// The instructions of a sum of products with rows, or with columns.
    fn scaled(shape: &[usize], scale: &[usize], axis: usize) -> Vec<String> {
        let mut builder = Builder::default();
        let (x, y) = (builder.input(F32, shape), builder.input(F32, scale));
        let y = builder.broadcast(y, shape);
        let product = builder.op("multiply", &[x, y]);
        let sum = builder.op_with("sum", &[product], json!({ "axes": [axis] }));
        builder.output(sum);
        instructions(&builder)
    }

    #[test]
    fn takes_rows_and_columns_that_it_does_not_cut() {
        for scale in [&[60][..], &[40, 1]] {
            for axis in [0, 1] {
                assert_eq!(scaled(&[40, 60], scale, axis), ["multiply+sum"]);
            }
        }
        for (shape, scale, axis) in
            [([40, 600], &[600][..], 0), ([40, 1100], &[1100], 1), ([40, 1100], &[40, 1], 1)]
        {
            assert_eq!(scaled(&shape, scale, axis), ["multiply", "sum"]);
        }
    }

    #[test]
    fn leaves_integers() {
        let mut builder = Builder::default();
        let x = builder.input(crate::tests::builder::I32, &[60]);
        let square = builder.op("multiply", &[x, x]);
        let sum = builder.op_with("sum", &[square], json!({ "axes": [0] }));
        builder.output(sum);
        assert_eq!(instructions(&builder), ["multiply", "sum"]);
    }
}
