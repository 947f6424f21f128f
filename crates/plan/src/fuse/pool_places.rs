//! A convolution pools its outputs while they are near, if nobody else reads them. For the gradient of the pooling it writes a byte for each
//! window: where its greatest element was.

use layerwise_kernels::{Dtype, MaxPool};

use crate::graph::{Graph, Node, Source, Value, Work};
use crate::tensor::TensorType;

pub fn apply(graph: &mut Graph) -> usize {
    let (producers, kept) = (graph.producers(), graph.kept());
    let readers = graph.readers();
    let mut nodes: Vec<Option<Node>> = std::mem::take(&mut graph.nodes).into_iter().map(Some).collect();
    let mut count = 0;
    for pooling in 0..nodes.len() {
        let Some((values, node)) = pool(&nodes[pooling]).filter(|(pool, _)| pool.is_of_values()) else {
            continue;
        };
        let pooled = node.inputs[0];
        let Some(convolution) = producers[pooled].filter(|_| !kept[pooled]) else { continue };
        let gradient = match readers[pooled][..] {
            [_] => None,
            [first, second] => Some(if first == pooling { second } else { first }),
            _ => continue,
        };
        // The pooling, and the gradient from its places.
        let (joined, from_places) = match gradient {
            None => (values.clone(), None),
            Some(reader) => {
                let Some((gradient, node)) = pool(&nodes[reader]) else { continue };
                let Some([joined, from_places]) = values.with_places(gradient) else { continue };
                if node.inputs[0] != pooled {
                    continue;
                }
                (joined, Some((reader, from_places)))
            }
        };
        let takes =
            |node: &&Node| matches!(&node.work, Work::Product(product) if product.takes_pool(&joined));
        if nodes[convolution].as_ref().filter(takes).is_none() {
            continue;
        }
        let Node { ops, mut outputs, .. } = nodes[pooling].take().expect("the pooling is there");
        if let Some((reader, from_places)) = from_places {
            let places = graph.values.len();
            let shape = graph.values[outputs[0]].tensor.shape().to_vec();
            let tensor = TensorType::new(Dtype::Uint8, shape).expect("bytes take less room than numbers");
            graph.values.push(Value { tensor, source: Source::Node, home: None });
            outputs.push(places);
            let reader = nodes[reader].as_mut().expect("the gradient is there");
            (reader.work, reader.inputs[0]) = (Work::MaxPool(from_places), places);
        }
        let node = nodes[convolution].as_mut().expect("the convolution is there");
        node.ops.extend(ops);
        node.outputs = outputs;
        if let Work::Product(product) = &mut node.work {
            product.pool = Some(Box::new(joined));
        }
        count += 1;
    }
    graph.nodes = nodes.into_iter().flatten().collect();
    count
}

/// The max pooling of a node.
fn pool(node: &Option<Node>) -> Option<(&MaxPool, &Node)> {
    let node = node.as_ref()?;
    match &node.work {
        Work::MaxPool(pool) => Some((pool, node)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tests::builder::{Builder, F32, bytes, run};

    /// What reads the outputs of a convolution besides a pooling.
    #[derive(Clone, Copy, PartialEq)]
    enum Reader {
        Nobody,
        Gradient,
        ReluGradient,
        Another,
    }

    /// A convolution with a bias and a relu, pooled by windows of so many lines.
    fn pooled(lines: usize, reader: Reader) -> Builder {
        let mut builder = Builder::default();
        let (x, kernel) = (builder.input(F32, &[2, 9, 8, 3]), builder.input(F32, &[3, 3, 3, 5]));
        let attributes = json!({
            "strides": [1, 1], "dilations": [1, 1], "low": [0, 1], "high": [0, 1], "groups": 1,
        });
        let convolution = builder.op_with("convolution", &[x, kernel], attributes);
        let bias = builder.input(F32, &[5]);
        let bias = builder.broadcast(bias, &[2, 7, 8, 5]);
        let biased = builder.op("add", &[convolution, bias]);
        let relu = builder.op("relu", &[biased]);
        let attributes =
            json!({ "window": [lines, 2], "strides": [lines, 2], "low": [0, 0], "high": [0, 0] });
        let pool = builder.op_with("maxPool", &[relu], attributes.clone());
        builder.output(pool);
        if matches!(reader, Reader::Gradient | Reader::ReluGradient) {
            let gradient = builder.op("exp", &[pool]);
            let mut gradient = builder.op_with("maxPoolGradient", &[relu, gradient], attributes);
            if reader == Reader::ReluGradient {
                let zero = builder.constant(&[], &[0.0]);
                let zeros = builder.broadcast(zero, &[2, 7, 8, 5]);
                let positive = builder.op("less", &[zeros, relu]);
                gradient = builder.op("where", &[positive, gradient, zeros]);
            }
            builder.output(gradient);
        }
        if reader == Reader::Another {
            builder.output(relu);
        }
        builder
    }

    fn instructions(builder: &Builder) -> Vec<String> {
        let info = builder.plan().info().instructions.clone();
        info.iter().map(|instruction| instruction.ops.join("+")).collect()
    }

    #[test]
    fn pools_with_the_same_bits() {
        for reader in [Reader::Nobody, Reader::Gradient, Reader::ReluGradient] {
            let builder = pooled(2, reader);
            assert_eq!(instructions(&builder)[0], "convolution+add+relu+maxPool");
            let count = |disabled| builder.plan_without(disabled).info().instructions.len();
            assert_eq!(count(&["poolPlaces"]), count(&[]) + 1);
            let numbers = |count: usize| -> Vec<f32> {
                (0..count).map(|index| ((index * 7919) % 101) as f32 / 50.0 - 1.0).collect()
            };
            let inputs = [2 * 9 * 8 * 3, 9 * 3 * 5, 5].map(|count| bytes(&numbers(count)));
            let outputs = |disabled| run(builder.plan_without(disabled), &inputs, &[], 1).unwrap().outputs;
            assert_eq!(outputs(&[]), outputs(&["poolPlaces"]));
        }
    }

    #[test]
    fn leaves_other_windows_and_outputs_that_others_read() {
        assert_eq!(instructions(&pooled(3, Reader::Gradient))[..2], ["convolution+add+relu", "maxPool"]);
        assert_eq!(instructions(&pooled(2, Reader::Another))[..2], ["convolution+add+relu", "maxPool"]);
    }
}
