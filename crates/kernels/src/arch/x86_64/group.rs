//! Four AVX-512 vectors that are computed together.

use super::quotients::{self, VECTORS};
use crate::arch::vector::{Lanes, Vector};
use crate::arch::x86_64::Avx512x16;
use std::arch::x86_64::*;

/// Lanes in four vectors.
///
/// # Safety
/// Every method needs a machine that has AVX-512.
#[derive(Clone, Copy)]
pub(crate) struct Group([__m512; VECTORS]);

/// An instruction of two operands on each vector.
macro_rules! each {
    ($($name:ident: $instruction:ident;)+) => {
        $(
            #[inline(always)]
            pub unsafe fn $name(self, other: Self) -> Self {
                let mut result = self;
                for i in 0..VECTORS {
                    // SAFETY: the machine has AVX-512.
                    result.0[i] = unsafe { $instruction(self.0[i], other.0[i]) };
                }
                result
            }
        )+
    };
}

impl Group {
    pub const LANES: usize = VECTORS * Avx512x16::LANES;

    each! {
        add: _mm512_add_ps;
        subtract: _mm512_sub_ps;
        multiply: _mm512_mul_ps;
    }

    /// Asks for the cache lines of a group.
    #[inline(always)]
    pub unsafe fn prefetch(from: *const f32) {
        for i in 0..VECTORS {
            // SAFETY: the machine has AVX-512.
            unsafe { Avx512x16::prefetch(from.wrapping_add(i * Avx512x16::LANES)) };
        }
    }

    #[inline(always)]
    pub unsafe fn zero() -> Self {
        // SAFETY: the machine has AVX-512.
        Group([unsafe { _mm512_setzero_ps() }; VECTORS])
    }

    /// As `Unary::Relu` has it, for NaN and zeros too.
    #[inline(always)]
    pub unsafe fn relu(self) -> Self {
        let mut result = self;
        for i in 0..VECTORS {
            // SAFETY: the machine has AVX-512.
            result.0[i] = unsafe { Avx512x16(self.0[i]).relu().add(Avx512x16::zero()).0 };
        }
        result
    }

    /// Loads all lanes, or if not `WHOLE` the first `count`; the others are zero then.
    #[inline(always)]
    pub unsafe fn load<const WHOLE: bool>(from: *const f32, count: usize) -> Self {
        // SAFETY: the machine has AVX-512, the memory is the caller's.
        unsafe {
            let mut result = Group::zero();
            for i in 0..VECTORS {
                let first = i * Avx512x16::LANES;
                let lanes = Lanes::<Avx512x16, WHOLE>::new(count.saturating_sub(first));
                result.0[i] = lanes.load(from.wrapping_add(first)).0;
            }
            result
        }
    }

    /// Stores all lanes, or if not `WHOLE` the first `count`.
    #[inline(always)]
    pub unsafe fn store<const WHOLE: bool>(self, to: *mut f32, count: usize) {
        // SAFETY: the machine has AVX-512, the memory is the caller's.
        unsafe {
            for i in 0..VECTORS {
                let first = i * Avx512x16::LANES;
                let lanes = Lanes::<Avx512x16, WHOLE>::new(count.saturating_sub(first));
                lanes.store(Avx512x16(self.0[i]), to.wrapping_add(first));
            }
        }
    }

    /// The quotients, those of the first `DIVIDER` vectors by the divider.
    #[inline(always)]
    pub unsafe fn divide<const DIVIDER: usize>(self, divisor: Self) -> Self {
        // SAFETY: the machine has AVX-512.
        Group(unsafe { quotients::divide::<DIVIDER>(self.0, divisor.0) })
    }

    /// The square roots, those of the first `DIVIDER` vectors by the divider.
    #[inline(always)]
    pub unsafe fn sqrt<const DIVIDER: usize>(self) -> Self {
        // SAFETY: the machine has AVX-512.
        Group(unsafe { quotients::sqrt::<DIVIDER>(self.0) })
    }
}
