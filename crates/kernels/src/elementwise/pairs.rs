//! Two operations in one pass. Each still rounds by itself; what is saved is a trip of the first one's results through the
//! L1 cache, which takes as long as the arithmetic. The usual pairs of optimizers and normalisations are here.

use super::LaneOp;
use crate::lanes::{Arithmetic, Block, Formula, block};
use crate::{Binary, Isa, Unary, binary, unary};
use std::marker::PhantomData;

trait Float: Formula<X = f32, Y = f32, Z = f32, Out = f32> {}
impl<F: Formula<X = f32, Y = f32, Z = f32, Out = f32>> Float for F {}

/// The first operation's result as the left operand of the second, and as the right one.
struct Left<A, B>(PhantomData<(A, B)>);
struct Right<A, B>(PhantomData<(A, B)>);

impl<A: Float, B: Float> Formula for Left<A, B> {
    type X = f32;
    type Y = f32;
    type Z = f32;
    type Out = f32;

    #[inline(always)]
    fn lane<I: Arithmetic>(x: f32, y: f32, z: f32) -> f32 {
        B::lane::<I>(A::lane::<I>(x, y, y), z, z)
    }
}

impl<A: Float, B: Float> Formula for Right<A, B> {
    type X = f32;
    type Y = f32;
    type Z = f32;
    type Out = f32;

    #[inline(always)]
    fn lane<I: Arithmetic>(x: f32, y: f32, z: f32) -> f32 {
        let right = A::lane::<I>(x, y, y);
        B::lane::<I>(z, right, right)
    }
}

/// The pass that computes `second` of `first` and a third operand, if there is one. The first one's result is an operand
/// of the second, the right one where `right` says so.
pub(super) fn pair(isa: Isa, first: LaneOp, second: LaneOp, right: bool) -> Option<Block> {
    let LaneOp::Binary(second) = second else { return None };
    match first {
        LaneOp::Binary(Binary::Add) => after::<binary::float::Add>(isa, second, right),
        LaneOp::Binary(Binary::Subtract) => after::<binary::float::Subtract>(isa, second, right),
        LaneOp::Binary(Binary::Multiply) => after::<binary::float::Multiply>(isa, second, right),
        LaneOp::Unary(Unary::Sqrt) => after::<unary::float::Sqrt>(isa, second, right),
        _ => None,
    }
}

fn after<A: Float>(isa: Isa, second: Binary, right: bool) -> Option<Block> {
    match second {
        Binary::Add => Some(ordered::<A, binary::float::Add>(isa, right)),
        Binary::Subtract => Some(ordered::<A, binary::float::Subtract>(isa, right)),
        Binary::Multiply => Some(ordered::<A, binary::float::Multiply>(isa, right)),
        Binary::Divide => Some(ordered::<A, binary::float::Divide>(isa, right)),
        _ => None,
    }
}

fn ordered<A: Float, B: Float>(isa: Isa, right: bool) -> Block {
    if right { block::<Right<A, B>>(isa) } else { block::<Left<A, B>>(isa) }
}
