//! A product reads transposed matrices where they are, and makes its own transposed where nothing else reads them.

use layerwise_kernels::{MatmulShape, is_symmetric};

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
        let Work::Product(work) = &graph.nodes[product].work else { continue };
        let Factors::Matmul(shape, precision) = work.factors else { continue };
        let value = graph.nodes[product].outputs[0];
        let [reader] = readers[value][..] else { continue };
        let Work::Transpose(transpose) = graph.nodes[reader].work else { continue };
        let is_whole = [transpose.matrices, transpose.rows] == [shape.batch, shape.m];
        if kept[value] || !is_whole || !is_symmetric(graph.isa, precision, &shape) {
            continue;
        }
        let mut work = work.clone();
        work.factors = Factors::Matmul(shape.transposed(), precision);
        let (ops, inputs) = (graph.nodes[product].ops.clone(), graph.nodes[product].inputs.clone());
        let node = &mut graph.nodes[reader];
        node.ops.splice(0..0, ops);
        (node.work, node.inputs) = (Work::Product(work), inputs.into_iter().rev().collect());
    }
}

/// Lets products read what transposes of their factors read.
fn read_in_place(graph: &mut Graph) {
    let mut transposes: Vec<Option<(Transpose, ValueId)>> = vec![None; graph.values.len()];
    for node in &graph.nodes {
        if let Work::Transpose(transpose) = node.work {
            transposes[node.outputs[0]] = Some((transpose, node.inputs[0]));
        }
    }
    for Node { work, inputs, .. } in &mut graph.nodes {
        let Work::Product(Product { factors: Factors::Matmul(shape, _), .. }) = work else { continue };
        let MatmulShape { batch, m, n, k, .. } = *shape;
        let sides = [(&mut shape.transpose_a, [m, k]), (&mut shape.transpose_b, [k, n])];
        for (input, (transposed, [rows, columns])) in inputs.iter_mut().zip(sides) {
            while let Some((transpose, source)) = transposes[*input] {
                let [rows, columns] = if *transposed { [columns, rows] } else { [rows, columns] };
                if [transpose.matrices, transpose.columns, transpose.rows] != [batch, rows, columns] {
                    break;
                }
                (*input, *transposed) = (source, !*transposed);
            }
        }
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
