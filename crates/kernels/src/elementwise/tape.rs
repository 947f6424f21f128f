//! The tape of an elementwise kernel: what it computes for each element, checked and given slots.

use super::Segment;
use super::composed;
use crate::lanes::{Block, OPERANDS};
use crate::{Binary, BinaryI32, Compare, CompareI32, Dtype, Isa, Unary, UnaryI32, select};

/// An operation on lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LaneOp {
    Unary(Unary),
    UnaryI32(UnaryI32),
    Binary(Binary),
    BinaryI32(BinaryI32),
    Compare(Compare),
    /// On i32, and `Equal` on bool as well.
    CompareI32(CompareI32),
    /// The second operand where the first, a bool, is true, and the third elsewhere.
    Select,
    Cast {
        from: Dtype,
        to: Dtype,
    },
    Copy,
}

/// Where an operation finds an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    Input(usize),
    /// What was last written to the register.
    Register(usize),
}

/// One operation of a tape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TapeOp {
    pub op: LaneOp,
    pub operands: Vec<Source>,
    /// The register written.
    pub register: usize,
}

impl LaneOp {
    /// The type of the result.
    ///
    /// # Panics
    /// When the number or the types of the operands are wrong.
    pub(super) fn result(self, operands: &[Dtype]) -> Dtype {
        use Dtype::{Bool, Float32, Int32};
        match (self, operands) {
            (LaneOp::Unary(_), [Float32]) | (LaneOp::Binary(_), [Float32, Float32]) => Float32,
            (LaneOp::UnaryI32(_), [Int32]) | (LaneOp::BinaryI32(_), [Int32, Int32]) => Int32,
            (LaneOp::Compare(_), [Float32, Float32])
            | (LaneOp::CompareI32(_), [Int32, Int32] | [Bool, Bool]) => Bool,
            (LaneOp::Select, [Bool, x, y]) if x == y => *x,
            (LaneOp::Cast { from, to }, [x]) if from == *x => to,
            (LaneOp::Copy, [x]) => *x,
            _ => panic!("{self:?} does not apply to {operands:?}"),
        }
    }

    pub(super) fn block(self, isa: Isa) -> Block {
        match self {
            LaneOp::Unary(op) => op.block(isa),
            LaneOp::UnaryI32(op) => op.block(isa),
            LaneOp::Binary(op) => op.block(isa),
            LaneOp::BinaryI32(op) => op.block(isa),
            LaneOp::Compare(op) => op.block(isa),
            LaneOp::CompareI32(op) => op.block(isa),
            LaneOp::Select => select::select(isa),
            LaneOp::Cast { from, to } => select::cast(isa, from, to),
            LaneOp::Copy => select::copy(isa),
        }
    }

    fn flops(self) -> u64 {
        match self {
            LaneOp::Unary(op) => op.flops(),
            LaneOp::UnaryI32(op) => op.flops(),
            LaneOp::Binary(op) => op.flops(),
            LaneOp::BinaryI32(op) => op.flops(),
            LaneOp::Compare(op) => op.flops(),
            LaneOp::CompareI32(op) => op.flops(),
            LaneOp::Select | LaneOp::Cast { .. } | LaneOp::Copy => 1,
        }
    }
}

/// An operation whose operands and result are slots: block-sized places in memory, of which the first are the inputs, the
/// next the outputs, and the rest intermediate results.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// The loop over a block, and that over one of contiguous blocks.
    pub blocks: [Block; 2],
    pub operands: [usize; OPERANDS],
    pub result: usize,
}

/// A place for an output's values while a block is computed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    pub dtype: Dtype,
    /// The slot of the values: the output's own, or that of an earlier output with the same values.
    pub slot: usize,
    /// The step that computes them.
    pub step: usize,
}

/// A checked tape.
#[derive(Clone, Debug)]
pub(super) struct Tape {
    pub steps: Vec<Step>,
    pub inputs: Vec<Dtype>,
    /// The first step whose result may lie where each input does.
    pub free_from: Vec<usize>,
    pub outputs: Vec<Output>,
    pub slots: usize,
    /// Floating-point operations an element.
    pub flops: u64,
}

impl Tape {
    /// # Panics
    /// When an operand does not exist or has the wrong type.
    pub fn new(isa: Isa, ops: &[TapeOp], inputs: Vec<Dtype>, outputs: &[(Dtype, usize)]) -> Self {
        // For each register, the step that wrote it last; for each step, its operands by step and its result type.
        let mut writer = vec![None; ops.iter().map(|op| op.register + 1).max().unwrap_or(0)];
        let written = |writer: &[Option<usize>], register: usize| -> usize {
            writer.get(register).copied().flatten().expect("a register is written before it is read")
        };
        let mut types: Vec<Dtype> = Vec::new();
        let mut operands: Vec<Vec<Value>> = Vec::new();
        for (step, op) in ops.iter().enumerate() {
            let values: Vec<Value> = op
                .operands
                .iter()
                .map(|source| match *source {
                    Source::Input(input) => Value::Input(input),
                    Source::Register(register) => Value::Step(written(&writer, register)),
                })
                .collect();
            let dtypes: Vec<Dtype> = values
                .iter()
                .map(|value| match *value {
                    Value::Input(input) => inputs[input],
                    Value::Step(step) => types[step],
                })
                .collect();
            types.push(op.op.result(&dtypes));
            operands.push(values);
            writer[op.register] = Some(step);
        }

        // Outputs keep their slots; an intermediate result has one until its last use.
        let mut slot_of: Vec<Option<usize>> = vec![None; ops.len()];
        let outputs: Vec<Output> = outputs
            .iter()
            .enumerate()
            .map(|(output, &(dtype, register))| {
                let step = written(&writer, register);
                assert_eq!(types[step], dtype, "an output has the type of its register");
                let slot = *slot_of[step].get_or_insert(inputs.len() + output);
                Output { dtype, slot, step }
            })
            .collect();
        let is_output = |step: usize| outputs.iter().any(|output| output.step == step);

        let passes = composed::passes(isa, ops, &operands, is_output);
        let mut free_from = vec![0; inputs.len()];
        let mut last_uses: Vec<usize> = (0..ops.len()).collect();
        for pass in &passes {
            for (place, value) in pass.operands.iter().enumerate() {
                match *value {
                    Value::Input(input) if pass.updates(place) => free_from[input] = pass.step,
                    Value::Input(input) => free_from[input] = pass.step + 1,
                    Value::Step(earlier) => last_uses[earlier] = pass.step,
                }
            }
        }

        let mut slots = inputs.len() + outputs.len();
        let mut free: Vec<usize> = Vec::new();
        let mut steps = Vec::new();
        for pass in &passes {
            // The result's slot is taken before those of the operands are free: a block must not overlap its operands.
            let result = *slot_of[pass.step].get_or_insert_with(|| {
                free.pop().unwrap_or_else(|| {
                    slots += 1;
                    slots - 1
                })
            });
            let places: Vec<usize> = pass
                .operands
                .iter()
                .map(|value| match *value {
                    Value::Input(input) => input,
                    Value::Step(earlier) => slot_of[earlier].expect("an earlier step has a slot"),
                })
                .collect();
            let operands = std::array::from_fn(|operand| places[operand.min(places.len() - 1)]);
            steps.push(Step { blocks: pass.blocks, operands, result });
            let ended = (0..=pass.step).filter(|&step| last_uses[step] == pass.step && !is_output(step));
            free.extend(ended.filter_map(|step| slot_of[step]));
        }
        let flops = ops.iter().map(|op| op.op.flops()).sum();
        Tape { steps, inputs, free_from, outputs, slots, flops }
    }

    /// The memory traffic of a segment.
    pub fn bytes(&self, segment: &Segment) -> u64 {
        let read = self.inputs.iter().zip(&segment.access);
        let read: usize = read.map(|(dtype, access)| segment.input_elements(*access) * dtype.bytes()).sum();
        let written: usize =
            self.outputs.iter().map(|output| segment.elements() * output.dtype.bytes()).sum();
        (read + written) as u64
    }
}

/// An operand by where its values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Input(usize),
    Step(usize),
}
