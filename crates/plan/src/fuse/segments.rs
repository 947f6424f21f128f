//! Elementwise nodes with the same tape that do not wait for each other become one node with many segments: the update
//! of all parameters of a model is one instruction.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::elementwise::Tape;
use crate::graph::{Graph, Node, Work};

pub fn apply(graph: &mut Graph) -> usize {
    let before = graph.nodes.len();
    let mut dag = graph.dag();
    // For each tape the group that a further node may join.
    let mut open: HashMap<&Tape, usize> = HashMap::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        let Some(work) = node.elementwise() else { continue };
        match open.entry(&work.tape) {
            Entry::Vacant(entry) => {
                entry.insert(index);
            }
            Entry::Occupied(mut entry) => {
                let group = *entry.get();
                let waits = dag.has_edge(&[group], index);
                let joined = !waits && !dag.merge_closes_cycle(&[group, index], index);
                entry.insert(if joined { dag.merge(&[group, index]) } else { index });
            }
        }
    }
    graph.regroup(&dag, join);
    before - graph.nodes.len()
}

fn join(nodes: Vec<Node>) -> Node {
    let mut nodes = nodes.into_iter();
    let mut all = nodes.next().expect("a group has members");
    for node in nodes {
        if let (Work::Elementwise(work), Work::Elementwise(more)) = (&mut all.work, node.work) {
            work.segments.extend(more.segments);
        }
        all.inputs.extend(node.inputs);
        all.outputs.extend(node.outputs);
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::tests::builder::{Builder, F32};

    #[test]
    fn joins_equal_tapes_over_other_shapes() {
        let mut builder = Builder::default();
        for shape in [&[3][..], &[2, 2], &[]] {
            let x = builder.input(F32, shape);
            let exp = builder.op("exp", &[x]);
            let sum = builder.op("add", &[exp, x]);
            builder.output(sum);
        }
        let plan = builder.plan();
        assert_eq!(plan.info().instructions.len(), 1);
        assert_eq!(plan.info().instructions[0].ops, ["exp", "add"]);
        assert_eq!(plan.info().instructions[0].outputs.len(), 3);
    }

    #[test]
    fn leaves_what_waits_for_another() {
        // Two nodes with the same tape, one of which waits for the other over a softmax.
        let mut builder = Builder::default();
        let x = builder.input(F32, &[4]);
        let first = builder.op("exp", &[x]);
        let softmax = builder.op("softmax", &[first]);
        let second = builder.op("exp", &[softmax]);
        builder.output(second);
        assert_eq!(builder.plan().info().instructions.len(), 3);
    }

    #[test]
    fn leaves_other_tapes() {
        let mut builder = Builder::default();
        let (x, y) = (builder.input(F32, &[4]), builder.input(F32, &[5]));
        let (exp, tanh) = (builder.op("exp", &[x]), builder.op("tanh", &[y]));
        builder.output(exp);
        builder.output(tanh);
        assert_eq!(builder.plan().info().instructions.len(), 2);
    }
}
