//! Whatever makes a large tensor takes over the reductions of it, which read each part as soon as it is written.

use layerwise_kernels::{self as kernels, Isa};

use crate::elementwise::Pattern;
use crate::graph::{Graph, Node, Work};
use crate::reduce::{Reduced, Reduction, Reductions};
use crate::tensor::TensorType;

/// Bytes of a tensor of which much has left the L2 cache before the next instruction begins.
const LEAST: usize = 1 << 20;
/// Bytes of a part that stays there, with other operands beside it, ...
const MOST_OF_PART: usize = 3 << 16;
/// ... and of one that is worth the while.
const LEAST_OF_PART: usize = 1 << 14;
/// Operands of a reduction.
const MOST_OPERANDS: usize = 12;

pub fn apply(graph: &mut Graph) -> usize {
    let before = graph.nodes.len();
    let readers = graph.readers();
    let mut dag = graph.dag();
    // From the last one on: what reads several new tensors joins whatever makes the last of them.
    for (producer, node) in graph.nodes.iter().enumerate().rev() {
        let made = &graph.values[node.outputs[0]].tensor;
        if node.fallible || made.bytes() < LEAST {
            continue;
        }
        let mut candidates: Vec<usize> =
            node.outputs.iter().flat_map(|&output| &readers[output]).copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(|&reader| {
            dag.members(dag.group(reader)) == [reader] && fits(graph, node, &graph.nodes[reader])
        });
        if candidates.is_empty() || !tells_what_it_writes(&node.work, graph.isa, made) {
            continue;
        }
        for reader in candidates {
            let pair = [dag.group(producer), dag.group(reader)];
            let joined = dag.members(pair[0]).iter().filter(|&&member| member != producer);
            let mut results = joined.flat_map(|&member| &graph.nodes[member].outputs);
            let waits = results.any(|result| graph.nodes[reader].inputs.contains(result));
            if !waits && !dag.merge_closes_cycle(&pair, graph.nodes.len()) {
                dag.merge(&pair);
            }
        }
    }
    graph.regroup(&dag, join);
    before - graph.nodes.len()
}

/// Whether work makes its results in stretches.
fn tells_what_it_writes(work: &Work, isa: Isa, made: &TensorType) -> bool {
    let is_reduction = matches!(work, Work::Reduce(_) | Work::Reduced(_));
    let kernel = if is_reduction { None } else { work.build(isa) };
    kernel.is_some_and(|kernel| kernels::Reduced::takes(&*kernel, made.elements()))
}

/// Whether a node is a reduction in parts of what another makes, and reads nothing of that but its own part.
fn fits(graph: &Graph, node: &Node, reader: &Node) -> bool {
    let Some(Reductions(all)) = reader.reductions() else { return false };
    let [reduction] = &all[..] else { return false };
    let elements = graph.values[node.outputs[0]].tensor.elements();
    let is_near = |(operand, input): (usize, &usize)| {
        !node.outputs.contains(input)
            || (graph.values[*input].tensor.elements() == elements && reads_parts(reduction, operand))
    };
    reader.inputs.len() <= MOST_OPERANDS
        && reduction.shape.iter().product::<usize>() == elements
        && reader.inputs.iter().enumerate().all(is_near)
        && {
            let kernel = reduction.kernel(graph.isa);
            let mut bytes = (0..kernel.parts()).map(|part| kernel.part(part).len() * reduction.dtype.bytes());
            bytes.all(|bytes| (LEAST_OF_PART..=MOST_OF_PART).contains(&bytes))
        }
}

/// Whether the reduction of a part reads only that part of an operand.
fn reads_parts(reduction: &Reduction, operand: usize) -> bool {
    let chain = reduction.chain.as_ref();
    chain.is_none_or(|chain| chain.segments[0].patterns[operand] == Pattern::Full)
}

/// A node with the reductions of what it makes.
fn join(nodes: Vec<Node>) -> Node {
    let mut nodes = nodes.into_iter();
    let mut joined = nodes.next().expect("a group has members");
    let made = joined.outputs.clone();
    let inputs = joined.inputs.len();
    let mut reductions = Vec::new();
    for node in nodes {
        let Work::Reduce(Reductions(all)) = node.work else { unreachable!("only reductions join") };
        let origins: Vec<kernels::Origin> = node
            .inputs
            .iter()
            .map(|input| match made.iter().position(|output| output == input) {
                Some(output) => kernels::Origin::Output(output),
                None => {
                    joined.inputs.push(*input);
                    kernels::Origin::Input(joined.inputs.len() - 1)
                }
            })
            .collect();
        reductions.extend(all.into_iter().map(|reduction| (reduction, origins.clone())));
        joined.outputs.extend(node.outputs);
        joined.ops.extend(node.ops);
    }
    let reduced = Reduced { work: Box::new(joined.work), inputs, outputs: made.len(), reductions };
    Node { work: Work::Reduced(reduced), ..joined }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tests::builder::{Builder, F32, bytes, run};

    /// The ops of each instruction.
    fn instructions(builder: &Builder) -> Vec<String> {
        let info = builder.plan().info().instructions.clone();
        info.iter().map(|instruction| instruction.ops.join("+")).collect()
    }

    const LARGE: [usize; 2] = [8192, 40];

    /// The tanh of an input, which no reduction computes since it is an output.
    fn made(builder: &mut Builder, shape: &[usize]) -> usize {
        let x = builder.input(F32, shape);
        let made = builder.op("tanh", &[x]);
        builder.output(made);
        made
    }

    fn sum(builder: &mut Builder, value: usize, axes: &[usize]) -> usize {
        let sum = builder.op_with("sum", &[value], json!({ "axes": axes }));
        builder.output(sum);
        sum
    }

    /// The sum over rows of the product of a value with what lies around a row.
    fn centred_product(builder: &mut Builder, value: usize, other: usize, row: usize) -> usize {
        let row = builder.broadcast(row, &LARGE);
        let centred = builder.op("subtract", &[other, row]);
        let product = builder.op("multiply", &[centred, value]);
        sum(builder, product, &[0])
    }

    #[test]
    fn takes_several_reductions_with_what_else_they_read() {
        let mut builder = Builder::default();
        let value = made(&mut builder, &LARGE);
        sum(&mut builder, value, &[0]);
        let (other, row) = (builder.input(F32, &LARGE), builder.input(F32, &LARGE[1..]));
        centred_product(&mut builder, value, other, row);
        sum(&mut builder, value, &[0, 1]);
        let spread = builder.op_with("sumSquaredDeviations", &[value], json!({ "axes": [0] }));
        builder.output(spread);
        assert_eq!(instructions(&builder), ["tanh+sum+subtract+multiply+sum+sum+sumSquaredDeviations"]);
        let unfused = builder.plan_without(&["reduceEpilogue"]);
        assert_eq!(unfused.info().instructions.len(), 5);
    }

    #[test]
    fn products_and_pooling_take_them_too() {
        let mut builder = Builder::default();
        let (a, b) = (builder.input(F32, &[8192, 30]), builder.input(F32, &[30, 40]));
        let product = builder.matmul(a, b);
        builder.output(product);
        sum(&mut builder, product, &[0]);
        assert_eq!(instructions(&builder), ["matmul+sum"]);
        let mut builder = Builder::default();
        let (x, y) = (builder.input(F32, &[32, 32, 32, 16]), builder.input(F32, &[32, 16, 16, 16]));
        let attributes = json!({ "window": [2, 2], "strides": [2, 2], "low": [0, 0], "high": [0, 0] });
        let gradient = builder.op_with("maxPoolGradient", &[x, y], attributes);
        builder.output(gradient);
        sum(&mut builder, gradient, &[0, 1, 2]);
        assert_eq!(instructions(&builder), ["maxPoolGradient+sum"]);
    }

    #[test]
    fn leaves_what_waits_for_another_reduction_of_the_same() {
        let mut builder = Builder::default();
        let value = made(&mut builder, &LARGE);
        let first = sum(&mut builder, value, &[0]);
        let other = builder.input(F32, &LARGE);
        centred_product(&mut builder, value, other, first);
        assert_eq!(instructions(&builder), ["tanh+sum", "subtract+multiply+sum"]);
    }

    #[test]
    fn what_reads_two_joins_the_later_one() {
        let mut builder = Builder::default();
        let (first, second) = (made(&mut builder, &LARGE), builder.input(F32, &LARGE));
        let second = builder.op("exp", &[second]);
        builder.output(second);
        let row = builder.input(F32, &LARGE[1..]);
        centred_product(&mut builder, first, second, row);
        assert_eq!(instructions(&builder), ["tanh", "exp+subtract+multiply+sum"]);
    }

    #[test]
    fn leaves_small_tensors_and_parts_of_unfit_sizes() {
        for (shape, axes) in
            [(&[2048, 40][..], &[0][..]), (&[8192, 40], &[1]), (&[64, 65_536], &[0]), (&[2, 1 << 20], &[1])]
        {
            let mut builder = Builder::default();
            let value = made(&mut builder, shape);
            sum(&mut builder, value, axes);
            let joined = instructions(&builder).len() == 1;
            assert_eq!(joined, shape == [2, 1 << 20], "{shape:?}");
        }
    }

    /// A tensor whose row-wise use is not by parts.
    #[test]
    fn leaves_what_reads_more_than_its_part() {
        let mut builder = Builder::default();
        let value = made(&mut builder, &[512, 512]);
        let flat = builder.op_with("reshape", &[value], json!({ "shape": [1, 1 << 18] }));
        let (shape, other) = ([2, 1 << 18], builder.input(F32, &[2, 1 << 18]));
        let rows = builder.broadcast(flat, &shape);
        let product = builder.op("multiply", &[other, rows]);
        sum(&mut builder, product, &[0]);
        assert!(!instructions(&builder).iter().any(|ops| ops.starts_with("tanh+")));
    }

    /// A step that overwrites a variable which a joined reduction still reads.
    #[test]
    fn operands_of_a_reduction_are_not_overwritten() {
        let mut builder = Builder::default();
        let variable = builder.variable(F32, &LARGE);
        let (step, row) = (builder.input(F32, &LARGE), builder.input(F32, &LARGE[1..]));
        let next = builder.op("subtract", &[variable, step]);
        builder.update(0, next);
        centred_product(&mut builder, next, variable, row);
        assert_eq!(instructions(&builder), ["subtract+subtract+multiply+sum"]);
        let data = |elements: usize, salt: usize| {
            bytes(&(0..elements).map(|i| ((i * 7 + salt) % 31) as f32 / 8.0 - 2.0).collect::<Vec<_>>())
        };
        let elements = LARGE.iter().product();
        let inputs = [data(elements, 1), data(LARGE[1], 2)];
        let [joined, apart] = [&[][..], &["reduceEpilogue", "inPlace"]]
            .map(|disabled| run(builder.plan_without(disabled), &inputs, &[data(elements, 3)], 3).unwrap());
        assert_eq!(joined, apart);
        assert!(builder.plan().info().copied_bytes > 0);
    }
}
