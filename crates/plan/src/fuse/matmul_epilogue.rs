//! A matrix product takes over the elementwise work on its elements, which runs over each block while it is in the cache.

use layerwise_kernels::{Dtype, LaneOp};

use crate::elementwise::{Elementwise, Operand, Operation, Pattern, Segment, Tape};
use crate::graph::{Graph, Node, Work};
use crate::product::Product;

/// A product of so many terms has chunks enough for its epilogue too; ...
const LEAST_TERMS: usize = 64;
/// ... and one of so few elements needs none.
const MOST_ELEMENTS: usize = 1 << 16;

// What an epilogue reads besides the product is asked for while a few rows are multiplied. That hides the way from memory, but costs more
// than it hides where operands are in a cache (measured: 1.05 to 1.1 times the time of two instructions; 0.8 to 0.95 from memory).

/// Elements of a product that stays in the L1 cache, whose rows are whole.
const SMALL: usize = 1 << 13;
/// Elements of a product whose operands come from memory.
const LARGE: usize = 15 << 18;
/// Operands of one value for each element.
const FEW: usize = 2;
/// One more stays in the L2 cache with the rows of a large product of at most so many terms.
const MOST_TERMS: usize = 1024;

pub fn apply(graph: &mut Graph) -> usize {
    let before = graph.nodes.len();
    let (readers, kept) = (graph.readers(), graph.kept());
    let mut dag = graph.dag();
    for (matmul, node) in graph.nodes.iter().enumerate() {
        let Work::Product(product) = &node.work else { continue };
        let mut candidates = readers[node.outputs[0]].clone();
        candidates.dedup();
        for reader in candidates {
            let pair = [dag.group(matmul), dag.group(reader)];
            if fits(product, node, &graph.nodes[reader])
                && dag.members(pair[1]).len() == 1
                && !dag.merge_closes_cycle(&pair, graph.nodes.len())
            {
                dag.merge(&pair);
                break;
            }
        }
    }
    // Whether somebody besides its epilogue needs a product.
    let needed: Vec<bool> = (0..graph.values.len())
        .map(|value| {
            let mut groups = readers[value].iter().map(|&reader| dag.group(reader));
            let first = groups.next();
            kept[value] || groups.any(|group| Some(group) != first)
        })
        .collect();
    graph.regroup(&dag, |members| {
        let [matmul, epilogue] = <[Node; 2]>::try_from(members).expect("a product and its epilogue");
        let product_is_needed = needed[matmul.outputs[0]];
        join(matmul, epilogue, product_is_needed)
    });
    before - graph.nodes.len()
}

/// Whether a node can run over the blocks of a product, and had better do so.
fn fits(product: &Product, node: &Node, reader: &Node) -> bool {
    let Some(Elementwise { segments, .. }) = reader.elementwise() else { return false };
    let [Segment { elements, patterns }] = &segments[..] else { return false };
    let operands = || reader.inputs.iter().zip(patterns);
    let agree = operands().all(|(&input, pattern)| match pattern.columns() {
        None => input != node.outputs[0] || *pattern == Pattern::Full,
        Some(columns) => input != node.outputs[0] && columns == product.columns(),
    });
    let whole =
        operands().filter(|&(&input, pattern)| input != node.outputs[0] && *pattern == Pattern::Full).count();
    let shared = product.terms() >= LEAST_TERMS || *elements <= MOST_ELEMENTS;
    let (rows_are_whole, large) = (product.makes_whole_rows(), *elements >= LARGE);
    let one_more = large && !rows_are_whole && product.terms() <= MOST_TERMS;
    let near = whole == 0
        || (whole <= FEW + usize::from(one_more) && (rows_are_whole || large || *elements <= SMALL));
    product.takes_more() && *elements == product.elements() && agree && shared && near
}

/// The product with the elementwise work as its epilogue.
fn join(mut matmul: Node, epilogue: Node, product_is_needed: bool) -> Node {
    let value = matmul.outputs[0];
    let Work::Elementwise(Elementwise { tape, segments }) = epilogue.work else {
        unreachable!("only elementwise work fits")
    };
    let mut inputs = vec![Dtype::Float32];
    let mut patterns = vec![Pattern::Full];
    let mut places = Vec::new();
    for (index, &input) in epilogue.inputs.iter().enumerate() {
        if input == value {
            places.push(0);
            continue;
        }
        places.push(inputs.len());
        inputs.push(tape.inputs[index]);
        patterns.push(segments[0].patterns[index]);
        matmul.inputs.push(input);
    }
    let place = |operand: &Operand| match *operand {
        Operand::Input(input) => Operand::Input(places[input]),
        result => result,
    };
    let renamed = |Operation { op, operands }: &Operation| Operation {
        op: *op,
        operands: operands.iter().map(place).collect(),
    };
    let mut operations: Vec<Operation> = tape.operations.iter().map(renamed).collect();
    let mut outputs = tape.outputs;
    matmul.outputs = epilogue.outputs;
    if product_is_needed {
        outputs.push((Dtype::Float32, operations.len()));
        operations.push(Operation { op: LaneOp::Copy, operands: vec![Operand::Input(0)] });
        matmul.outputs.push(value);
    }
    matmul.ops.extend(epilogue.ops);
    let segment = Segment { elements: segments[0].elements, patterns };
    if let Work::Product(product) = &mut matmul.work {
        let tape = Tape { operations, inputs, outputs };
        product.tape = Some(Elementwise { tape, segments: vec![segment] });
    }
    matmul
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tests::builder::{Builder, F32};

    /// The ops of each instruction.
    fn instructions(builder: &Builder) -> Vec<String> {
        let info = builder.plan().info().instructions.clone();
        info.iter().map(|instruction| instruction.ops.join("+")).collect()
    }

    /// A product of [3, 4] and [4, 2], and its operands.
    fn product(builder: &mut Builder) -> usize {
        let (a, b) = (builder.input(F32, &[3, 4]), builder.input(F32, &[4, 2]));
        builder.matmul(a, b)
    }

    #[test]
    fn takes_operands_of_every_pattern() {
        let mut builder = Builder::default();
        let mut value = product(&mut builder);
        for shape in [&[3, 2][..], &[2], &[3, 1], &[]] {
            let operand = builder.input(F32, shape);
            let operand = builder.broadcast(operand, &[3, 2]);
            value = builder.op("multiply", &[value, operand]);
        }
        builder.output(value);
        assert_eq!(instructions(&builder), ["matmul+multiply+multiply+multiply+multiply"]);
    }

    #[test]
    fn takes_the_gradient_of_relu() {
        let mut builder = Builder::default();
        let gradient = product(&mut builder);
        let stored = builder.input(F32, &[3, 2]);
        let zero = builder.constant(&[], &[0.0]);
        let zeros = builder.broadcast(zero, &[3, 2]);
        let positive = builder.op("less", &[zeros, stored]);
        let masked = builder.op("where", &[positive, gradient, zeros]);
        builder.output(masked);
        assert_eq!(instructions(&builder), ["matmul+less+where"]);
    }

    #[test]
    fn hands_on_a_product_that_others_need() {
        let mut builder = Builder::default();
        let product = product(&mut builder);
        let tanh = builder.op("tanh", &[product]);
        let softmax = builder.op("softmax", &[product]);
        builder.output(tanh);
        builder.output(softmax);
        assert_eq!(instructions(&builder), ["matmul+tanh", "softmax"]);
    }

    #[test]
    fn leaves_what_waits_for_another_instruction_on_the_product() {
        let mut builder = Builder::default();
        let product = product(&mut builder);
        let softmax = builder.op("softmax", &[product]);
        let sum = builder.op("add", &[product, softmax]);
        builder.output(sum);
        assert_eq!(instructions(&builder), ["matmul", "softmax", "add"]);
    }

    #[test]
    fn one_of_two_products_takes_their_sum() {
        let mut builder = Builder::default();
        let (x, y) = (product(&mut builder), product(&mut builder));
        let sum = builder.op("add", &[x, y]);
        builder.output(sum);
        let mut instructions = instructions(&builder);
        instructions.sort();
        assert_eq!(instructions, ["matmul", "matmul+add"]);
    }

    #[test]
    fn leaves_rows_of_other_lengths() {
        let mut builder = Builder::default();
        let product = product(&mut builder);
        let flat = builder.op_with("reshape", &[product], json!({ "shape": [2, 3] }));
        let row = builder.input(F32, &[3]);
        let row = builder.broadcast(row, &[2, 3]);
        let scaled = builder.op("multiply", &[flat, row]);
        builder.output(scaled);
        assert_eq!(instructions(&builder), ["matmul", "multiply"]);
    }

    #[test]
    fn writes_an_updated_variable_in_place() {
        let mut builder = Builder::default();
        let velocity = builder.variable(F32, &[3, 2]);
        let gradient = product(&mut builder);
        let next = builder.op("add", &[velocity, gradient]);
        builder.update(0, next);
        let plan = builder.plan();
        assert_eq!((plan.info().instructions.len(), plan.info().copied_bytes), (1, 0));
        assert_eq!(plan.info().arena_bytes, 0);
    }

    /// The instructions that a product of so many rows and terms, with 512 columns, becomes with an activation and so many residuals.
    fn count(rows: usize, terms: usize, residuals: usize) -> usize {
        let mut builder = Builder::default();
        let (a, b) = (builder.input(F32, &[rows, terms]), builder.input(F32, &[terms, 512]));
        let product = builder.matmul(a, b);
        let mut value = builder.op("tanh", &[product]);
        for _ in 0..residuals {
            let residual = builder.input(F32, &[rows, 512]);
            value = builder.op("add", &[value, residual]);
        }
        builder.output(value);
        builder.plan().info().instructions.len()
    }

    #[test]
    fn leaves_long_work_after_short_sums() {
        assert_eq!([count(128, 8, 0), count(512, 8, 0), count(512, 64, 0)], [1, 2, 1]);
    }

    #[test]
    fn leaves_what_reads_whole_operands_unless_they_are_small_or_come_from_memory() {
        assert_eq!([16, 128, 8192].map(|rows| count(rows, 64, 1)), [1, 2, 1]);
        assert_eq!([2, 3].map(|residuals| count(16, 64, residuals)), [1, 2]);
        assert_eq!([3, 4].map(|residuals| count(8192, 64, residuals)), [1, 2]);
        assert_eq!([2, 3].map(|residuals| count(8192, 2000, residuals)), [1, 2]);
    }

    #[test]
    fn takes_whole_operands_after_a_convolution() {
        let mut builder = Builder::default();
        let (x, kernel) = (builder.input(F32, &[8, 16, 16, 16]), builder.input(F32, &[3, 3, 16, 16]));
        let attributes = json!({
            "strides": [1, 1], "dilations": [1, 1], "low": [1, 1], "high": [1, 1], "groups": 1,
        });
        let convolution = builder.op_with("convolution", &[x, kernel], attributes);
        let sum = builder.op("add", &[convolution, x]);
        builder.output(sum);
        assert_eq!(instructions(&builder), ["convolution+add"]);
    }
}
