//! Several operations in one pass over a block. Each still rounds by itself; what is saved is the way of their results
//! through the L1 cache, which takes as long as the arithmetic. A composed formula is a type that is written once: it finds
//! itself on a tape, and it computes.

use super::tape::Value;
use super::{LaneOp, TapeOp};
use crate::lanes::{Arithmetic, Block, Formula, OPERANDS};
use crate::{Binary, Isa, Unary, binary, unary};
use std::marker::PhantomData;

#[cfg(target_arch = "x86_64")]
mod groups;

/// Elsewhere the loops of lanes are all there is.
#[cfg(not(target_arch = "x86_64"))]
mod groups {
    use crate::Isa;
    use crate::lanes::{self, Block, Formula};

    pub fn blocks<E: Formula>(isa: Isa) -> [Block; 2] {
        [lanes::block::<E>(isa); 2]
    }

    pub trait Expression {}
    impl<E> Expression for E {}

    pub trait Operation {}
    impl<F> Operation for F {}
}

/// A formula that finds itself on a tape.
trait Expression: Formula + groups::Expression {
    /// Whether a value of the tape is computed so, by steps that nothing else needs. Binds the operands.
    fn matches(steps: &Steps, value: Value, bound: &mut [Option<Value>; OPERANDS]) -> bool;
}

/// An operand: any value, the same wherever its number stands.
struct Operand<const K: usize>;

impl<const K: usize> Formula for Operand<K> {
    #[inline(always)]
    fn lane<I: Arithmetic>(operands: [u32; OPERANDS]) -> u32 {
        operands[K]
    }
}

impl<const K: usize> Expression for Operand<K> {
    fn matches(_: &Steps, value: Value, bound: &mut [Option<Value>; OPERANDS]) -> bool {
        *bound[K].get_or_insert(value) == value
    }
}

/// An operation of what two expressions compute; with one operand, both are the same.
struct Apply<F, A, B>(PhantomData<(F, A, B)>);

impl<F: Operation, A: Expression, B: Expression> Formula for Apply<F, A, B> {
    const UPDATES: bool = true;

    #[inline(always)]
    fn lane<I: Arithmetic>(operands: [u32; OPERANDS]) -> u32 {
        let (a, b) = (A::lane::<I>(operands), B::lane::<I>(operands));
        F::lane::<I>([a, b, b, b, b])
    }
}

impl<F: Operation, A: Expression, B: Expression> Expression for Apply<F, A, B> {
    fn matches(steps: &Steps, value: Value, bound: &mut [Option<Value>; OPERANDS]) -> bool {
        let Some((op, operands)) = steps.inner(value) else { return false };
        op == F::OP
            && A::matches(steps, operands[0], bound)
            && B::matches(steps, operands[operands.len() - 1], bound)
    }
}

/// The formula of an operation of tapes.
trait Operation: Formula + groups::Operation {
    const OP: LaneOp;
}

impl Operation for binary::float::Add {
    const OP: LaneOp = LaneOp::Binary(Binary::Add);
}

impl Operation for binary::float::Subtract {
    const OP: LaneOp = LaneOp::Binary(Binary::Subtract);
}

impl Operation for binary::float::Multiply {
    const OP: LaneOp = LaneOp::Binary(Binary::Multiply);
}

impl Operation for binary::float::Divide {
    const OP: LaneOp = LaneOp::Binary(Binary::Divide);
}

impl Operation for unary::float::Sqrt {
    const OP: LaneOp = LaneOp::Unary(Unary::Sqrt);
}

impl Operation for unary::float::Relu {
    const OP: LaneOp = LaneOp::Unary(Unary::Relu);
}

type A = Operand<0>;
type B = Operand<1>;
type C = Operand<2>;
type D = Operand<3>;
type E = Operand<4>;
type Add<X, Y> = Apply<binary::float::Add, X, Y>;
type Subtract<X, Y> = Apply<binary::float::Subtract, X, Y>;
type Multiply<X, Y> = Apply<binary::float::Multiply, X, Y>;
type Divide<X, Y> = Apply<binary::float::Divide, X, Y>;
type Sqrt<X> = Apply<unary::float::Sqrt, X, X>;
type Relu<X> = Apply<unary::float::Relu, X, X>;

/// a + (x - a)·c, the moving average of x.
type Average<X> = Add<A, Multiply<Subtract<X, A>, C>>;

/// (a - b)·c + d, a normalized.
type Normalize = Add<Multiply<Subtract<A, B>, C>, D>;

/// What finds a formula on a tape, and the loops that compute it.
struct Composed {
    matches: fn(&Steps, Value, &mut [Option<Value>; OPERANDS]) -> bool,
    blocks: fn(Isa) -> [Block; 2],
}

const fn composed<E: Expression>() -> Composed {
    Composed { matches: E::matches, blocks: groups::blocks::<E> }
}

/// An expression as an operand of every arithmetic operation, on both sides.
const fn within<X: Expression>() -> [Composed; 8] {
    [
        composed::<Add<A, X>>(),
        composed::<Add<X, A>>(),
        composed::<Subtract<A, X>>(),
        composed::<Subtract<X, A>>(),
        composed::<Multiply<A, X>>(),
        composed::<Multiply<X, A>>(),
        composed::<Divide<A, X>>(),
        composed::<Divide<X, A>>(),
    ]
}

/// All formulas, the longest first: those of optimizers and of normalization, then every pair of arithmetic operations, then these alone.
static FORMULAS: [&[Composed]; 7] = [
    &[
        composed::<Subtract<A, Divide<Multiply<B, C>, Add<Sqrt<D>, E>>>>(),
        composed::<Average<Multiply<B, B>>>(),
        composed::<Average<B>>(),
        composed::<Subtract<Multiply<A, B>, Multiply<C, D>>>(),
    ],
    &[
        composed::<Relu<Add<Normalize, E>>>(),
        composed::<Relu<Normalize>>(),
        composed::<Add<Normalize, E>>(),
        composed::<Normalize>(),
        composed::<Multiply<Subtract<Subtract<A, B>, C>, D>>(),
    ],
    &within::<Add<B, C>>(),
    &within::<Subtract<B, C>>(),
    &within::<Multiply<B, C>>(),
    &within::<Sqrt<B>>(),
    &[
        composed::<Add<A, B>>(),
        composed::<Subtract<A, B>>(),
        composed::<Multiply<A, B>>(),
        composed::<Divide<A, B>>(),
        composed::<Sqrt<A>>(),
    ],
];

/// What is done in one pass over a block.
pub(super) struct Pass {
    /// The loop over a block, and that over one of contiguous blocks.
    pub blocks: [Block; 2],
    pub operands: Vec<Value>,
    /// The step whose result it has.
    pub step: usize,
    composed: bool,
}

impl Pass {
    /// Whether the result may lie where this operand does. The last operand stands in every place that is left.
    pub fn updates(&self, place: usize) -> bool {
        let [first, others @ ..] = &self.operands[..] else { return false };
        self.composed && place == 0 && !others.is_empty() && !others.contains(first)
    }
}

/// The steps of a tape as a pass sees them that ends in one of them.
struct Steps<'a> {
    ops: &'a [TapeOp],
    operands: &'a [Vec<Value>],
    /// Whether a step's result is of use to one operation alone, which may then take the step in.
    inner: &'a [bool],
    last: usize,
}

impl Steps<'_> {
    /// The operation of a value and its operands, if it may be part of the pass.
    fn inner(&self, value: Value) -> Option<(LaneOp, &[Value])> {
        match value {
            Value::Step(step) if step == self.last || self.inner[step] => {
                Some((self.ops[step].op, &self.operands[step]))
            }
            _ => None,
        }
    }
}

/// The passes of a tape. From the last step back, each takes in as many steps as the longest formula that matches.
pub(super) fn passes(
    isa: Isa,
    ops: &[TapeOp],
    operands: &[Vec<Value>],
    is_output: impl Fn(usize) -> bool,
) -> Vec<Pass> {
    let mut uses = vec![0; ops.len()];
    for value in operands.iter().flatten() {
        if let Value::Step(step) = *value {
            uses[step] += 1;
        }
    }
    let inner: Vec<bool> = (0..ops.len()).map(|step| uses[step] == 1 && !is_output(step)).collect();
    let mut passes = Vec::new();
    let mut needed: Vec<bool> = inner.iter().map(|inner| !inner).collect();
    for last in (0..ops.len()).rev() {
        if !needed[last] {
            continue;
        }
        let steps = Steps { ops, operands, inner: &inner, last };
        let found = FORMULAS.iter().copied().flatten().find_map(|formula| {
            let mut bound = [None; OPERANDS];
            (formula.matches)(&steps, Value::Step(last), &mut bound)
                .then(|| (formula, bound.into_iter().flatten().collect::<Vec<Value>>()))
        });
        let pass = match found {
            Some((formula, operands)) => {
                Pass { blocks: (formula.blocks)(isa), operands, step: last, composed: true }
            }
            None => Pass {
                blocks: [ops[last].op.block(isa); 2],
                operands: operands[last].clone(),
                step: last,
                composed: false,
            },
        };
        for value in &pass.operands {
            if let Value::Step(step) = *value {
                needed[step] = true;
            }
        }
        passes.push(pass);
    }
    passes.reverse();
    passes
}

#[cfg(test)]
pub(super) mod tests;
