//! Operands that a node repeats for elementwise readers are read where they are.

use crate::elementwise::{Pattern, common_columns};
use crate::graph::{Graph, Work};

pub fn apply(graph: &mut Graph) -> usize {
    let producers = graph.producers();
    let mut count = 0;
    for index in 0..graph.nodes.len() {
        let Some(work) = graph.nodes[index].elementwise() else { continue };
        let mut patterns = work.segments[0].patterns.clone();
        let mut inputs = graph.nodes[index].inputs.clone();
        for operand in 0..inputs.len() {
            let repeated = producers[inputs[operand]].and_then(|producer| {
                let node = &graph.nodes[producer];
                Some((node.elementwise()?.as_broadcast()?, node.inputs[0]))
            });
            let Some((inner, source)) = repeated else { continue };
            let Some(pattern) = compose(patterns[operand], inner) else { continue };
            let former = std::mem::replace(&mut patterns[operand], pattern);
            match common_columns(patterns.iter().copied()) {
                Ok(_) => (inputs[operand], count) = (source, count + 1),
                Err(_) => patterns[operand] = former,
            }
        }
        graph.nodes[index].inputs = inputs;
        if let Work::Elementwise(work) = &mut graph.nodes[index].work {
            work.segments[0].patterns = patterns;
        }
    }
    graph.remove_dead();
    count
}

/// How an operand is read that is itself read so.
fn compose(outer: Pattern, inner: Pattern) -> Option<Pattern> {
    match (outer, inner) {
        (Pattern::Full, inner) => Some(inner),
        (_, Pattern::Scalar) => Some(Pattern::Scalar),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::builder::{Builder, F32};

    /// The ops of each instruction of a product with two broadcast operands.
    fn instructions(first: &[usize], second: &[usize]) -> Vec<String> {
        let mut builder = Builder::default();
        let mut value = builder.input(F32, &[4, 6]);
        for shape in [first, second] {
            let operand = builder.input(F32, shape);
            let operand = builder.broadcast(operand, &[4, 6]);
            value = builder.op("multiply", &[value, operand]);
        }
        builder.output(value);
        let plan = builder.plan_without(&["recompute", "elementwise", "segments"]);
        plan.info().instructions.iter().map(|instruction| instruction.ops.join("+")).collect()
    }

    #[test]
    fn reads_rows_columns_and_scalars_where_they_are() {
        for shape in [&[6][..], &[4, 1], &[]] {
            assert_eq!(instructions(shape, &[6]), ["multiply", "multiply"]);
        }
    }
}
