//! Composed formulas that divide or take roots, on groups of AVX-512 vectors: the loops of lanes would wait for the divider.

use super::{Apply, Operand};
use crate::arch::Group;
use crate::lanes::{self, Block, Formula, OPERANDS};
use crate::{Isa, binary, unary};

/// Where the operands of an expression lie: whole groups, or if not `WHOLE` so many lanes.
#[derive(Clone, Copy)]
pub struct Place<const WHOLE: bool> {
    operands: [*const u32; OPERANDS],
    lanes: usize,
}

/// An expression on groups.
pub trait Expression {
    const DIVIDES: bool = false;
    const ROOTS: bool = false;

    /// Its value; with `BOTH`, it divides and takes roots.
    ///
    /// # Safety
    /// The machine has AVX-512, and the operands are valid for reads.
    unsafe fn group<const BOTH: bool, const WHOLE: bool>(place: Place<WHOLE>) -> Group;
}

impl<const K: usize> Expression for Operand<K> {
    #[inline(always)]
    unsafe fn group<const BOTH: bool, const WHOLE: bool>(place: Place<WHOLE>) -> Group {
        // SAFETY: the caller's.
        unsafe { Group::load::<WHOLE>(place.operands[K].cast(), place.lanes) }
    }
}

impl<F: Operation, A: Expression, B: Expression> Expression for Apply<F, A, B> {
    const DIVIDES: bool = F::DIVIDES || A::DIVIDES || B::DIVIDES;
    const ROOTS: bool = F::ROOTS || A::ROOTS || B::ROOTS;

    #[inline(always)]
    unsafe fn group<const BOTH: bool, const WHOLE: bool>(place: Place<WHOLE>) -> Group {
        // SAFETY: the caller's.
        unsafe { F::group::<BOTH>(A::group::<BOTH, WHOLE>(place), B::group::<BOTH, WHOLE>(place)) }
    }
}

/// An operation on groups; with one operand, both are the same.
pub trait Operation {
    const DIVIDES: bool = false;
    const ROOTS: bool = false;

    /// Its value; with `BOTH`, the expression divides and takes roots.
    ///
    /// # Safety
    /// The machine has AVX-512.
    unsafe fn group<const BOTH: bool>(a: Group, b: Group) -> Group;
}

macro_rules! operation {
    ($formula:ty, |$a:ident, $b:ident, $both:ident| $value:expr $(, $constant:ident)?) => {
        impl Operation for $formula {
            $(const $constant: bool = true;)?

            #[inline(always)]
            unsafe fn group<const $both: bool>($a: Group, $b: Group) -> Group {
                // SAFETY: the caller's.
                unsafe { $value }
            }
        }
    };
}

// The divider and the units that multiply and add work at the same time. Measured with Xeons of the fifth generation: half of
// the quotients by the divider take 6.3 cycles for 16 lanes instead of 9.9, a quarter of the roots 6.0 instead of 12, and in
// Adam's update, which does both, all of the quotients and none of the roots 13 instead of 22.
operation!(binary::float::Add, |a, b, BOTH| a.add(b));
operation!(binary::float::Subtract, |a, b, BOTH| a.subtract(b));
operation!(binary::float::Multiply, |a, b, BOTH| a.multiply(b));
operation!(
    binary::float::Divide,
    |a, b, BOTH| if BOTH { a.divide::<4>(b) } else { a.divide::<2>(b) },
    DIVIDES
);
operation!(unary::float::Sqrt, |a, _b, BOTH| if BOTH { a.sqrt::<0>() } else { a.sqrt::<1>() }, ROOTS);
operation!(unary::float::Relu, |a, _b, BOTH| a.relu());

/// The loop over a block for an instruction set that the machine has, and that over one of contiguous blocks.
pub(super) fn blocks<E: Formula + Expression>(isa: Isa) -> [Block; 2] {
    if isa.vectors() == Isa::Avx512 && (E::DIVIDES || E::ROOTS) {
        assert!(isa.is_available(), "the machine has the instruction set");
        return [grouped::<E, false>, grouped::<E, true>];
    }
    [lanes::block::<E>(isa); 2]
}

/// Where blocks are `CONTIGUOUS`, it asks for what lies behind its operands.
///
/// # Safety
/// As for [`Block`].
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn grouped<E: Expression, const CONTIGUOUS: bool>(
    operands: [*const u32; OPERANDS],
    out: *mut u32,
    lanes: usize,
) {
    let whole = lanes - lanes % Group::LANES;
    // SAFETY: the groups are of the `lanes` valid lanes.
    unsafe {
        let mut first = 0;
        while first < whole {
            // While the divider is at work, the next block comes into the L1 cache: Adam's update takes 7 % less time so.
            if CONTIGUOUS && E::DIVIDES && E::ROOTS {
                for operand in operands {
                    Group::prefetch(operand.wrapping_add(lanes + first).cast());
                }
            }
            step::<E, true>(operands, out, first, Group::LANES);
            first += Group::LANES;
        }
        if whole < lanes {
            step::<E, false>(operands, out, whole, lanes - whole);
        }
    }
}

/// A group, or if not `WHOLE` so many lanes, from the lane `first` on. All is read before anything is written.
///
/// # Safety
/// As for [`Block`], for these lanes.
#[inline(always)]
unsafe fn step<E: Expression, const WHOLE: bool>(
    operands: [*const u32; OPERANDS],
    out: *mut u32,
    first: usize,
    lanes: usize,
) {
    let [a, b, c, d, e] = operands;
    // SAFETY: the caller's.
    unsafe {
        let operands = [a.add(first), b.add(first), c.add(first), d.add(first), e.add(first)];
        let place = Place::<WHOLE> { operands, lanes };
        let value = if E::DIVIDES && E::ROOTS {
            E::group::<true, WHOLE>(place)
        } else {
            E::group::<false, WHOLE>(place)
        };
        value.store::<WHOLE>(out.add(first).cast(), lanes);
    }
}
