//! A cross-entropy and its gradient with respect to the logits in one visit of them.
//!
//! The gradient is (softmax(logits) - one-hot rows of the labels) · factor of each row, which programs spell out.

use std::collections::HashMap;

use layerwise_kernels::{Binary, CompareI32, Dtype, Factor, LaneOp, SparseSoftmaxCrossentropy};

use crate::elementwise::Pattern;
use crate::graph::{Graph, Node, Source, Work};
use crate::program::ValueId;

pub fn apply(graph: &mut Graph) -> usize {
    let before = graph.nodes.len();
    let matches = Search::new(graph).all();
    let mut dag = graph.dag();
    let mut joined: HashMap<ValueId, Match> = HashMap::new();
    for found in matches {
        let group = found.nodes.map(|node| dag.group(node));
        let alone = group.iter().all(|&group| dag.members(group).len() == 1);
        // A factor that follows from the losses must be computed between them and the gradient.
        if alone && !dag.merge_closes_cycle(&group, graph.nodes.len()) {
            dag.merge(&group);
            joined.insert(found.losses, found);
        }
    }
    let isa = graph.isa;
    graph.regroup(&dag, |members| {
        let found = members.iter().find_map(|node| joined.get(&node.outputs[0]));
        let Match { logits, labels, losses, gradient, factor, rows, columns, .. } =
            *found.expect("a group is a match");
        let (factor, kind) = factor;
        let kernel = SparseSoftmaxCrossentropy::with_gradient(isa, rows, columns, kind);
        Node {
            ops: members.into_iter().flat_map(|node| node.ops).collect(),
            work: Work::Kernel(Box::new(kernel)),
            inputs: vec![logits, labels, factor],
            outputs: vec![losses, gradient],
            fallible: false,
        }
    });
    graph.remove_dead();
    before - graph.nodes.len()
}

/// A cross-entropy with the softmax, the difference and the product that are its gradient.
#[derive(Clone, Copy)]
struct Match {
    nodes: [usize; 4],
    logits: ValueId,
    labels: ValueId,
    losses: ValueId,
    gradient: ValueId,
    factor: (ValueId, Factor),
    rows: usize,
    columns: usize,
}

struct Search<'a> {
    graph: &'a Graph,
    readers: Vec<Vec<usize>>,
    producers: Vec<Option<usize>>,
    kept: Vec<bool>,
}

impl<'a> Search<'a> {
    fn new(graph: &'a Graph) -> Self {
        Search { graph, readers: graph.readers(), producers: graph.producers(), kept: graph.kept() }
    }

    /// At most one match for each cross-entropy.
    fn all(&self) -> Vec<Match> {
        let nodes = 0..self.graph.nodes.len();
        nodes
            .filter(|&node| self.graph.nodes[node].ops == ["sparseSoftmaxCrossentropy"])
            .filter_map(|node| {
                let softmaxes = &self.readers[self.graph.nodes[node].inputs[0]];
                softmaxes.iter().find_map(|&softmax| self.match_at(node, softmax))
            })
            .collect()
    }

    fn match_at(&self, crossentropy: usize, softmax: usize) -> Option<Match> {
        let nodes = &self.graph.nodes;
        if nodes[softmax].ops != ["softmax"] {
            return None;
        }
        let [logits, labels] = nodes[crossentropy].inputs[..] else { return None };
        let [rows, columns] = *self.graph.values[logits].tensor.shape() else { return None };
        let difference = self.only_reader(nodes[softmax].outputs[0])?;
        let [minuend, hot] = self.operands(difference, LaneOp::Binary(Binary::Subtract))?;
        if minuend != nodes[softmax].outputs[0] || !self.is_one_hot(hot, labels, columns) {
            return None;
        }
        let product = self.only_reader(nodes[difference].outputs[0])?;
        let factors: [ValueId; 2] = self.operands(product, LaneOp::Binary(Binary::Multiply))?;
        let side = factors.iter().position(|&factor| factor == nodes[difference].outputs[0])?;
        Some(Match {
            nodes: [crossentropy, softmax, difference, product],
            logits,
            labels,
            losses: nodes[crossentropy].outputs[0],
            gradient: nodes[product].outputs[0],
            factor: self.factor(factors[1 - side], columns)?,
            rows,
            columns,
        })
    }

    /// The node that alone reads a value.
    fn only_reader(&self, value: ValueId) -> Option<usize> {
        match self.readers[value][..] {
            [reader] if !self.kept[value] => Some(reader),
            _ => None,
        }
    }

    /// What a node of this one operation reads, element by element.
    fn operands<const N: usize>(&self, node: usize, op: LaneOp) -> Option<[ValueId; N]> {
        let work = self.graph.nodes[node].elementwise()?;
        let full = work.segments[0].patterns.iter().all(|pattern| *pattern == Pattern::Full);
        if work.as_single()? != op || !full {
            return None;
        }
        self.graph.nodes[node].inputs[..].try_into().ok()
    }

    /// What a value repeats, and how.
    fn repeated(&self, value: ValueId) -> Option<(ValueId, Pattern)> {
        let node = &self.graph.nodes[self.producers[value]?];
        Some((node.inputs[0], node.elementwise()?.as_broadcast()?))
    }

    /// Whether a value is rows of `columns` columns with 1 where the label of the row is, and 0 elsewhere.
    fn is_one_hot(&self, value: ValueId, labels: ValueId, columns: usize) -> bool {
        let hot = || {
            let cast = LaneOp::Cast { from: Dtype::Bool, to: Dtype::Float32 };
            let [equal] = self.operands(self.producers[value]?, cast)?;
            let equal: [ValueId; 2] =
                self.operands(self.producers[equal]?, LaneOp::CompareI32(CompareI32::Equal))?;
            Some(equal.map(|side| self.repeated(side)))
        };
        let label = Some((labels, Pattern::Column { columns }));
        let is_class = |side: Option<(ValueId, Pattern)>| {
            side.is_some_and(|(value, pattern)| {
                pattern == Pattern::Row { columns } && self.counts_up(value, columns)
            })
        };
        hot().is_some_and(|[a, b]| (a == label && is_class(b)) || (b == label && is_class(a)))
    }

    /// Whether a value is the constant 0, 1, 2, …
    fn counts_up(&self, value: ValueId, columns: usize) -> bool {
        let Source::Constant(bytes) = &self.graph.values[value].source else { return false };
        let words = self.graph.constants[bytes.clone()].as_chunks().0;
        words.iter().map(|&word| i32::from_le_bytes(word)).eq(0..columns as i32)
    }

    /// A factor of rows that is the same for all columns.
    fn factor(&self, value: ValueId, columns: usize) -> Option<(ValueId, Factor)> {
        match self.repeated(value)? {
            (scalar, Pattern::Scalar) => Some((scalar, Factor::Scalar)),
            (column, pattern) if pattern == (Pattern::Column { columns }) => match self.repeated(column) {
                Some((scalar, Pattern::Scalar)) => Some((scalar, Factor::Scalar)),
                _ => Some((column, Factor::Column)),
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::fuse::fusions;
    use crate::tests::builder::{Builder, F32, I32, bytes, int_bytes, run};

    const ROWS: usize = 5;
    const COLUMNS: usize = 3;

    /// A cross-entropy and its gradient, from logits, labels and a gradient of the losses, which is made of the losses.
    fn crossentropy(
        shape_of_factor: &[usize],
        classes: &[i32],
        factor: impl Fn(&mut Builder, usize) -> usize,
    ) -> Builder {
        let mut builder = Builder::default();
        let b = &mut builder;
        let (logits, labels) = (b.input(F32, &[ROWS, COLUMNS]), b.input(I32, &[ROWS]));
        let given = b.input(F32, shape_of_factor);
        let losses = b.op("sparseSoftmaxCrossentropy", &[logits, labels]);
        b.output(losses);
        let factor = if shape_of_factor.is_empty() { b.broadcast(given, &[ROWS]) } else { factor(b, losses) };
        let probabilities = b.op("softmax", &[logits]);
        let classes = b.int_constant(&[COLUMNS], classes);
        let classes = b.broadcast(classes, &[ROWS, COLUMNS]);
        let labels = b.op_with("reshape", &[labels], json!({ "shape": [ROWS, 1] }));
        let labels = b.broadcast(labels, &[ROWS, COLUMNS]);
        let hot = b.op("equal", &[labels, classes]);
        let hot = b.op_with("cast", &[hot], json!({ "dtype": "float32" }));
        let difference = b.op("subtract", &[probabilities, hot]);
        let factor = b.op_with("reshape", &[factor], json!({ "shape": [ROWS, 1] }));
        let factor = b.broadcast(factor, &[ROWS, COLUMNS]);
        let gradient = b.op("multiply", &[difference, factor]);
        b.output(gradient);
        builder
    }

    /// The number of instructions, after a check that the results have the bits of the program without fusion.
    fn instructions(builder: &Builder, factors: &[f32]) -> usize {
        let logits: Vec<f32> = (0..ROWS * COLUMNS).map(|i| (i * 7 % 11) as f32 / 3.0 - 1.0).collect();
        let inputs = [bytes(&logits), int_bytes(&[2, 0, 1, -1, 2]), bytes(factors)];
        let plain = run(builder.plan_without(&fusions()), &inputs, &[], 1).unwrap();
        assert_eq!(run(builder.plan(), &inputs, &[], 1).unwrap(), plain);
        builder.plan().info().instructions.len()
    }

    const FACTORS: [f32; ROWS] = [0.5, -1.5, 2.0, 0.3, 0.0];

    #[test]
    fn one_instruction_makes_loss_and_gradient() {
        let given = |_: &mut Builder, _: usize| 2;
        assert_eq!(instructions(&crossentropy(&[], &[0, 1, 2], given), &[0.2]), 1);
        assert_eq!(instructions(&crossentropy(&[ROWS], &[0, 1, 2], given), &FACTORS), 1);
    }

    #[test]
    fn leaves_a_gradient_that_needs_the_losses_first() {
        let builder = crossentropy(&[ROWS], &[0, 1, 2], |b, losses| b.op("multiply", &[losses, 2]));
        assert_eq!(instructions(&builder, &FACTORS), 4);
    }

    #[test]
    fn leaves_classes_in_another_order() {
        let builder = crossentropy(&[ROWS], &[0, 2, 1], |_, _| 2);
        assert_eq!(instructions(&builder, &FACTORS), 3);
    }

    #[test]
    fn leaves_probabilities_that_others_read() {
        let mut builder = crossentropy(&[ROWS], &[0, 1, 2], |_, _| 2);
        let probabilities = builder.op("softmax", &[0]);
        builder.output(probabilities);
        assert_eq!(instructions(&builder, &FACTORS), 3);
    }
}
