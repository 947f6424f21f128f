use super::composed::tests::adam;
use super::*;
use crate::testing::{Memory, run_kernel};
use crate::{Binary, BinaryI32, Compare, CompareI32, FlushDenormals, Unary, UnaryI32};

/// A small linear congruential generator.
pub(super) struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// Values of any type, as lanes.
#[derive(Clone, Debug)]
pub(super) enum Values {
    Words(Vec<u32>),
    Bytes(Vec<u8>),
}

impl Values {
    pub fn empty(dtype: Dtype, elements: usize) -> Values {
        if dtype.bytes() == 4 { Values::Words(vec![0; elements]) } else { Values::Bytes(vec![0; elements]) }
    }

    pub fn random(random: &mut Random, dtype: Dtype, elements: usize) -> Values {
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

    pub fn memory(&self) -> &dyn Memory {
        match self {
            Values::Words(words) => words,
            Values::Bytes(bytes) => bytes,
        }
    }

    pub fn memory_mut(&mut self) -> &mut dyn Memory {
        match self {
            Values::Words(words) => words,
            Values::Bytes(bytes) => bytes,
        }
    }
}

pub(super) fn assert_same(a: &Values, b: &Values, case: &str) {
    assert!(a.memory().bytes() == b.memory().bytes(), "{case}");
}

pub(super) fn full(elements: usize, inputs: usize) -> Segment {
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
pub(super) fn run_op_by_op(isa: Isa, tape: &[TapeOp], inputs: &[(Dtype, &Values)]) -> Vec<Values> {
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
