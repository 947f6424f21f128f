//! Elementwise nodes over the same elements become one tape: what lies between them never reaches memory.

use std::collections::HashMap;

use crate::dag::Dag;
use crate::elementwise::{Elementwise, Operand, Operation, Pattern, Segment, Tape, common_columns};
use crate::graph::{Graph, Node, Work};
use crate::program::ValueId;

/// A tape's registers stay in the first-level cache, and its operands within what the hardware prefetches at once.
const MOST_OPERATIONS: usize = 64;
const MOST_INPUTS: usize = 16;
const MOST_OUTPUTS: usize = 16;

pub fn apply(graph: &mut Graph) -> usize {
    let before = graph.nodes.len();
    let mut dag = graph.dag();
    let uses = Uses { readers: graph.readers(), producers: graph.producers(), kept: graph.kept() };
    for index in 0..graph.nodes.len() {
        join_producers(graph, &mut dag, &uses, index);
    }
    let read_outside: Vec<bool> = (0..graph.values.len())
        .map(|value| {
            let group = uses.producers[value].map(|producer| dag.group(producer));
            uses.is_read_outside(value, |node| Some(dag.group(node)) == group)
        })
        .collect();
    graph.regroup(&dag, |members| join(members, &read_outside));
    before - graph.nodes.len()
}

struct Uses {
    readers: Vec<Vec<usize>>,
    producers: Vec<Option<usize>>,
    kept: Vec<bool>,
}

impl Uses {
    /// Whether a value is needed beyond the nodes inside.
    fn is_read_outside(&self, value: ValueId, inside: impl Fn(usize) -> bool) -> bool {
        self.kept[value] || self.readers[value].iter().any(|&reader| !inside(reader))
    }
}

/// Merges a node with the groups that it reads from, as many as can be.
fn join_producers(graph: &Graph, dag: &mut Dag, uses: &Uses, index: usize) {
    let Some(work) = graph.nodes[index].elementwise() else { return };
    let elements = work.segments[0].elements;
    let node = &graph.nodes[index];
    let full =
        work.segments[0].patterns.iter().zip(&node.inputs).filter(|(pattern, _)| **pattern == Pattern::Full);
    let producers = full.filter_map(|(_, &input)| uses.producers[input]).filter(|&producer| {
        graph.nodes[producer].elementwise().is_some_and(|work| work.segments[0].elements == elements)
    });
    let mut groups: Vec<usize> = producers.map(|producer| dag.group(producer)).collect();
    groups.sort_unstable();
    groups.dedup();
    let mut set = vec![dag.group(index)];
    // The latest first: a path from an earlier one often runs over it.
    let takes = takes_chain(graph, uses, index);
    for &group in groups.iter().rev() {
        if takes && hands_on(graph, dag, uses, group, index) {
            continue;
        }
        set.push(group);
        if !fits(graph, dag, uses, &set) || dag.merge_closes_cycle(&set, index) {
            set.pop();
        }
    }
    if set.len() > 1 {
        dag.merge(&set);
    }
}

/// Whether only a reduction reads what a node makes, and can compute it itself.
fn takes_chain(graph: &Graph, uses: &Uses, index: usize) -> bool {
    let node = &graph.nodes[index];
    let ([value], Some(work)) = (&node.outputs[..], node.elementwise()) else { return false };
    match uses.readers[*value][..] {
        [reader] if !uses.kept[*value] => {
            graph.nodes[reader].reductions().is_some_and(|reductions| reductions.take(work))
        }
        _ => false,
    }
}

/// Whether all that a node reads of a group is needed by others too, so that it is in memory anyway.
fn hands_on(graph: &Graph, dag: &Dag, uses: &Uses, group: usize, index: usize) -> bool {
    let of_group = |value: &&ValueId| uses.producers[**value].is_some_and(|node| dag.group(node) == group);
    let inside = |node: usize| node == index || dag.group(node) == group;
    graph.nodes[index].inputs.iter().filter(of_group).all(|&value| uses.is_read_outside(value, inside))
}

/// Whether one tape can hold these groups.
fn fits(graph: &Graph, dag: &Dag, uses: &Uses, groups: &[usize]) -> bool {
    let members = || groups.iter().flat_map(|&group| dag.members(group)).copied();
    let inside = |node: usize| groups.contains(&dag.group(node));
    let mut operations = 0;
    let mut outputs = 0;
    let mut inputs: Vec<(ValueId, Pattern)> = Vec::new();
    for member in members() {
        let node = &graph.nodes[member];
        let Some(work) = node.elementwise() else { return false };
        operations += work.tape.operations.len();
        outputs += node.outputs.iter().filter(|&&output| uses.is_read_outside(output, inside)).count();
        let operands = node.inputs.iter().copied().zip(work.segments[0].patterns.iter().copied());
        inputs.extend(operands.filter(|&(input, _)| !uses.producers[input].is_some_and(inside)));
        if operations > MOST_OPERATIONS {
            return false;
        }
    }
    let rows_agree = common_columns(inputs.iter().map(|&(_, pattern)| pattern)).is_ok();
    inputs.sort_unstable();
    inputs.dedup();
    rows_agree && outputs <= MOST_OUTPUTS && inputs.len() <= MOST_INPUTS
}

/// One tape of several nodes, in their order.
fn join(nodes: Vec<Node>, read_outside: &[bool]) -> Node {
    let elements = nodes[0].elementwise().map_or(0, |work| work.segments[0].elements);
    let mut tape = Tape { operations: Vec::new(), inputs: Vec::new(), outputs: Vec::new() };
    let mut segment = Segment { elements, patterns: Vec::new() };
    let (mut ops, mut inputs, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
    // Where the tape has the values that it has read or made so far.
    let mut read: HashMap<(ValueId, Pattern), usize> = HashMap::new();
    let mut made: HashMap<ValueId, usize> = HashMap::new();
    let mut known: HashMap<Operation, usize> = HashMap::new();
    for node in nodes {
        let Some(work) = node.elementwise() else { continue };
        let operands: Vec<Operand> = (0..node.inputs.len())
            .map(|index| {
                let (input, pattern) = (node.inputs[index], work.segments[0].patterns[index]);
                if let Some(&result) = made.get(&input) {
                    return Operand::Result(result);
                }
                Operand::Input(*read.entry((input, pattern)).or_insert_with(|| {
                    inputs.push(input);
                    segment.patterns.push(pattern);
                    tape.inputs.push(work.tape.inputs[index]);
                    inputs.len() - 1
                }))
            })
            .collect();
        // Where the tape has the results of the node's operations.
        let mut results: Vec<usize> = Vec::new();
        for Operation { op, operands: from } in &work.tape.operations {
            let renamed = |operand: &Operand| match *operand {
                Operand::Input(input) => operands[input],
                Operand::Result(result) => Operand::Result(results[result]),
            };
            let operation = Operation { op: *op, operands: from.iter().map(renamed).collect() };
            results.push(*known.entry(operation.clone()).or_insert_with(|| {
                tape.operations.push(operation);
                tape.operations.len() - 1
            }));
        }
        for (&output, &(dtype, result)) in node.outputs.iter().zip(&work.tape.outputs) {
            made.insert(output, results[result]);
            if read_outside[output] {
                outputs.push(output);
                tape.outputs.push((dtype, results[result]));
            }
        }
        ops.extend(node.ops);
    }
    let work = Work::Elementwise(Elementwise { tape, segments: vec![segment] });
    Node { ops, work, inputs, outputs, fallible: false }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tests::builder::{Builder, F32};

    /// The ops, and the numbers of inputs and outputs, of each instruction.
    fn instructions(builder: &Builder) -> Vec<(String, usize, usize)> {
        let plan = builder.plan_without(&["segments"]);
        let describe = |instruction: &crate::InstructionInfo| {
            (instruction.ops.join("+"), instruction.inputs.len(), instruction.outputs.len())
        };
        plan.info().instructions.iter().map(describe).collect()
    }

    #[test]
    fn joins_a_chain_with_its_branches() {
        let mut builder = Builder::default();
        let x = builder.input(F32, &[8, 4]);
        let exp = builder.op("exp", &[x]);
        let square = builder.op("multiply", &[exp, exp]);
        let sum = builder.op("add", &[square, exp]);
        builder.output(sum);
        builder.output(exp);
        assert_eq!(instructions(&builder), [("exp+multiply+add".into(), 1, 2)]);
    }

    #[test]
    fn reads_repeated_operands_where_they_are() {
        let mut builder = Builder::default();
        let x = builder.input(F32, &[8, 4]);
        let mut value = x;
        for shape in [&[][..], &[4], &[8, 1], &[1, 1]] {
            let operand = builder.input(F32, shape);
            let operand = builder.broadcast(operand, &[8, 4]);
            value = builder.op("add", &[value, operand]);
        }
        builder.output(value);
        assert_eq!(instructions(&builder), [("add+add+add+add".into(), 5, 1)]);
    }

    #[test]
    fn keeps_rows_of_different_lengths_apart() {
        let mut builder = Builder::default();
        let x = builder.input(F32, &[2, 3, 4]);
        let mut value = x;
        for shape in [&[4][..], &[3, 4]] {
            let operand = builder.input(F32, shape);
            let operand = builder.broadcast(operand, &[2, 3, 4]);
            value = builder.op("multiply", &[value, operand]);
        }
        builder.output(value);
        assert_eq!(instructions(&builder), [("multiply".into(), 2, 1), ("multiply".into(), 2, 1)]);
    }

    #[test]
    fn copies_a_middle_axis_apart() {
        let mut builder = Builder::default();
        let (x, y) = (builder.input(F32, &[2, 1, 4]), builder.input(F32, &[2, 3, 4]));
        let repeated = builder.broadcast(x, &[2, 3, 4]);
        let sum = builder.op("add", &[repeated, y]);
        builder.output(sum);
        assert_eq!(instructions(&builder), [("broadcastTo".into(), 1, 1), ("add".into(), 2, 1)]);
    }

    #[test]
    fn never_joins_around_another_instruction() {
        let mut builder = Builder::default();
        let x = builder.input(F32, &[4, 4]);
        let exp = builder.op("exp", &[x]);
        let softmax = builder.op("softmax", &[exp]);
        let sum = builder.op("add", &[exp, softmax]);
        let root = builder.op("sqrt", &[sum]);
        builder.output(root);
        let ops: Vec<_> = instructions(&builder).into_iter().map(|(ops, ..)| ops).collect();
        assert_eq!(ops, ["exp", "softmax", "add+sqrt"]);
    }

    #[test]
    fn sinks_a_branch_to_where_it_is_used() {
        let mut builder = Builder::default();
        let x = builder.input(F32, &[4, 4]);
        let tanh = builder.op("tanh", &[x]);
        let softmax = builder.op("softmax", &[x]);
        let sum = builder.op("add", &[softmax, tanh]);
        builder.output(sum);
        let ops: Vec<_> = instructions(&builder).into_iter().map(|(ops, ..)| ops).collect();
        assert_eq!(ops, ["softmax", "tanh+add"]);
    }

    #[test]
    fn joins_across_reshapes() {
        let mut builder = Builder::default();
        let x = builder.input(F32, &[4, 4]);
        let exp = builder.op("exp", &[x]);
        let flat = builder.op_with("reshape", &[exp], json!({ "shape": [16] }));
        let root = builder.op("sqrt", &[flat]);
        builder.output(root);
        assert_eq!(instructions(&builder), [("exp+sqrt".into(), 1, 1)]);
    }

    #[test]
    fn bounds_the_length_of_tapes() {
        let mut builder = Builder::default();
        let mut value = builder.input(F32, &[4]);
        for _ in 0..200 {
            value = builder.op("negative", &[value]);
        }
        builder.output(value);
        assert_eq!(instructions(&builder).len(), 200usize.div_ceil(super::MOST_OPERATIONS));

        let mut builder = Builder::default();
        let mut value = builder.input(F32, &[4]);
        for _ in 0..40 {
            let operand = builder.input(F32, &[4]);
            value = builder.op("add", &[value, operand]);
        }
        builder.output(value);
        let most = instructions(&builder).into_iter().map(|(_, inputs, _)| inputs).max();
        assert_eq!(most, Some(super::MOST_INPUTS));
    }
}
