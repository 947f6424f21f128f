use super::super::tape::Tape;
use super::super::tests::{Random, Values, assert_same, full, run_op_by_op};
use super::super::{Elementwise, Source};
use super::*;
use crate::testing::{Memory, run_kernel};
use crate::{Compare, Dtype, FlushDenormals};

/// The tape of a program of one output or more, the types of its inputs, and its outputs.
type Case = (Vec<TapeOp>, Vec<Dtype>, Vec<(Dtype, usize)>);

fn binary(op: Binary, a: Source, b: Source, register: usize) -> TapeOp {
    TapeOp { op: LaneOp::Binary(op), operands: vec![a, b], register }
}

/// Adam's update of a parameter w with moments m and v: the tape, with inputs w m v g and the scalars of the formula.
pub fn adam() -> Case {
    use Source::{Input, Register};
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
fn momentum() -> Case {
    use Source::{Input, Register};
    let tape = vec![
        binary(Binary::Multiply, Input(2), Input(4), 0),
        binary(Binary::Multiply, Input(1), Input(3), 1),
        binary(Binary::Subtract, Register(1), Register(0), 1),
        binary(Binary::Add, Input(0), Register(1), 2),
    ];
    (tape, vec![Dtype::Float32; 5], [2, 1].map(|register| (Dtype::Float32, register)).to_vec())
}

/// relu((x - mean)·scale + offset), with another tensor added before the relu where there is one, and where the result is positive.
fn normalize(residual: bool) -> Case {
    use Source::{Input, Register};
    let mut tape = vec![
        binary(Binary::Subtract, Input(0), Input(1), 0),
        binary(Binary::Multiply, Register(0), Input(2), 0),
        binary(Binary::Add, Register(0), Input(3), 0),
    ];
    if residual {
        tape.push(binary(Binary::Add, Register(0), Input(4), 0));
    }
    tape.push(TapeOp { op: LaneOp::Unary(Unary::Relu), operands: vec![Register(0)], register: 0 });
    let operands = vec![Input(5), Register(0)];
    tape.push(TapeOp { op: LaneOp::Compare(Compare::Less), operands, register: 1 });
    (tape, vec![Dtype::Float32; 6], vec![(Dtype::Float32, 0), (Dtype::Bool, 1)])
}

/// The gradient of normalization by its input: (dy - a - (x - mean)·b)·c.
fn normalization_gradient() -> Case {
    use Source::{Input, Register};
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
fn random_arithmetic(random: &mut Random) -> Case {
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
fn a_lone_operand_is_read_until_its_pass_ends() {
    let root = TapeOp { op: LaneOp::Unary(Unary::Sqrt), operands: vec![Source::Input(0)], register: 0 };
    for isa in Isa::available() {
        let tape = Tape::new(isa, std::slice::from_ref(&root), vec![Dtype::Float32], &[(Dtype::Float32, 0)]);
        assert_eq!(tape.free_from, [1], "{}", isa.name());
    }
}
