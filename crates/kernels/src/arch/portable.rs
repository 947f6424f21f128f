//! Lanes as an array, which the compiler turns into whatever the target has.

use super::vector::{MAX_LANES, Task, Vector};
use crate::lanes::{Arithmetic, Portable};

#[derive(Clone, Copy)]
pub(crate) struct Portable8([f32; 8]);

impl Vector for Portable8 {
    const LANES: usize = 8;
    const ASKS_AHEAD: bool = false;
    type Mask = usize;

    unsafe fn enter<T: Task>(task: T) {
        // SAFETY: the portable instruction set is everywhere, the rest is the caller's.
        unsafe { task.run::<Self>() }
    }

    #[inline(always)]
    unsafe fn mask(count: usize) -> usize {
        count
    }

    #[inline(always)]
    unsafe fn zero() -> Self {
        Portable8([0.0; 8])
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Portable8([value; 8])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's.
        Portable8(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const f32, mask: usize) -> Self {
        let mut lanes = [0.0; 8];
        for (lane, value) in lanes.iter_mut().enumerate() {
            if lane < mask {
                // SAFETY: the caller's, for `mask` lanes.
                *value = unsafe { *from.add(lane) };
            }
        }
        Portable8(lanes)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn store_masked(self, to: *mut f32, mask: usize) {
        for (lane, value) in self.0.into_iter().enumerate() {
            if lane < mask {
                // SAFETY: the caller's, for `mask` lanes.
                unsafe { *to.add(lane) = value };
            }
        }
    }

    #[inline(always)]
    unsafe fn add(mut self, other: Self) -> Self {
        for lane in 0..8 {
            self.0[lane] += other.0[lane];
        }
        self
    }

    #[inline(always)]
    unsafe fn subtract(mut self, other: Self) -> Self {
        for lane in 0..8 {
            self.0[lane] -= other.0[lane];
        }
        self
    }

    #[inline(always)]
    unsafe fn multiply_add(mut self, factor: Self, addend: Self) -> Self {
        for lane in 0..8 {
            self.0[lane] = Portable::fma(self.0[lane], factor.0[lane], addend.0[lane]);
        }
        self
    }

    #[inline(always)]
    unsafe fn relu(mut self) -> Self {
        for lane in 0..8 {
            self.0[lane] = if 0.0 > self.0[lane] { 0.0 } else { self.0[lane] };
        }
        self
    }

    #[inline(always)]
    unsafe fn prefetch(_address: *const f32) {}

    #[inline(always)]
    unsafe fn prefetch_next(_address: *const f32) {}

    #[inline(always)]
    unsafe fn transpose(square: &mut [Self; MAX_LANES]) {
        for row in 0..8 {
            for column in row + 1..8 {
                let upper = square[row].0[column];
                square[row].0[column] = square[column].0[row];
                square[column].0[row] = upper;
            }
        }
    }
}
