//! A matrix product takes over the addition of a bias to its rows and a relu after it, while the sums are in registers.

use layerwise_kernels::{Binary, LaneOp, Unary};

use crate::elementwise::Pattern;
use crate::graph::{Graph, Node, Work};
use crate::product::Product;
use crate::program::ValueId;

pub fn apply(graph: &mut Graph) -> usize {
    let before = graph.nodes.len();
    let uses = Uses { readers: graph.readers(), kept: graph.kept(), producers: graph.producers() };
    let mut nodes: Vec<Option<Node>> = std::mem::take(&mut graph.nodes).into_iter().map(Some).collect();
    for matmul in 0..nodes.len() {
        if is_plain_product(&nodes[matmul]) {
            let biased = join_bias(&mut nodes, matmul, &uses);
            join_relu(&mut nodes, biased, &uses);
        }
    }
    graph.nodes = nodes.into_iter().flatten().collect();
    let joined = before - graph.nodes.len();
    graph.remove_dead();
    joined
}

/// Whether this is a product with nothing after it: one that moved here has all that it can have.
fn is_plain_product(node: &Option<Node>) -> bool {
    let Some(Node { work: Work::Product(product), .. }) = node else { return false };
    product.takes_more() && !product.bias && !product.relu
}

struct Uses {
    readers: Vec<Vec<usize>>,
    kept: Vec<bool>,
    producers: Vec<Option<usize>>,
}

impl Uses {
    /// The node that alone reads a value.
    fn only_reader(&self, value: ValueId) -> Option<usize> {
        match self.readers[value][..] {
            [reader] if !self.kept[value] => Some(reader),
            _ => None,
        }
    }
}

fn join_bias(nodes: &mut [Option<Node>], matmul: usize, uses: &Uses) -> usize {
    find_bias(nodes, matmul, uses).map_or(matmul, |(add, bias)| {
        absorb(nodes, matmul, add, |product| product.bias = true);
        nodes[add].as_mut().expect("the product is here now").inputs.push(bias);
        add
    })
}

/// The addition of one row to all rows of a product, and that row.
fn find_bias(nodes: &[Option<Node>], matmul: usize, uses: &Uses) -> Option<(usize, ValueId)> {
    let product = nodes[matmul].as_ref()?;
    let add = uses.only_reader(product.outputs[0])?;
    let node = nodes[add].as_ref()?;
    let work = node.elementwise()?;
    if work.as_single()? != LaneOp::Binary(Binary::Add) {
        return None;
    }
    let side = node.inputs.iter().position(|&input| input == product.outputs[0])?;
    let other = node.inputs[1 - side];
    let patterns = &work.segments[0].patterns;
    if patterns[side] != Pattern::Full || patterns[1 - side] != Pattern::Full {
        return None;
    }
    let Work::Product(product) = &product.work else { return None };
    let broadcast = uses.producers[other].and_then(|producer| nodes[producer].as_ref());
    let repeated = broadcast.and_then(|node| Some((node.elementwise()?.as_broadcast()?, node.inputs[0])));
    match repeated {
        Some((Pattern::Row { columns }, row)) if columns == product.columns() => Some((add, row)),
        Some((Pattern::Scalar, row)) if product.columns() == 1 => Some((add, row)),
        _ if product.rows() == 1 => Some((add, other)),
        _ => None,
    }
}

fn join_relu(nodes: &mut [Option<Node>], matmul: usize, uses: &Uses) {
    if let Some(node) = find_relu(nodes, matmul, uses) {
        absorb(nodes, matmul, node, |product| product.relu = true);
    }
}

fn find_relu(nodes: &[Option<Node>], matmul: usize, uses: &Uses) -> Option<usize> {
    let reader = uses.only_reader(nodes[matmul].as_ref()?.outputs[0])?;
    let work = nodes[reader].as_ref()?.elementwise()?;
    let is_relu =
        work.as_single()? == LaneOp::Unary(Unary::Relu) && work.segments[0].patterns == [Pattern::Full];
    is_relu.then_some(reader)
}

/// Puts the product in the place of a node that reads it, with the node's output as its own.
fn absorb(nodes: &mut [Option<Node>], matmul: usize, reader: usize, change: impl FnOnce(&mut Product)) {
    let (Some(mut product), Some(node)) = (nodes[matmul].take(), nodes[reader].take()) else { return };
    if let Work::Product(work) = &mut product.work {
        change(work);
    }
    product.ops.extend(node.ops);
    product.outputs = node.outputs;
    nodes[reader] = Some(product);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tests::builder::{Builder, F32};

    /// The ops of each instruction of a product of [3, 4] and [4, 2] with a bias and relu, after some change.
    fn ops(change: impl FnOnce(&mut Builder, [usize; 3])) -> Vec<String> {
        let mut builder = Builder::default();
        let (a, b) = (builder.input(F32, &[3, 4]), builder.input(F32, &[4, 2]));
        let product = builder.matmul(a, b);
        let bias = builder.input(F32, &[2]);
        let bias = builder.broadcast(bias, &[3, 2]);
        let sum = builder.op("add", &[bias, product]);
        let relu = builder.op("relu", &[sum]);
        builder.output(relu);
        change(&mut builder, [product, sum, relu]);
        let plan = builder.plan_without(&["matmulEpilogue", "broadcasts", "elementwise", "segments"]);
        plan.info().instructions.iter().map(|instruction| instruction.ops.join("+")).collect()
    }

    #[test]
    fn takes_bias_and_relu() {
        assert_eq!(ops(|_, _| ()), ["matmul+add+relu"]);
    }

    #[test]
    fn takes_relu_alone() {
        let more = ops(|builder, [_, _, relu]| {
            let tanh = builder.op("tanh", &[relu]);
            builder.output(tanh);
        });
        assert_eq!(more, ["matmul+add+relu", "tanh"]);
    }

    #[test]
    fn leaves_what_others_read() {
        let read_sum = ops(|builder, [_, sum, _]| builder.output(sum));
        assert_eq!(read_sum, ["matmul+add", "relu"]);
        let read_product = ops(|builder, [product, ..]| {
            let exp = builder.op("exp", &[product]);
            builder.output(exp);
        });
        assert_eq!(read_product, ["matmul", "broadcastTo", "add", "relu", "exp"]);
    }

    #[test]
    fn takes_only_rows_as_bias() {
        let plan = |shape: &[usize]| {
            let mut builder = Builder::default();
            let (a, b) = (builder.input(F32, &[2, 1, 4]), builder.input(F32, &[2, 4, 2]));
            let product = builder.matmul(a, b);
            let bias = builder.input(F32, shape);
            let bias = builder.broadcast(bias, &[2, 1, 2]);
            let sum = builder.op("add", &[product, bias]);
            builder.output(sum);
            builder.plan_without(&["matmulEpilogue", "broadcasts", "elementwise"]).info().instructions.len()
        };
        assert_eq!(plan(&[2]), 1);
        assert_eq!(plan(&[1, 1, 2]), 1);
        assert_eq!(plan(&[1]), 3);
        assert_eq!(plan(&[2, 1, 1]), 3);
        assert_eq!(plan(&[2, 1, 2]), 2);
    }

    #[test]
    fn takes_a_whole_vector_for_one_row() {
        let mut builder = Builder::default();
        let (a, b) = (builder.input(F32, &[1, 4]), builder.input(F32, &[4, 2]));
        let product = builder.matmul(a, b);
        let bias = builder.input(F32, &[2]);
        let bias = builder.op_with("reshape", &[bias], json!({ "shape": [1, 2] }));
        let sum = builder.op("add", &[product, bias]);
        builder.output(sum);
        assert_eq!(builder.plan_without(&["matmulEpilogue"]).info().instructions.len(), 1);
    }
}
