//! A product reads transposed matrices where they are, and makes its own transposed where nothing else reads them.

use layerwise_kernels::{MatmulShape, Precision, is_symmetric};

use crate::graph::{Graph, Node, Work};
use crate::product::{Factors, Product};
use crate::program::ValueId;
use crate::transpose::Transpose;

pub fn apply(graph: &mut Graph) -> usize {
    let before = graph.nodes.len();
    turn_products(graph);
    read_in_place(graph);
    graph.remove_dead();
    before - graph.nodes.len()
}

/// Puts Bᵀ · Aᵀ in the place of a transpose that alone reads A · B.
fn turn_products(graph: &mut Graph) {
    let (readers, kept) = (graph.readers(), graph.kept());
    for product in 0..graph.nodes.len() {
        let Some((shape, precision)) = plain_matmul(&graph.nodes[product]) else { continue };
        let value = graph.nodes[product].outputs[0];
        let [reader] = readers[value][..] else { continue };
        let Work::Transpose(transpose) = graph.nodes[reader].work else { continue };
        let is_whole = [transpose.matrices, transpose.rows] == [shape.batch, shape.m];
        if kept[value] || !is_whole || !is_symmetric(graph.isa, precision, &shape) {
            continue;
        }
        let work = Product::new(Factors::Matmul(shape.transposed(), precision));
        let (ops, inputs) = (graph.nodes[product].ops.clone(), graph.nodes[product].inputs.clone());
        let node = &mut graph.nodes[reader];
        node.ops.splice(0..0, ops);
        (node.work, node.inputs) = (Work::Product(work), inputs.into_iter().rev().collect());
    }
}

/// Lets products read what a transpose reads, where they alone need it: reading the matrices turned costs less than the copy, but more
/// than reading a copy that is made anyway.
fn read_in_place(graph: &mut Graph) {
    let (mut readers, kept) = (graph.readers(), graph.kept());
    for index in (0..graph.nodes.len()).rev() {
        let Node { work: Work::Transpose(transpose), ref inputs, ref outputs, .. } = graph.nodes[index]
        else {
            continue;
        };
        let (source, value) = (inputs[0], outputs[0]);
        let takes = |&reader: &usize| reads_in_place(&graph.nodes[reader], value, &transpose);
        if kept[value] || !readers[value].iter().all(takes) {
            continue;
        }
        readers[source].retain(|&reader| reader != index);
        for reader in std::mem::take(&mut readers[value]) {
            turn_factors(&mut graph.nodes[reader], value, source);
            readers[source].push(reader);
        }
    }
}

/// Whether a node reads transposed matrices as factors of products alone.
fn reads_in_place(node: &Node, value: ValueId, transpose: &Transpose) -> bool {
    let Some((shape, _)) = plain_matmul(node) else { return false };
    let MatmulShape { batch, m, n, k, transpose_a, transpose_b } = shape;
    let sides = [(transpose_a, [m, k]), (transpose_b, [k, n])];
    node.inputs.iter().zip(sides).all(|(&input, (transposed, [rows, columns]))| {
        let [rows, columns] = if transposed { [columns, rows] } else { [rows, columns] };
        input != value || [transpose.matrices, transpose.columns, transpose.rows] == [batch, rows, columns]
    })
}

/// Replaces factors by those of which they are the transposes.
fn turn_factors(node: &mut Node, value: ValueId, source: ValueId) {
    let Work::Product(Product { factors: Factors::Matmul(shape, _), .. }) = &mut node.work else { return };
    for (input, transposed) in node.inputs.iter_mut().zip([&mut shape.transpose_a, &mut shape.transpose_b]) {
        if *input == value {
            (*input, *transposed) = (source, !*transposed);
        }
    }
}

/// A matrix product with nothing after it.
fn plain_matmul(node: &Node) -> Option<(MatmulShape, Precision)> {
    match node.work {
        Work::Product(Product {
            factors: Factors::Matmul(shape, precision),
            bias: false,
            relu: false,
            tape: None,
            pool: None,
        }) => Some((shape, precision)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tests::builder::{Builder, F32, bytes, run};

    fn transpose(builder: &mut Builder, value: usize, axes: &[usize]) -> usize {
        builder.op_with("transpose", &[value], json!({ "axes": axes }))
    }

    /// The ops of each instruction, after a check that the pass leaves the bits as they are.
    fn ops(builder: &Builder, inputs: &[usize]) -> Vec<String> {
        let inputs: Vec<Vec<u8>> = inputs
            .iter()
            .map(|&elements| {
                bytes(&(0..elements).map(|i| (i * i % 17) as f32 * 0.3 - 2.0).collect::<Vec<_>>())
            })
            .collect();
        let [joined, apart] = [&[][..], &["matmulTranspose"]]
            .map(|disabled| run(builder.plan_without(disabled), &inputs, &[], 1).unwrap());
        assert_eq!(joined, apart);
        builder.plan().info().instructions.iter().map(|instruction| instruction.ops.join("+")).collect()
    }

    #[test]
    fn reads_factors_where_they_are() {
        for transposed in [false, true] {
            let mut builder = Builder::default();
            let a = builder.input(F32, &[3, 4, 5]);
            let b = builder.input(F32, if transposed { &[3, 5, 6] } else { &[3, 6, 5] });
            let [a, b] = [a, b].map(|value| transpose(&mut builder, value, &[0, 2, 1]));
            let a = transpose(&mut builder, a, &[0, 2, 1]);
            let attributes = json!({ "transposeA": false, "transposeB": transposed });
            let product = builder.op_with("matmul", &[a, b], attributes);
            builder.output(product);
            assert_eq!(ops(&builder, &[60, 90]), ["matmul"]);
        }
    }

    #[test]
    fn reads_the_factors_of_several_products() {
        let mut builder = Builder::default();
        let a = builder.input(F32, &[5, 5]);
        let turned = transpose(&mut builder, a, &[1, 0]);
        for (first, second) in [(turned, turned), (a, turned)] {
            let product = builder.matmul(first, second);
            builder.output(product);
        }
        assert_eq!(ops(&builder, &[25]), ["matmul", "matmul"]);
    }

    #[test]
    fn reads_axes_that_are_one_in_memory() {
        let mut builder = Builder::default();
        let (a, b) = (builder.input(F32, &[3, 4, 5]), builder.input(F32, &[7, 2, 5]));
        let b = transpose(&mut builder, b, &[2, 0, 1]);
        let b = builder.op_with("reshape", &[b], json!({ "shape": [5, 14] }));
        let a = builder.op_with("reshape", &[a], json!({ "shape": [12, 5] }));
        let product = builder.matmul(a, b);
        builder.output(product);
        assert_eq!(ops(&builder, &[60, 70]), ["matmul"]);
    }

    #[test]
    fn makes_a_product_transposed_for_its_only_reader() {
        let product = |read: bool| {
            let mut builder = Builder::default();
            let (a, b) = (builder.input(F32, &[2, 4, 5]), builder.input(F32, &[2, 5, 3]));
            let product = builder.matmul(a, b);
            let turned = transpose(&mut builder, product, &[0, 2, 1]);
            builder.output(turned);
            if read {
                builder.output(product);
            }
            ops(&builder, &[40, 30])
        };
        assert_eq!(product(false), ["matmul+transpose"]);
        assert_eq!(product(true), ["matmul", "transpose"]);
    }

    #[test]
    fn leaves_transposes_for_others() {
        let mut builder = Builder::default();
        let (a, b) = (builder.input(F32, &[4, 5]), builder.input(F32, &[6, 5]));
        let b = transpose(&mut builder, b, &[1, 0]);
        let product = builder.matmul(a, b);
        builder.output(product);
        builder.output(b);
        assert_eq!(ops(&builder, &[20, 30]), ["transpose", "matmul"]);
        assert_eq!(builder.plan().info().instructions[1].inputs[1].shape(), [5, 6]);
    }

    #[test]
    fn leaves_transposes_across_matrices() {
        let mut builder = Builder::default();
        let (a, b) = (builder.input(F32, &[2, 3, 4]), builder.input(F32, &[2, 4, 3]));
        let a = transpose(&mut builder, a, &[2, 0, 1]);
        let a = builder.op_with("reshape", &[a], json!({ "shape": [2, 4, 3] }));
        let product = builder.op_with("matmul", &[a, b], json!({ "transposeA": true, "transposeB": false }));
        let turned = transpose(&mut builder, product, &[1, 2, 0]);
        builder.output(turned);
        assert_eq!(ops(&builder, &[24, 24]), ["transpose", "matmul", "transpose"]);
    }
}
