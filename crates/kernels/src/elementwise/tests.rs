use super::*;
use crate::testing::{Memory, run_kernel};
use crate::{Binary, BinaryI32, Compare, CompareI32, FlushDenormals, Unary, UnaryI32};

/// A small linear congruential generator.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// Values of any type, as lanes.
#[derive(Clone, Debug)]
enum Values {
    Words(Vec<u32>),
    Bytes(Vec<u8>),
}

impl Values {
    fn empty(dtype: Dtype, elements: usize) -> Values {
        if dtype.bytes() == 4 { Values::Words(vec![0; elements]) } else { Values::Bytes(vec![0; elements]) }
    }

    fn random(random: &mut Random, dtype: Dtype, elements: usize) -> Values {
        let mut word = || match dtype {
            Dtype::Float32 => (random.below(4001) as f32 / 500.0 - 4.0).to_bits(),
            Dtype::Int32 => (random.below(1 << 31) as u32).wrapping_sub(1 << 30),
            Dtype::Bool => random.below(2) as u32,
            Dtype::Uint8 => random.below(256) as u32,
        };
        let words: Vec<u32> = (0..elements).map(|_| word()).collect();
        match dtype.bytes() {
            4 => Values::Words(words),
            _ => Values::Bytes(words.into_iter().map(|word| word as u8).collect()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Values::Words(words) => words.len(),
            Values::Bytes(bytes) => bytes.len(),
        }
    }

    /// The elements at `indices`.
    fn gather(&self, indices: impl Iterator<Item = usize>) -> Values {
        match self {
            Values::Words(words) => Values::Words(indices.map(|index| words[index]).collect()),
            Values::Bytes(bytes) => Values::Bytes(indices.map(|index| bytes[index]).collect()),
        }
    }

    fn memory(&self) -> &dyn Memory {
        match self {
            Values::Words(words) => words,
            Values::Bytes(bytes) => bytes,
        }
    }

    fn memory_mut(&mut self) -> &mut dyn Memory {
        match self {
            Values::Words(words) => words,
            Values::Bytes(bytes) => bytes,
        }
    }
}

fn assert_same(a: &Values, b: &Values, case: &str) {
    assert!(a.memory().bytes() == b.memory().bytes(), "{case}");
}

fn full(elements: usize, inputs: usize) -> Segment {
    Segment { rows: 1, columns: elements, access: vec![Access::Full; inputs] }
}

/// Runs one operation alone on operands that are read in full.
fn run_alone(isa: Isa, op: LaneOp, operands: &[(Dtype, &Values)], result: Dtype) -> Values {
    let elements = operands[0].1.len();
    let tape = vec![TapeOp { op, operands: (0..operands.len()).map(Source::Input).collect(), register: 0 }];
    let dtypes = operands.iter().map(|(dtype, _)| *dtype).collect();
    let kernel = Elementwise::new(isa, tape, dtypes, vec![(result, 0)], vec![full(elements, operands.len())]);
    let mut output = Values::empty(result, elements);
    let inputs: Vec<&dyn Memory> = operands.iter().map(|(_, values)| values.memory()).collect();
    run_kernel(&kernel, &inputs, &mut [output.memory_mut()]).unwrap();
    output
}

/// Runs the operations of a tape one at a time: the values of each register at the end.
fn run_op_by_op(isa: Isa, tape: &[TapeOp], inputs: &[(Dtype, &Values)]) -> Vec<Values> {
    let mut registers: Vec<(Dtype, Values)> = Vec::new();
    for op in tape {
        let operand = |source: &Source| match *source {
            Source::Input(k) => inputs[k],
            Source::Register(r) => (registers[r].0, &registers[r].1),
        };
        let operands: Vec<(Dtype, &Values)> = op.operands.iter().map(operand).collect();
        let dtypes: Vec<Dtype> = operands.iter().map(|(dtype, _)| *dtype).collect();
        let dtype = op.op.result(&dtypes);
        let result = (dtype, run_alone(isa, op.op, &operands, dtype));
        if op.register < registers.len() {
            registers[op.register] = result;
        } else {
            registers.push(result);
        }
    }
    registers.into_iter().map(|(_, values)| values).collect()
}

/// The input as the elements of the segment read it.
fn expand(values: &Values, segment: &Segment, access: Access) -> Values {
    let columns = segment.columns;
    values.gather((0..segment.elements()).map(|element| match access {
        Access::Full => element,
        Access::Scalar => 0,
        Access::Row => element % columns,
        Access::Column => element / columns,
    }))
}

const DTYPES: [Dtype; 4] = [Dtype::Float32, Dtype::Int32, Dtype::Bool, Dtype::Uint8];

/// A random operation on what is there, and the type of its result.
fn random_op(random: &mut Random, sources: &[(Source, Dtype)]) -> (LaneOp, Vec<Source>, Dtype) {
    use Dtype::{Bool, Float32, Int32};
    loop {
        let of = |random: &mut Random, dtype: Dtype| {
            let fitting: Vec<Source> =
                sources.iter().filter(|(_, other)| *other == dtype).map(|(source, _)| *source).collect();
            (!fitting.is_empty()).then(|| random.pick(&fitting))
        };
        let (op, operands, result) = match random.below(9) {
            0 => (LaneOp::Unary(random.pick(Unary::ALL)), vec![Float32], Float32),
            1 => (LaneOp::UnaryI32(random.pick(UnaryI32::ALL)), vec![Int32], Int32),
            2 | 3 => (LaneOp::Binary(random.pick(Binary::ALL)), vec![Float32; 2], Float32),
            4 => (LaneOp::BinaryI32(random.pick(BinaryI32::ALL)), vec![Int32; 2], Int32),
            5 => (LaneOp::Compare(random.pick(Compare::ALL)), vec![Float32; 2], Bool),
            6 => (LaneOp::CompareI32(random.pick(CompareI32::ALL)), vec![Int32; 2], Bool),
            7 => {
                let dtype = random.pick(&DTYPES);
                (LaneOp::Select, vec![Bool, dtype, dtype], dtype)
            }
            _ => {
                let (from, to) = (random.pick(&DTYPES), random.pick(&DTYPES));
                (LaneOp::Cast { from, to }, vec![from], to)
            }
        };
        let operands: Option<Vec<Source>> = operands.into_iter().map(|dtype| of(random, dtype)).collect();
        if let Some(operands) = operands {
            return (op, operands, result);
        }
    }
}

#[test]
fn a_tape_has_the_bits_of_its_operations_run_alone() {
    let _flush = FlushDenormals::new();
    let extents = [0, 1, 2, 3, 10, 15, 16, 17, 32, 64, 300, 511, 512, 513, 1500];
    for seed in 0..60 {
        let random = &mut Random(seed);
        let inputs: Vec<Dtype> = (0..2 + random.below(5)).map(|_| random.pick(&DTYPES)).collect();
        let mut sources: Vec<(Source, Dtype)> =
            inputs.iter().enumerate().map(|(k, dtype)| (Source::Input(k), *dtype)).collect();
        let mut tape = Vec::new();
        let mut results = Vec::new();
        for register in 0..1 + random.below(12) {
            let (op, operands, result) = random_op(random, &sources);
            tape.push(TapeOp { op, operands, register });
            sources.push((Source::Register(register), result));
            results.push(result);
        }
        let outputs: Vec<(Dtype, usize)> = (0..1 + random.below(3))
            .map(|_| random.below(tape.len()))
            .map(|register| (results[register], register))
            .collect();
        let segments: Vec<Segment> = (0..1 + random.below(3))
            .map(|_| Segment {
                rows: random.pick(&[0, 1, 2, 7, 33, 100]),
                columns: random.pick(&extents),
                access: inputs
                    .iter()
                    .map(|_| random.pick(&[Access::Full, Access::Scalar, Access::Row, Access::Column]))
                    .collect(),
            })
            .collect();
        let values: Vec<Vec<Values>> = segments
            .iter()
            .map(|segment| {
                let reads = segment.access.iter().zip(&inputs);
                reads
                    .map(|(access, dtype)| Values::random(random, *dtype, segment.input_elements(*access)))
                    .collect()
            })
            .collect();
        for isa in Isa::available() {
            let kernel =
                Elementwise::new(isa, tape.clone(), inputs.clone(), outputs.clone(), segments.clone());
            let mut fused: Vec<Values> = segments
                .iter()
                .flat_map(|segment| {
                    outputs.iter().map(|(dtype, _)| Values::empty(*dtype, segment.elements()))
                })
                .collect();
            let operands: Vec<&dyn Memory> = values.iter().flatten().map(Values::memory).collect();
            let mut targets: Vec<&mut dyn Memory> = fused.iter_mut().map(Values::memory_mut).collect();
            run_kernel(&kernel, &operands, &mut targets).unwrap();

            for (s, segment) in segments.iter().enumerate() {
                let expanded: Vec<Values> = values[s]
                    .iter()
                    .zip(&segment.access)
                    .map(|(values, access)| expand(values, segment, *access))
                    .collect();
                let operands: Vec<(Dtype, &Values)> = inputs.iter().copied().zip(&expanded).collect();
                let registers = run_op_by_op(isa, &tape, &operands);
                for (k, (_, register)) in outputs.iter().enumerate() {
                    let case = format!("seed {seed}, {}, segment {s}, output {k}", isa.name());
                    assert_same(&fused[s * outputs.len() + k], &registers[*register], &case);
                }
            }
        }
    }
}

/// Adam's update of a parameter w with moments m and v: the tape, with inputs w m v g and the scalars of the formula.
fn adam() -> (Vec<TapeOp>, Vec<Dtype>, Vec<(Dtype, usize)>) {
    use Source::{Input, Register};
    let binary = |op, a, b, register| TapeOp { op: LaneOp::Binary(op), operands: vec![a, b], register };
    let (w, m, v, g) = (Input(0), Input(1), Input(2), Input(3));
    let (one_minus_beta1, one_minus_beta2, rate, epsilon) = (Input(4), Input(5), Input(6), Input(7));
    let tape = vec![
        binary(Binary::Subtract, g, m, 0),
        binary(Binary::Multiply, Register(0), one_minus_beta1, 0),
        binary(Binary::Add, m, Register(0), 1),
        binary(Binary::Multiply, g, g, 0),
        binary(Binary::Subtract, Register(0), v, 0),
        binary(Binary::Multiply, Register(0), one_minus_beta2, 0),
        binary(Binary::Add, v, Register(0), 2),
        TapeOp { op: LaneOp::Unary(Unary::Sqrt), operands: vec![Register(2)], register: 3 },
        binary(Binary::Add, Register(3), epsilon, 3),
        binary(Binary::Multiply, Register(1), rate, 4),
        binary(Binary::Divide, Register(4), Register(3), 4),
        binary(Binary::Subtract, w, Register(4), 4),
    ];
    let outputs = [4, 1, 2].map(|register| (Dtype::Float32, register));
    (tape, vec![Dtype::Float32; 8], outputs.to_vec())
}

/// The update of a parameter w with velocity v by gradient descent with momentum: inputs w v g, momentum and rate.
fn momentum() -> (Vec<TapeOp>, Vec<Dtype>, Vec<(Dtype, usize)>) {
    use Source::{Input, Register};
    let binary = |op, a, b, register| TapeOp { op: LaneOp::Binary(op), operands: vec![a, b], register };
    let tape = vec![
        binary(Binary::Multiply, Input(2), Input(4), 0),
        binary(Binary::Multiply, Input(1), Input(3), 1),
        binary(Binary::Subtract, Register(1), Register(0), 1),
        binary(Binary::Add, Input(0), Register(1), 2),
    ];
    (tape, vec![Dtype::Float32; 5], [2, 1].map(|register| (Dtype::Float32, register)).to_vec())
}

/// relu((x - mean)·scale + offset), with another tensor added before the relu where there is one, and where the result is positive.
fn normalize(residual: bool) -> (Vec<TapeOp>, Vec<Dtype>, Vec<(Dtype, usize)>) {
    use Source::{Input, Register};
    let op = |op, operands: &[Source]| TapeOp { op, operands: operands.to_vec(), register: 0 };
    let mut tape = vec![
        op(LaneOp::Binary(Binary::Subtract), &[Input(0), Input(1)]),
        op(LaneOp::Binary(Binary::Multiply), &[Register(0), Input(2)]),
        op(LaneOp::Binary(Binary::Add), &[Register(0), Input(3)]),
        op(LaneOp::Unary(Unary::Relu), &[Register(0)]),
    ];
    if residual {
        tape.insert(3, op(LaneOp::Binary(Binary::Add), &[Register(0), Input(4)]));
    }
    let compare = LaneOp::Compare(Compare::Less);
    tape.push(TapeOp { op: compare, operands: vec![Input(5), Register(0)], register: 1 });
    (tape, vec![Dtype::Float32; 6], vec![(Dtype::Float32, 0), (Dtype::Bool, 1)])
}

/// The gradient of normalization by its input: (dy - a - (x - mean)·b)·c.
fn normalization_gradient() -> (Vec<TapeOp>, Vec<Dtype>, Vec<(Dtype, usize)>) {
    use Source::{Input, Register};
    let binary = |op, a, b, register| TapeOp { op: LaneOp::Binary(op), operands: vec![a, b], register };
    let tape = vec![
        binary(Binary::Subtract, Input(0), Input(2), 0),
        binary(Binary::Subtract, Input(1), Input(3), 1),
        binary(Binary::Multiply, Register(1), Input(4), 1),
        binary(Binary::Subtract, Register(0), Register(1), 0),
        binary(Binary::Multiply, Register(0), Input(5), 0),
    ];
    (tape, vec![Dtype::Float32; 6], vec![(Dtype::Float32, 0)])
}

/// A random tape of what composed formulas are made of, whose steps mostly use the one before.
fn random_arithmetic(random: &mut Random) -> (Vec<TapeOp>, Vec<Dtype>, Vec<(Dtype, usize)>) {
    let arithmetic = [Binary::Add, Binary::Subtract, Binary::Multiply, Binary::Divide];
    let steps = 2 + random.below(8);
    let tape = (0..steps)
        .map(|register| {
            let mut operand = |near: usize| match random.below(8) {
                choice if choice < near && register > 0 => Source::Register(register - 1),
                6 if register > 0 => Source::Register(random.below(register)),
                _ => Source::Input(random.below(4)),
            };
            let (x, y) = (operand(3), operand(2));
            let (op, operands) = match random.below(5) {
                4 => (LaneOp::Unary(Unary::Sqrt), vec![x]),
                choice => (LaneOp::Binary(arithmetic[choice]), vec![x, y]),
            };
            TapeOp { op, operands, register }
        })
        .collect();
    let outputs = vec![(Dtype::Float32, steps - 1), (Dtype::Float32, random.below(steps))];
    (tape, vec![Dtype::Float32; 4], outputs)
}

#[test]
fn composed_passes_have_the_bits_of_their_operations_run_alone() {
    let _flush = FlushDenormals::new();
    let random = &mut Random(1);
    let mut cases = vec![adam(), momentum(), normalize(false), normalize(true), normalization_gradient()];
    cases.extend((0..100).map(|_| random_arithmetic(random)));
    for (case, (tape, inputs, outputs)) in cases.into_iter().enumerate() {
        let values: Vec<Values> =
            inputs.iter().map(|dtype| Values::random(random, *dtype, 1000 + case)).collect();
        let operands: Vec<(Dtype, &Values)> = inputs.iter().copied().zip(&values).collect();
        let segment = full(1000 + case, inputs.len());
        for isa in Isa::available() {
            let kernel =
                Elementwise::new(isa, tape.clone(), inputs.clone(), outputs.clone(), vec![segment.clone()]);
            let mut results: Vec<Values> =
                outputs.iter().map(|(dtype, _)| Values::empty(*dtype, 1000 + case)).collect();
            let memory: Vec<&dyn Memory> = values.iter().map(Values::memory).collect();
            let mut targets: Vec<&mut dyn Memory> = results.iter_mut().map(Values::memory_mut).collect();
            run_kernel(&kernel, &memory, &mut targets).unwrap();
            let registers = run_op_by_op(isa, &tape, &operands);
            for (result, (_, register)) in results.iter().zip(&outputs) {
                assert_same(result, &registers[*register], &format!("case {case}, {}", isa.name()));
            }
        }
    }
}

#[test]
fn optimizers_and_normalization_take_few_passes() {
    let gradient = (normalization_gradient(), 2);
    let cases = [(adam(), 3), (momentum(), 2), (normalize(false), 2), (normalize(true), 2), gradient];
    for ((tape, inputs, outputs), passes) in cases {
        assert_eq!(Tape::new(Isa::Portable, &tape, inputs, &outputs).steps.len(), passes);
    }
}

#[test]
fn outputs_may_take_the_place_of_inputs() {
    let (tape, inputs, outputs) = adam();
    let mut access = vec![Access::Full; 4];
    access.extend([Access::Scalar; 4]);
    for elements in [1, 17, 512, 513, 100_003] {
        let segment = Segment { rows: 1, columns: elements, access: access.clone() };
        let segments = vec![segment.clone(), segment];
        let random = &mut Random(elements as u64);
        let mut state: Vec<Vec<f32>> = (0..16)
            .map(|k| {
                let elements = if k % 8 < 4 { elements } else { 1 };
                (0..elements).map(|_| random.below(1000) as f32 / 1000.0 + 0.001).collect()
            })
            .collect();
        for isa in Isa::available() {
            let kernel =
                Elementwise::new(isa, tape.clone(), inputs.clone(), outputs.clone(), segments.clone());
            assert!((0..3).all(|k| kernel.may_alias(k, k) && kernel.may_alias(3 + k, 8 + k)));
            assert!(!kernel.may_alias(0, 8) && !kernel.may_alias(0, 4));

            let mut apart = vec![vec![0f32; elements]; 6];
            let operands: Vec<&dyn Memory> = state.iter().map(|values| values as &dyn Memory).collect();
            let mut targets: Vec<&mut dyn Memory> =
                apart.iter_mut().map(|values| values as &mut dyn Memory).collect();
            run_kernel(&kernel, &operands, &mut targets).unwrap();

            let buffers: Vec<Buffer> = state
                .iter_mut()
                // SAFETY: the vectors outlive the run, which alone uses them.
                .map(|values| unsafe { Buffer::new(values.as_mut_ptr().cast(), values.len() * 4) })
                .collect();
            let results: Vec<Buffer> = [0, 1, 2, 8, 9, 10].map(|k| buffers[k]).to_vec();
            let operands =
                Operands { inputs: &buffers, outputs: &results, shared: Buffer::EMPTY, ahead: &[] };
            let mut private = vec![0f32; kernel.scratch().private];
            for chunk in 0..kernel.phases()[0] {
                kernel.run(0, chunk, &operands, &mut private).unwrap();
            }
            for (k, apart) in [0, 1, 2, 8, 9, 10].iter().zip(&apart) {
                assert!(&state[*k] == apart, "{} {elements} elements, operand {k}", isa.name());
            }
        }
    }
}

#[test]
fn repeated_outputs_and_rewritten_registers_are_right() {
    let negative = |operand, register| TapeOp {
        op: LaneOp::UnaryI32(UnaryI32::Negative),
        operands: vec![operand],
        register,
    };
    let tape = vec![
        negative(Source::Input(0), 0),
        TapeOp { op: LaneOp::BinaryI32(BinaryI32::Add), operands: vec![Source::Register(0); 2], register: 0 },
    ];
    let outputs = vec![(Dtype::Int32, 0); 2];
    let kernel = Elementwise::new(Isa::Portable, tape, vec![Dtype::Int32], outputs, vec![full(700, 1)]);
    let x: Vec<i32> = (0..700).collect();
    let (mut first, mut second) = (vec![0i32; 700], vec![0i32; 700]);
    run_kernel(&kernel, &[&x], &mut [&mut first, &mut second]).unwrap();
    assert!(first.iter().zip(&x).all(|(result, x)| *result == -2 * x));
    assert_eq!(first, second);
}

#[test]
fn bytes_other_than_one_are_true() {
    let tape = vec![TapeOp { op: LaneOp::Copy, operands: vec![Source::Input(0)], register: 0 }];
    let kernel =
        Elementwise::new(Isa::best(), tape, vec![Dtype::Bool], vec![(Dtype::Bool, 0)], vec![full(5, 1)]);
    let mut result = vec![9u8; 5];
    run_kernel(&kernel, &[&vec![0u8, 1, 2, 128, 255]], &mut [&mut result]).unwrap();
    assert_eq!(result, [0, 1, 1, 1, 1]);
}

fn panics(f: impl FnOnce() -> Elementwise + std::panic::UnwindSafe) -> bool {
    std::panic::catch_unwind(f).is_err()
}

#[test]
fn wrong_tapes_are_rejected() {
    let add = |a, b| TapeOp { op: LaneOp::Binary(Binary::Add), operands: vec![a, b], register: 0 };
    let build = |op: TapeOp, inputs: Vec<Dtype>, output: (Dtype, usize)| {
        let segment = full(4, inputs.len());
        Elementwise::new(Isa::Portable, vec![op], inputs, vec![output], vec![segment])
    };
    let float = Dtype::Float32;
    let (x, y) = (Source::Input(0), Source::Input(1));
    build(add(x, y), vec![float; 2], (float, 0));
    assert!(panics(|| build(add(x, Source::Register(0)), vec![float; 2], (float, 0))), "unwritten register");
    assert!(panics(|| build(add(x, y), vec![float], (float, 0))), "missing input");
    assert!(panics(|| build(add(x, y), vec![float, Dtype::Int32], (float, 0))), "mixed types");
    assert!(panics(|| build(add(x, y), vec![float; 2], (Dtype::Int32, 0))), "wrong output type");
    assert!(panics(|| build(add(x, y), vec![float; 2], (float, 1))), "output never written");
    assert!(
        panics(|| Elementwise::new(
            Isa::Portable,
            vec![add(x, y)],
            vec![float; 2],
            vec![(float, 0)],
            vec![full(4, 1)]
        )),
        "a segment that reads one input of two"
    );
}

#[test]
#[should_panic(expected = "a size fits")]
fn impossible_sizes_are_rejected() {
    let tape = vec![TapeOp { op: LaneOp::Copy, operands: vec![Source::Input(0)], register: 0 }];
    let float = Dtype::Float32;
    Elementwise::new(Isa::Portable, tape, vec![float], vec![(float, 0)], vec![full(usize::MAX / 4 + 1, 1)]);
}

#[test]
#[should_panic(expected = "an input has its elements")]
fn short_operands_are_rejected() {
    let tape = vec![TapeOp { op: LaneOp::Copy, operands: vec![Source::Input(0)], register: 0 }];
    let float = Dtype::Float32;
    let kernel = Elementwise::new(Isa::Portable, tape, vec![float], vec![(float, 0)], vec![full(5, 1)]);
    run_kernel(&kernel, &[&vec![0f32; 4]], &mut [&mut vec![0f32; 5]]).unwrap();
}
