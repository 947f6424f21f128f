//! What takes one operation on a tensor that stays in memory is computed again where it is read, rather than stored: a centred tensor, for
//! instance, which the variance, the normalization and the gradients of both read.

use layerwise_kernels::{Binary, Dtype, LaneOp, Unary};

use crate::elementwise::{Elementwise, Pattern, common_columns};
use crate::graph::{Graph, Node, Work};
use crate::program::ValueId;

pub fn apply(graph: &mut Graph) -> usize {
    let kept = graph.kept();
    // From the last node on, so that what a copy reads can be copied for it in turn.
    let mut nodes: Vec<Node> = Vec::new();
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); graph.values.len()];
    let mut count = 0;
    for node in std::mem::take(&mut graph.nodes).into_iter().rev() {
        let value = node.outputs[0];
        let all_compute =
            |work: &&Elementwise| readers[value].iter().all(|&reader| computes(&nodes[reader], value, work));
        let work = single(&node).filter(|_| !kept[value] && readers[value].len() > 1).filter(all_compute);
        let Some(work) = work.cloned() else {
            add(node, &mut nodes, &mut readers);
            continue;
        };
        count += readers[value].len() - 1;
        for reader in std::mem::take(&mut readers[value]) {
            let copy = graph.values.len();
            graph.values.push(graph.values[value].clone());
            readers.push(Vec::new());
            let inputs = nodes[reader].inputs.iter_mut();
            inputs.filter(|input| **input == value).for_each(|input| *input = copy);
            readers[copy].push(reader);
            let node = Node {
                ops: node.ops.clone(),
                work: Work::Elementwise(work.clone()),
                inputs: node.inputs.clone(),
                outputs: vec![copy],
                fallible: false,
            };
            add(node, &mut nodes, &mut readers);
        }
    }
    nodes.reverse();
    graph.nodes = nodes;
    count
}

/// Adds a node before all others.
fn add(node: Node, nodes: &mut Vec<Node>, readers: &mut [Vec<usize>]) {
    for &input in &node.inputs {
        if readers[input].last() != Some(&nodes.len()) {
            readers[input].push(nodes.len());
        }
    }
    nodes.push(node);
}

/// The work of a node that is one cheap operation on one whole tensor and rows, columns or scalars.
fn single(node: &Node) -> Option<&Elementwise> {
    let work = node.elementwise()?;
    let segment = &work.segments[0];
    let is_cheap = matches!(
        work.as_single()?,
        LaneOp::Binary(Binary::Add | Binary::Subtract | Binary::Multiply) | LaneOp::Unary(Unary::Negative)
    );
    let whole = segment.patterns.iter().filter(|&&pattern| pattern == Pattern::Full).count();
    let floats = work.tape.inputs.iter().all(|&dtype| dtype == Dtype::Float32);
    (is_cheap && whole == 1 && floats && segment.elements > 1).then_some(work)
}

/// Whether a node that reads a value can compute it too: elementwise work over the same elements, with rows of the same length, or a
/// reduction that takes a chain.
fn computes(reader: &Node, value: ValueId, work: &Elementwise) -> bool {
    if let Some(reductions) = reader.reductions() {
        return reductions.take(work);
    }
    let Some(Elementwise { segments, .. }) = reader.elementwise() else { return false };
    let ([segment], [own]) = (&segments[..], &work.segments[..]) else { return false };
    let reads = reader.inputs.iter().zip(&segment.patterns).filter(|&(&input, _)| input == value);
    let patterns = segment.patterns.iter().chain(&own.patterns);
    segment.elements == own.elements
        && reads.into_iter().all(|(_, pattern)| *pattern == Pattern::Full)
        && common_columns(patterns.copied()).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tests::builder::{Builder, F32};

    /// The ops and the number of outputs of each instruction.
    fn instructions(builder: &Builder) -> Vec<(String, usize)> {
        let plan = builder.plan_without(&["segments"]);
        let describe =
            |instruction: &crate::InstructionInfo| (instruction.ops.join("+"), instruction.outputs.len());
        plan.info().instructions.iter().map(describe).collect()
    }

    /// The sum of the squares of centred columns, and those over it: read before and after the sum.
    fn normalized(centre: &[usize]) -> Builder {
        let mut builder = Builder::default();
        let (x, mean) = (builder.input(F32, &[40, 60]), builder.input(F32, centre));
        let mean = builder.broadcast(mean, &[40, 60]);
        let centred = builder.op("subtract", &[x, mean]);
        let square = builder.op("multiply", &[centred, centred]);
        let sum = builder.op_with("sum", &[square], json!({ "axes": [0] }));
        let sum = builder.broadcast(sum, &[40, 60]);
        let quotient = builder.op("divide", &[centred, sum]);
        builder.output(quotient);
        builder
    }

    #[test]
    fn computes_again_rather_than_stores() {
        let expected = [("subtract+multiply+sum".into(), 1), ("subtract+divide".into(), 1)];
        assert_eq!(instructions(&normalized(&[60])), expected);
    }

    #[test]
    fn leaves_operations_on_two_tensors() {
        let expected = [("subtract".into(), 1), ("multiply+sum".into(), 1), ("divide".into(), 1)];
        assert_eq!(instructions(&normalized(&[40, 60])), expected);
    }
}
