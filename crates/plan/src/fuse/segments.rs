//! Elementwise nodes with the same tape that do not wait for each other become one node with many segments: the update
//! of all parameters of a model is one instruction. So do reductions to one element: the norm of all gradients is another.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::elementwise::Tape;
use crate::graph::{Graph, Node, Work};
use crate::reduce::{Reduction, Reductions};

pub fn apply(graph: &mut Graph) -> usize {
    let before = graph.nodes.len();
    let mut dag = graph.dag();
    // For each kind of work the group that a further node may join.
    let mut open: HashMap<Kind, usize> = HashMap::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        let Some(kind) = kind(node) else { continue };
        match open.entry(kind) {
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

/// Work of one kind can be one node.
#[derive(PartialEq, Eq, Hash)]
enum Kind<'a> {
    Elementwise(&'a Tape),
    Total,
}

fn kind(node: &Node) -> Option<Kind<'_>> {
    match &node.work {
        Work::Elementwise(work) => Some(Kind::Elementwise(&work.tape)),
        Work::Reduce(Reductions(all)) if all.iter().all(Reduction::is_total) => Some(Kind::Total),
        _ => None,
    }
}

fn join(nodes: Vec<Node>) -> Node {
    let mut nodes = nodes.into_iter();
    let mut all = nodes.next().expect("a group has members");
    for node in nodes {
        match (&mut all.work, node.work) {
            (Work::Elementwise(work), Work::Elementwise(more)) => work.segments.extend(more.segments),
            (Work::Reduce(work), Work::Reduce(more)) => {
                work.0.extend(more.0);
                all.ops.extend(node.ops.into_iter().filter(|op| !all.ops.contains(op)).collect::<Vec<_>>());
            }
            _ => unreachable!("a group is of one kind"),
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
    fn joins_reductions_to_one_element() {
        let mut builder = Builder::default();
        let mut total = builder.input(F32, &[]);
        for shape in [&[3][..], &[2, 2], &[70_000]] {
            let x = builder.input(F32, shape);
            let square = builder.op("multiply", &[x, x]);
            let axes: Vec<usize> = (0..shape.len()).collect();
            let sum = builder.op_with("sum", &[square], serde_json::json!({ "axes": axes }));
            total = builder.op("add", &[total, sum]);
        }
        builder.output(total);
        let plan = builder.plan();
        let ops: Vec<_> =
            plan.info().instructions.iter().map(|instruction| instruction.ops.join("+")).collect();
        assert_eq!(ops, ["multiply+sum", "add+add+add"]);
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
