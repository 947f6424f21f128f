//! Results take the place of operands: new values of variables are written straight into the variables, and a value of
//! the arena may lie where an operand that nobody reads again lay.

use crate::dag::Dag;
use crate::graph::{Graph, Source};
use crate::program::{Update, ValueId};

pub fn apply(graph: &mut Graph) -> usize {
    graph.reuses_operands = true;
    let readers = graph.readers();
    let producers = graph.producers();
    // The value that is a variable before its update, where a node reads it.
    let mut former: Vec<Option<ValueId>> = Vec::new();
    for (id, value) in graph.values.iter().enumerate() {
        if let Source::Variable(variable) = value.source {
            former.resize(former.len().max(variable + 1), None);
            former[variable] = Some(id);
        }
    }
    let mut dag = graph.dag();
    // What can fail keeps its order, so that coming after the last of them is coming after all.
    let fallible: Vec<usize> = (0..graph.nodes.len()).filter(|&node| graph.nodes[node].fallible).collect();
    fallible.windows(2).for_each(|pair| dag.add_edge(pair[0], pair[1]));
    let mut count = 0;
    for &Update { variable, value } in &graph.updates {
        let (Some(writer), Some(former)) = (producers[value], former[variable]) else { continue };
        let node = &graph.nodes[writer];
        let output = node.outputs.iter().position(|&output| output == value);
        let replaces = output.is_some_and(|output| node.may_replace(former, output));
        if graph.values[value].home.is_some() || !replaces || node.fallible {
            continue;
        }
        // Whoever reads the old value must come before, and so must whatever can fail: a failed step changes nothing.
        let mut earlier: Vec<usize> = readers[former].iter().chain(fallible.last()).copied().collect();
        earlier.retain(|&node| node != writer);
        if come_before(&mut dag, earlier, writer) {
            graph.values[value].home = Some(variable);
            count += 1;
        }
    }
    graph.regroup(&dag, |_| unreachable!("no nodes are joined"));
    count
}

/// Makes some nodes come before another, unless one of them waits for it.
fn come_before(dag: &mut Dag, mut earlier: Vec<usize>, later: usize) -> bool {
    earlier.sort_unstable();
    earlier.dedup();
    let possible = dag.reached_from(later);
    if earlier.iter().any(|&node| possible[node]) {
        return false;
    }
    earlier.into_iter().for_each(|node| dag.add_edge(node, later));
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tests::builder::{Builder, F32};

    /// A row of transposes and an addition to each, none of which can be joined.
    fn chain() -> Builder {
        let mut builder = Builder::default();
        let mut value = builder.input(F32, &[16, 32]);
        for _ in 0..4 {
            value = builder.op_with("transpose", &[value], json!({ "axes": [1, 0] }));
            value = builder.op("tanh", &[value]);
        }
        let total = builder.op_with("sum", &[value], json!({ "axes": [0, 1] }));
        builder.output(total);
        builder
    }

    #[test]
    fn results_take_the_place_of_operands() {
        let slot = 16 * 32 * 4;
        let arena = |disabled: &[&str]| chain().plan_without(disabled).info().arena_bytes;
        assert!((2 * slot..2 * slot + slot / 2).contains(&arena(&[])));
        assert!(arena(&["inPlace"]) >= 2 * slot);
    }

    #[test]
    fn an_elementwise_update_is_in_place_and_counted() {
        let mut builder = Builder::default();
        let (variable, step) = (builder.variable(F32, &[8]), builder.input(F32, &[8]));
        let next = builder.op("subtract", &[variable, step]);
        builder.update(0, next);
        let plan = builder.plan();
        assert_eq!((plan.info().copied_bytes, plan.info().arena_bytes), (0, 0));
        assert_eq!(plan.info().fusions.iter().find(|fusion| fusion.name == "inPlace").unwrap().count, 1);
        let plan = builder.plan_without(&["inPlace"]);
        assert_eq!((plan.info().copied_bytes, plan.info().arena_bytes), (32, 64));
    }
}
