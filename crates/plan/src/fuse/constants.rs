//! What follows from constants alone is computed when the program is compiled.

use layerwise_kernels::{Buffer, Cost, FlushDenormals, Kernel, Operands};

use crate::graph::{Graph, Node, Source, Work};
use crate::memory::AlignedBytes;

/// The largest result that is kept with the plan.
const MOST_BYTES: usize = 4096;
/// Floating-point operations and bytes that all results together may cost.
const MOST_WORK: u64 = 1 << 24;

pub fn apply(graph: &mut Graph) -> usize {
    let kept = graph.kept();
    let before = graph.nodes.len();
    let mut work = 0;
    for node in std::mem::take(&mut graph.nodes) {
        let folds = is_small(&node, graph) && !node.outputs.iter().any(|&value| kept[value]);
        if !folds || !evaluate(&node, graph, &mut work) {
            graph.nodes.push(node);
        }
    }
    before - graph.nodes.len()
}

/// Whether a node makes little of constants. What repeats them is no gain: its readers find them where they are.
fn is_small(node: &Node, graph: &Graph) -> bool {
    let repeats = node.elementwise().is_some_and(|work| work.as_broadcast().is_some());
    let constant = |&value: &usize| matches!(graph.values[value].source, Source::Constant(_));
    let bytes: usize = node.outputs.iter().map(|&value| graph.values[value].tensor.bytes()).sum();
    !node.fallible && !repeats && node.inputs.iter().all(constant) && bytes <= MOST_BYTES
}

/// Makes constants of a node's outputs, unless that is too much work.
fn evaluate(node: &Node, graph: &mut Graph, work: &mut u64) -> bool {
    let built = node.work.build(graph.isa);
    let kernel = match (&node.work, &built) {
        (Work::Kernel(kernel), _) | (_, Some(kernel)) => &**kernel,
        (_, None) => return false,
    };
    let Cost { flops, bytes } = kernel.cost();
    *work = work.saturating_add(flops).saturating_add(bytes);
    if *work > MOST_WORK {
        return false;
    }
    let inputs: Option<Vec<AlignedBytes>> = node.inputs.iter().map(|&value| constant(graph, value)).collect();
    let outputs = node.outputs.iter().map(|&value| AlignedBytes::new(graph.values[value].tensor.bytes()));
    let outputs: Option<Vec<AlignedBytes>> = outputs.collect();
    let (Some(inputs), Some(outputs)) = (inputs, outputs) else { return false };
    if run(kernel, &inputs, &outputs).is_none() {
        return false;
    }
    for (&value, output) in node.outputs.iter().zip(&outputs) {
        let start = graph.constants.len().next_multiple_of(size_of::<u32>());
        graph.constants.resize(start, 0);
        // SAFETY: bytes, which nobody writes any more.
        graph.constants.extend_from_slice(unsafe { output.buffer().slice() });
        graph.values[value].source = Source::Constant(start..graph.constants.len());
    }
    true
}

/// A copy of a constant that is aligned to its elements.
fn constant(graph: &Graph, value: usize) -> Option<AlignedBytes> {
    let Source::Constant(range) = &graph.values[value].source else { return None };
    AlignedBytes::copy_of(&graph.constants[range.clone()])
}

/// Runs a kernel as a step does; none where it finds something wrong, which the step may then find.
fn run(kernel: &dyn Kernel, inputs: &[AlignedBytes], outputs: &[AlignedBytes]) -> Option<()> {
    let _flush = FlushDenormals::new();
    let scratch = kernel.scratch();
    let shared = AlignedBytes::new(scratch.shared.checked_mul(size_of::<f32>())?)?;
    let private = AlignedBytes::new(scratch.private.checked_mul(size_of::<f32>())?)?;
    let buffers = |memory: &[AlignedBytes]| memory.iter().map(AlignedBytes::buffer).collect::<Vec<Buffer>>();
    let (inputs, outputs) = (buffers(inputs), buffers(outputs));
    let operands = Operands { inputs: &inputs, outputs: &outputs, shared: shared.buffer(), ahead: &[] };
    // SAFETY: the scratch memory is new, and this thread alone uses it.
    let private = unsafe { private.buffer().slice_mut::<f32>(0..scratch.private) };
    for (phase, &chunks) in (0..).zip(kernel.phases()) {
        (0..chunks).try_for_each(|chunk| kernel.run(phase, chunk, &operands, private)).ok()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::tests::builder::{Builder, F32, bytes, floats, run};

    #[test]
    fn computes_what_is_constant() {
        let mut builder = Builder::default();
        let x = builder.input(F32, &[2]);
        let (a, b) =
            (builder.constant(&[2, 2], &[1.0, 2.0, 3.0, 4.0]), builder.constant(&[2, 1], &[0.5, -1.0]));
        let product = builder.matmul(a, b);
        let turned = builder.op_with("transpose", &[product], serde_json::json!({ "axes": [1, 0] }));
        let exp = builder.op("negative", &[turned]);
        let flat = builder.op_with("reshape", &[exp], serde_json::json!({ "shape": [2] }));
        let sum = builder.op("add", &[x, flat]);
        builder.output(sum);
        let plan = builder.plan();
        assert_eq!(plan.info().instructions.len(), 1);
        assert_eq!(plan.info().fusions.iter().find(|fusion| fusion.name == "constants").unwrap().count, 2);
        let outcome = run(plan, &[bytes(&[0.25, 0.5])], &[], 1).unwrap();
        assert_eq!(floats(&outcome.outputs[0]), [1.75, 3.0]);
    }

    #[test]
    fn flushes_denormals_as_a_step_does() {
        let mut builder = Builder::default();
        let x = builder.input(F32, &[1]);
        let small = builder.constant(&[1], &[f32::MIN_POSITIVE]);
        let half = builder.constant(&[1], &[0.5]);
        let product = builder.op("multiply", &[small, half]);
        let big = builder.constant(&[1], &[1e38]);
        let product = builder.op("multiply", &[product, big]);
        let sum = builder.op("add", &[x, product]);
        builder.output(sum);
        for disabled in [&[][..], &["constants"]] {
            let outcome = run(builder.plan_without(disabled), &[bytes(&[0.0])], &[], 1).unwrap();
            assert_eq!(floats(&outcome.outputs[0]), [0.0]);
        }
    }

    #[test]
    fn leaves_what_is_large_or_handed_on_or_may_fail() {
        let mut builder = Builder::default();
        let scalar = builder.constant(&[], &[2.0]);
        let large = builder.broadcast(scalar, &[100, 100]);
        let exp = builder.op("exp", &[large]);
        builder.output(exp);
        let root = builder.op("sqrt", &[scalar]);
        builder.output(root);
        let data = builder.constant(&[2], &[1.0, 2.0]);
        let index = builder.op_with("cast", &[scalar], serde_json::json!({ "dtype": "int32" }));
        let taken = builder.op("take", &[data, index]);
        builder.output(taken);
        assert_eq!(builder.plan().info().instructions.len(), 3);
        assert!(run(builder.plan(), &[], &[], 1).is_err(), "the index is out of range in the step");
    }
}
