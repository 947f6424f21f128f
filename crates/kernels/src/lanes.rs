//! Formulas over 32-bit lanes, written once for one lane and compiled to a vectorised loop for every instruction set.
//!
//! A formula is branch-free (selects, no calls), so the loop around it vectorises; the loop stands in one function per
//! instruction set whose `#[target_feature]` decides what vectors it becomes.

use crate::Isa;

/// What formulas need to know of the instruction set they are compiled for.
pub trait Arithmetic {
    /// `a * b + c`: one rounding where the machine has fused multiply-add, two elsewhere.
    fn fma(a: f32, b: f32, c: f32) -> f32;
    /// The same for f64.
    fn fma64(a: f64, b: f64, c: f64) -> f64;
}

/// Whether the baseline of the build fuses; without it `mul_add` would be a call.
const BASELINE_FUSES: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

/// The baseline of the build.
pub struct Portable;

impl Arithmetic for Portable {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        if BASELINE_FUSES { a.mul_add(b, c) } else { a * b + c }
    }

    #[inline(always)]
    fn fma64(a: f64, b: f64, c: f64) -> f64 {
        if BASELINE_FUSES { a.mul_add(b, c) } else { a * b + c }
    }
}

/// Any instruction set with fused multiply-add.
#[cfg(target_arch = "x86_64")]
pub struct Fused;

#[cfg(target_arch = "x86_64")]
impl Arithmetic for Fused {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }

    #[inline(always)]
    fn fma64(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
}

/// The 32-bit types of a lane. Every bit pattern is a valid value of each.
pub trait Lane: Copy {
    fn from_bits(bits: u32) -> Self;
    fn to_bits(self) -> u32;
}

impl Lane for f32 {
    #[inline(always)]
    fn from_bits(bits: u32) -> f32 {
        f32::from_bits(bits)
    }

    #[inline(always)]
    fn to_bits(self) -> u32 {
        self.to_bits()
    }
}

impl Lane for i32 {
    #[inline(always)]
    fn from_bits(bits: u32) -> i32 {
        bits.cast_signed()
    }

    #[inline(always)]
    fn to_bits(self) -> u32 {
        self.cast_unsigned()
    }
}

impl Lane for u32 {
    #[inline(always)]
    fn from_bits(bits: u32) -> u32 {
        bits
    }

    #[inline(always)]
    fn to_bits(self) -> u32 {
        self
    }
}

/// The most operands of a formula.
pub const OPERANDS: usize = 5;

/// One lane of elementwise work: the bits of the result from those of the operands; a formula with fewer ignores the rest.
pub trait Formula {
    /// Whether its blocks may write where their first operand lies.
    const UPDATES: bool = false;

    fn lane<I: Arithmetic>(operands: [u32; OPERANDS]) -> u32;
}

/// A formula applied to `lanes` lanes of memory, for one instruction set.
///
/// # Safety
/// The machine has the instruction set; `lanes` is at least [`GROUP`]; the operands are valid for reads and `out` for
/// writes of `lanes` lanes; `out` overlaps no operand, but may be the first one where [`Formula::UPDATES`]. A formula with
/// fewer operands needs a valid pointer in each place all the same.
pub type Block = unsafe fn(operands: [*const u32; OPERANDS], out: *mut u32, lanes: usize);

/// A formula of one operand applied in place.
///
/// # Safety
/// The machine has the instruction set, and `values` is valid for reads and writes of `lanes` lanes.
pub type InPlace = unsafe fn(values: *mut f32, lanes: usize);

/// Lanes in a step of the vectorised loops: a multiple of every vector length times every unrolling that LLVM chooses, so
/// that no scalar remainder runs.
pub const GROUP: usize = 64;

#[inline(always)]
fn apply<I: Arithmetic, F: Formula>(a: &[u32], b: &[u32], c: &[u32], d: &[u32], e: &[u32], out: &mut [u32]) {
    for (((((out, a), b), c), d), e) in out.iter_mut().zip(a).zip(b).zip(c).zip(d).zip(e) {
        *out = F::lane::<I>([*a, *b, *c, *d, *e]);
    }
}

/// Puts the results where the first operand is.
#[inline(always)]
fn update<I: Arithmetic, F: Formula>(values: &mut [u32], b: &[u32], c: &[u32], d: &[u32], e: &[u32]) {
    for ((((value, b), c), d), e) in values.iter_mut().zip(b).zip(c).zip(d).zip(e) {
        *value = F::lane::<I>([*value, *b, *c, *d, *e]);
    }
}

/// # Safety
/// As for [`Block`].
#[inline(always)]
unsafe fn block_lanes<I: Arithmetic, F: Formula>(
    operands: [*const u32; OPERANDS],
    out: *mut u32,
    lanes: usize,
) {
    use std::slice::{from_raw_parts, from_raw_parts_mut};
    let whole = lanes - lanes % GROUP;
    // The last group overlaps the one before.
    let (last, rest) = (lanes - GROUP, lanes - whole);
    // SAFETY: `lanes` valid lanes each, of which at least a group, by the contract of `Block`; `out` apart from the operands
    // but for the first, which is not read as such where they are the same.
    unsafe {
        if F::UPDATES && operands[0] == out.cast_const() {
            let [_, others @ ..] = operands;
            let [b, c, d, e] = others.map(|other| from_raw_parts(other, whole));
            update::<I, F>(from_raw_parts_mut(out, whole), b, c, d, e);
            if rest > 0 {
                // Of the last group, what the one before has updated stays.
                let [b, c, d, e] = others.map(|other| from_raw_parts(other.add(last), GROUP));
                let mut values = out.add(last).cast::<[u32; GROUP]>().read_unaligned();
                update::<I, F>(&mut values, b, c, d, e);
                std::ptr::copy_nonoverlapping(values.as_ptr().add(GROUP - rest), out.add(whole), rest);
            }
        } else {
            let [a, b, c, d, e] = operands.map(|operand| from_raw_parts(operand, whole));
            apply::<I, F>(a, b, c, d, e, from_raw_parts_mut(out, whole));
            if rest > 0 {
                let [a, b, c, d, e] = operands.map(|operand| from_raw_parts(operand.add(last), GROUP));
                apply::<I, F>(a, b, c, d, e, from_raw_parts_mut(out.add(last), GROUP));
            }
        }
    }
}

/// # Safety
/// As for [`InPlace`].
#[inline(always)]
unsafe fn in_place_lanes<I: Arithmetic, F: Formula>(values: *mut f32, lanes: usize) {
    let values: *mut u32 = values.cast();
    let whole = lanes - lanes % GROUP;
    let rest = lanes - whole;
    // SAFETY: `lanes` valid lanes by the contract of `InPlace`, of which `rest` follow the whole groups.
    unsafe {
        for value in std::slice::from_raw_parts_mut(values, whole) {
            *value = F::lane::<I>([*value; OPERANDS]);
        }
        if rest > 0 {
            let mut last = [0; GROUP];
            std::ptr::copy_nonoverlapping(values.add(whole), last.as_mut_ptr(), rest);
            for value in &mut last {
                *value = F::lane::<I>([*value; OPERANDS]);
            }
            std::ptr::copy_nonoverlapping(last.as_ptr(), values.add(whole), rest);
        }
    }
}

/// The two entries of every formula, compiled with the given features.
macro_rules! compile {
    ($module:ident, $arithmetic:ty $(, $features:literal)?) => {
        pub(crate) mod $module {
            use super::*;

            /// # Safety
            /// As for [`Block`].
            $(#[target_feature(enable = $features)])?
            pub unsafe fn block<F: Formula>(operands: [*const u32; OPERANDS], out: *mut u32, lanes: usize) {
                // SAFETY: the same contract.
                unsafe { block_lanes::<$arithmetic, F>(operands, out, lanes) }
            }

            /// # Safety
            /// As for [`InPlace`].
            $(#[target_feature(enable = $features)])?
            pub unsafe fn in_place<F: Formula>(values: *mut f32, lanes: usize) {
                // SAFETY: the same contract.
                unsafe { in_place_lanes::<$arithmetic, F>(values, lanes) }
            }
        }
    };
}

compile!(portable, Portable);
#[cfg(target_arch = "x86_64")]
compile!(avx2, Fused, "avx2,fma");
#[cfg(target_arch = "x86_64")]
compile!(avx512, Fused, "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl");

/// The loop over a block for an instruction set that the machine has.
pub fn block<F: Formula>(isa: Isa) -> Block {
    assert!(isa.is_available(), "the machine has the instruction set");
    match isa.vectors() {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2::block::<F>,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512::block::<F>,
        _ => portable::block::<F>,
    }
}

/// The loop in place for an instruction set that the machine has.
pub fn in_place<F: Formula>(isa: Isa) -> InPlace {
    assert!(isa.is_available(), "the machine has the instruction set");
    match isa.vectors() {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2::in_place::<F>,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512::in_place::<F>,
        _ => portable::in_place::<F>,
    }
}

/// A list of operations on lanes, one line each: variant, name, floating-point operations (for estimates of cost) and
/// formula, an expression over the operands named in the heading and the instruction set `I`.
macro_rules! formulas {
    (
        $(#[$documentation:meta])*
        enum $list:ident, mod $module:ident, $operands:tt -> $out:ty;
        $($variant:ident, $name:literal, $flops:literal, $formula:expr;)+
    ) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $list {
            $($variant,)+
        }

        impl $list {
            /// Every operation of the list.
            pub const ALL: &[$list] = &[$($list::$variant,)+];

            /// The name that programs use.
            pub const fn name(self) -> &'static str {
                match self {
                    $($list::$variant => $name,)+
                }
            }

            /// About how many floating-point operations a lane costs.
            pub const fn flops(self) -> u64 {
                match self {
                    $($list::$variant => $flops,)+
                }
            }

            /// The loop over a block, for an instruction set that the machine has.
            pub fn block(self, isa: $crate::Isa) -> $crate::lanes::Block {
                match self {
                    $($list::$variant => $crate::lanes::block::<$module::$variant>(isa),)+
                }
            }
        }

        pub(crate) mod $module {
            $(
                pub struct $variant;
                $crate::lanes::formula!($variant, $operands -> $out, $formula);
            )+
        }
    };
}
pub(crate) use formulas;

/// Implements [`Formula`] for a type from an expression over one, two or three named operands.
macro_rules! formula {
    ($type:ty, ($x:ident: $xt:ty) -> $out:ty, $formula:expr) => {
        $crate::lanes::formula!($type, ($x: $xt, _y: $xt, _z: $xt) -> $out, $formula);
    };
    ($type:ty, ($x:ident: $xt:ty, $y:ident: $yt:ty) -> $out:ty, $formula:expr) => {
        $crate::lanes::formula!($type, ($x: $xt, $y: $yt, _z: $yt) -> $out, $formula);
    };
    ($type:ty, ($x:ident: $xt:ty, $y:ident: $yt:ty, $z:ident: $zt:ty) -> $out:ty, $formula:expr) => {
        impl $crate::lanes::Formula for $type {
            #[inline(always)]
            fn lane<I: $crate::lanes::Arithmetic>(operands: [u32; $crate::lanes::OPERANDS]) -> u32 {
                let $x = <$xt as $crate::lanes::Lane>::from_bits(operands[0]);
                let $y = <$yt as $crate::lanes::Lane>::from_bits(operands[1]);
                let $z = <$zt as $crate::lanes::Lane>::from_bits(operands[2]);
                let result: $out = $formula;
                $crate::lanes::Lane::to_bits(result)
            }
        }
    };
}
pub(crate) use formula;
