//! Random programs: every fusion, alone and together, leaves every bit as it is.

use serde_json::json;

use super::builder::{BOOL, Builder, F32, I32, Outcome, bytes, int_bytes, options_without, run};
use crate::fuse::fusions;
use crate::plan::CompileOptions;
use layerwise_kernels::{Dtype, Isa};

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    fn float(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 22) as f32 - 2.0
    }

    fn data(&mut self, dtype: Dtype, elements: usize) -> Vec<u8> {
        match dtype {
            Dtype::Float32 => bytes(&(0..elements).map(|_| self.float()).collect::<Vec<_>>()),
            Dtype::Int32 => int_bytes(&(0..elements).map(|_| self.below(5) as i32 - 1).collect::<Vec<_>>()),
            Dtype::Bool => (0..elements).map(|_| self.below(2) as u8).collect(),
            Dtype::Uint8 => (0..elements).map(|_| self.next() as u8).collect(),
        }
    }
}

const SHAPES: &[&[usize]] =
    &[&[], &[1], &[6], &[4, 6], &[24], &[6, 4], &[1, 6], &[4, 1], &[700, 6], &[2, 3, 4], &[0, 6]];

struct Sample {
    builder: Builder,
    inputs: Vec<Vec<u8>>,
    variables: Vec<Vec<u8>>,
}

fn sample(seed: u64, instructions: usize) -> Sample {
    let mut draws = Draws(seed);
    let mut builder = Builder::default();
    let (mut inputs, mut variables) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let (dtype, shape) = (draws.of(&[F32, F32, I32, BOOL]), draws.of(SHAPES));
        inputs.push(draws.data(dtype, shape.iter().product()));
        builder.input(dtype, shape);
    }
    let mut variable_ids = Vec::new();
    for _ in 0..4 {
        let (dtype, shape) = (draws.of(&[F32, F32, F32, I32]), draws.of(SHAPES));
        variables.push(draws.data(dtype, shape.iter().product()));
        variable_ids.push(builder.variable(dtype, shape));
    }
    builder.constant(&[], &[0.5]);
    builder.constant(&[6], &[1.0, -2.0, 0.25, 3.0, -0.5, 1.5]);
    let mut made = 0;
    while made < instructions {
        made += usize::from(add_instruction(&mut builder, &mut draws));
    }
    let count = builder.values.len();
    add_pooled_convolution(&mut builder);
    for _ in 0..draws.below(4) + 1 {
        let value = draws.below(count);
        builder.output(value);
    }
    for (index, &id) in variable_ids.iter().enumerate() {
        let fitting: Vec<usize> =
            (0..count).filter(|&value| builder.values[value] == builder.values[id]).collect();
        if draws.below(4) > 0 {
            let value = draws.of(&fitting);
            builder.update(index, value);
        }
    }
    Sample { builder, inputs, variables }
}

fn add_instruction(builder: &mut Builder, draws: &mut Draws) -> bool {
    let recent = |draws: &mut Draws, builder: &Builder| {
        let count = builder.values.len();
        if draws.below(3) == 0 { draws.below(count) } else { count - 1 - draws.below(count.min(8)) }
    };
    let x = recent(draws, builder);
    let like_x: Vec<usize> = (0..builder.values.len())
        .filter(|&value| builder.values[value].shape() == builder.values[x].shape())
        .collect();
    let (y, z) = (draws.of(&like_x), draws.of(&like_x));
    let rank = builder.values[x].rank();
    let unary = ["negative", "absolute", "sign", "exp", "sqrt", "tanh", "sigmoid", "relu"];
    let binary =
        ["add", "subtract", "multiply", "divide", "maximum", "minimum", "equal", "less", "lessEqual"];
    let added = match draws.below(26) {
        0..3 => builder.try_op(draws.of(&unary), &[x], json!({})),
        3..8 => builder.try_op(draws.of(&binary), &[x, y], json!({})),
        8 => builder.try_op("where", &[x, y, z], json!({})),
        9 => {
            builder.try_op("cast", &[x], json!({ "dtype": draws.of(&["float32", "int32", "bool", "uint8"]) }))
        }
        10 => builder.try_op("reshape", &[x], json!({ "shape": draws.of(SHAPES) })),
        11 | 12 => builder.try_op("broadcastTo", &[x], json!({ "shape": draws.of(SHAPES) })),
        13 => {
            let mut axes: Vec<usize> = (0..rank).collect();
            axes.reverse();
            builder.try_op("transpose", &[x], json!({ "axes": axes }))
        }
        14 => {
            let axes: Vec<usize> = (0..rank).filter(|_| draws.below(2) == 0).collect();
            builder.try_op(draws.of(&["sum", "max"]), &[x], json!({ "axes": axes }))
        }
        15 => {
            let y = recent(draws, builder);
            builder.try_op("take", &[x, y], json!({}))
        }
        16 => return add_crossentropy(builder, draws, x),
        17 if rank > 0 => builder.try_op("concatenate", &[x, y, x], json!({ "axis": draws.below(rank) })),
        18 => builder.try_op("flip", &[x], json!({ "axes": (0..rank).collect::<Vec<_>>() })),
        19 => builder.try_op("sliceUpdate", &[x, y], json!({ "start": vec![0; rank] })),
        20 => {
            let (shape, zeros, ones) = (builder.values[x].shape().to_vec(), vec![0; rank], vec![1; rank]);
            let half: Vec<usize> = shape.iter().map(|extent| extent / 2).collect();
            builder.try_op("slice", &[x], json!({ "start": half, "shape": half, "strides": ones })).or_else(
                |_| builder.try_op("slice", &[x], json!({ "start": zeros, "shape": shape, "strides": ones })),
            )
        }
        21 => return add_pooling(builder, draws, x),
        _ => return add_product(builder, draws, x),
    };
    added.is_ok()
}

/// A product of x with whatever fits, most often with a bias and an activation.
fn add_product(builder: &mut Builder, draws: &mut Draws, x: usize) -> bool {
    let (a, b) = (draws.below(2) == 0, draws.below(2) == 0);
    let attributes = json!({ "transposeA": a, "transposeB": b });
    let count = builder.values.len();
    let start = draws.below(count);
    let candidates = (0..count).map(|offset| (start + offset) % count);
    let mut products = candidates.filter_map(|y| builder.try_op("matmul", &[x, y], attributes.clone()).ok());
    let Some(product) = products.next() else { return false };
    let shape = builder.values[product].shape().to_vec();
    let biases =
        (0..count).filter(|&value| builder.values[value].dtype() == F32 && builder.values[value].rank() < 2);
    let biases: Vec<usize> = biases.collect();
    let bias = builder.try_op("broadcastTo", &[draws.of(&biases)], json!({ "shape": shape }));
    if let Ok(bias) = bias {
        let sum = builder.op("add", &[product, bias]);
        builder.op(draws.of(&["relu", "tanh", "negative"]), &[sum]);
    }
    true
}

/// The gradient of max pooling what relu makes of the elements of x, and that of the relu.
fn add_pooling(builder: &mut Builder, draws: &mut Draws, x: usize) -> bool {
    let elements = builder.values[x].elements();
    if builder.values[x].dtype() != F32 || elements < 2 {
        return false;
    }
    let strides = 1 + draws.below(3);
    let outputs = (elements - 2) / strides + 1;
    let line = builder.op_with("reshape", &[x], json!({ "shape": [1, elements, 1] }));
    let taken = json!({ "start": [0, 0, 0], "shape": [1, outputs, 1], "strides": [1, 1, 1] });
    let gradient = builder.op_with("slice", &[line], taken);
    let line = builder.op("relu", &[line]);
    let pooling = json!({ "window": [2], "strides": [strides], "low": [0], "high": [0] });
    let gradient = builder.op_with("maxPoolGradient", &[line, gradient], pooling);
    let zero = builder.constant(&[], &[0.0]);
    let zero = builder.broadcast(zero, &[1, elements, 1]);
    let mask = builder.op("less", &[zero, line]);
    builder.op("where", &[mask, gradient, zero]);
    true
}

/// Max pooling of a convolution of the elements of the last numbers, and its gradient.
fn add_pooled_convolution(builder: &mut Builder) {
    let small = 5..1000;
    let fits = |value: &usize| {
        builder.values[*value].dtype() == F32 && small.contains(&builder.values[*value].elements())
    };
    let Some(x) = (0..builder.values.len()).rev().find(fits) else { return };
    let elements = builder.values[x].elements();
    let lines = builder.op_with("reshape", &[x], json!({ "shape": [1, elements, 1, 1] }));
    let kernel = builder.constant(&[2, 1, 1, 3], &[0.5, -1.0, 2.0, 1.5, 0.25, -0.75]);
    let attributes = json!({
        "strides": [1, 1], "dilations": [1, 1], "low": [0, 0], "high": [0, 0], "groups": 1,
    });
    let convolution = builder.op_with("convolution", &[lines, kernel], attributes);
    let relu = builder.op("relu", &[convolution]);
    let windows = json!({ "window": [2, 1], "strides": [2, 1], "low": [0, 0], "high": [0, 0] });
    let pooled = builder.op_with("maxPool", &[relu], windows.clone());
    let gradient = builder.op_with("maxPoolGradient", &[relu, pooled], windows);
    builder.output(pooled);
    builder.output(gradient);
}

/// A cross-entropy and its gradient for a factor of whatever shape fits.
fn add_crossentropy(builder: &mut Builder, draws: &mut Draws, x: usize) -> bool {
    let [rows, columns] = *builder.values[x].shape() else { return false };
    let like = |dtype: Dtype, shape: &[usize], builder: &Builder| -> Vec<usize> {
        let values = builder.values.iter().enumerate();
        let fitting = values.filter(|(_, value)| value.dtype() == dtype && value.shape() == shape);
        fitting.map(|(id, _)| id).collect()
    };
    if builder.values[x].dtype() != F32 || rows * columns == 0 {
        return false;
    }
    let counted: Vec<i32> = (0..rows as i32).map(|row| row % (columns as i32 + 1)).collect();
    let labels = builder.int_constant(&[rows], &counted);
    let losses = builder.op("sparseSoftmaxCrossentropy", &[x, labels]);
    let factors = [like(F32, &[rows], builder), like(F32, &[], builder)].concat();
    let factor = draws.of(&factors);
    let factor = builder.broadcast(factor, &[rows]);
    let probabilities = builder.op("softmax", &[x]);
    let classes: Vec<i32> = (0..columns as i32).collect();
    let classes = builder.int_constant(&[columns], &classes);
    let classes = builder.broadcast(classes, &[rows, columns]);
    let labels = builder.op_with("reshape", &[labels], json!({ "shape": [rows, 1] }));
    let labels = builder.broadcast(labels, &[rows, columns]);
    let hot = builder.op("equal", &[labels, classes]);
    let hot = builder.op_with("cast", &[hot], json!({ "dtype": "float32" }));
    let difference = builder.op("subtract", &[probabilities, hot]);
    let factor = builder.op_with("reshape", &[factor], json!({ "shape": [rows, 1] }));
    let factor = builder.broadcast(factor, &[rows, columns]);
    let gradient = builder.op("multiply", &[difference, factor]);
    builder.output(losses);
    builder.output(gradient);
    true
}

/// NaNs of one kind: which of two NaNs an addition hands on is up to the compiler.
fn canonical(outcome: Outcome) -> Outcome {
    let canonical = |bytes: Vec<u8>| {
        let (words, rest) = bytes.as_chunks::<4>();
        let words = words.iter().map(|&word| {
            let value = f32::from_le_bytes(word);
            if value.is_nan() { f32::NAN.to_le_bytes() } else { word }
        });
        words.flatten().chain(rest.iter().copied()).collect()
    };
    Outcome {
        outputs: outcome.outputs.into_iter().map(canonical).collect(),
        variables: outcome.variables.into_iter().map(canonical).collect(),
    }
}

fn run_sample(sample: &Sample, options: &CompileOptions) -> Result<Outcome, crate::Error> {
    let plan = sample.builder.compile(options).unwrap();
    run(plan, &sample.inputs, &sample.variables, 3).map(canonical)
}

#[test]
fn fusions_keep_every_bit() {
    let all = fusions();
    let mut fused = vec![0; all.len()];
    for seed in 0..120 {
        let sample = sample(seed, 5 + seed as usize % 40);
        let isa = Draws(seed).of(&Isa::available());
        let options = |disabled: &[&str]| CompileOptions { isa, ..options_without(disabled) };
        let plain = run_sample(&sample, &options(&all));
        let plan = sample.builder.compile(&options(&[])).unwrap();
        for (total, fusion) in fused.iter_mut().zip(&plan.info().fusions) {
            *total += fusion.count;
        }
        assert!(plain == run_sample(&sample, &options(&[])), "seed {seed} on {isa:?}");
        for off in &all {
            assert!(plain == run_sample(&sample, &options(&[off])), "seed {seed} on {isa:?} without {off}");
            let alone: Vec<&str> = all.iter().copied().filter(|name| name != off).collect();
            assert!(
                plain == run_sample(&sample, &options(&alone)),
                "seed {seed} on {isa:?} with {off} alone"
            );
        }
    }
    let mut counts = all.iter().zip(&fused);
    // These programs are too small for this pass, which has programs of its own.
    let works = |(name, &count): (&&str, &usize)| count > 0 || *name == "reduceEpilogue";
    assert!(counts.all(works), "every pass had work: {fused:?}");
}

/// Elementwise work on large tensors and products of them, of which sums and maxima are taken.
fn large_sample(seed: u64) -> Sample {
    const SHAPE: [usize; 2] = [4096, 64];
    let mut draws = Draws(seed);
    let mut builder = Builder::default();
    let shapes: [&[usize]; 4] = [&SHAPE, &SHAPE, &[64, 64], &[64]];
    let inputs = shapes.map(|shape| draws.data(F32, shape.iter().product())).to_vec();
    let mut large: Vec<usize> = shapes.map(|shape| builder.input(F32, shape)).to_vec();
    let (row, weights) = (large.pop().unwrap(), large.pop().unwrap());
    large.push(builder.variable(F32, &SHAPE));
    for _ in 0..4 {
        let (x, y) = (draws.of(&large), draws.of(&large));
        let made = match draws.below(4) {
            0 => builder.op(draws.of(&["tanh", "relu", "negative"]), &[x]),
            1 => builder.op(draws.of(&["add", "subtract", "multiply"]), &[x, y]),
            2 => {
                let row = builder.broadcast(row, &SHAPE);
                builder.op("subtract", &[x, row])
            }
            _ => builder.matmul(x, weights),
        };
        large.push(made);
        for _ in 0..draws.below(3) {
            let other = draws.of(&large);
            let value = if draws.below(2) == 0 { made } else { builder.op("multiply", &[made, other]) };
            let axes = draws.of(&[&[0][..], &[0], &[0, 1], &[1]]);
            let result = builder.op_with(draws.of(&["sum", "max"]), &[value], json!({ "axes": axes }));
            builder.output(result);
        }
    }
    builder.output(draws.of(&large));
    builder.update(0, draws.of(&large));
    let variables = vec![draws.data(F32, SHAPE.iter().product())];
    Sample { builder, inputs, variables }
}

#[test]
fn reductions_of_what_was_just_written_keep_every_bit() {
    let all = fusions();
    let alone: Vec<&str> = all.iter().copied().filter(|&name| name != "reduceEpilogue").collect();
    let mut joined = 0;
    for seed in 0..12 {
        let sample = large_sample(seed);
        let isa = Draws(seed).of(&Isa::available());
        let options = |disabled: &[&str]| CompileOptions { isa, ..options_without(disabled) };
        let plan = sample.builder.compile(&options(&[])).unwrap();
        let fusion = plan.info().fusions.iter().find(|fusion| fusion.name == "reduceEpilogue").unwrap();
        joined += fusion.count;
        let plain = run_sample(&sample, &options(&all));
        for disabled in [&[][..], &["reduceEpilogue"], &alone] {
            assert!(plain == run_sample(&sample, &options(disabled)), "seed {seed} on {isa:?}");
        }
    }
    assert!(joined > 6, "{joined} reductions had what they reduce written by another instruction");
}
