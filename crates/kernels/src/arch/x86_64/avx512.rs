//! Sixteen lanes in a zmm register, with AVX-512.

use crate::arch::vector::{MAX_LANES, Task, Vector};
use std::arch::x86_64::*;

#[derive(Clone, Copy)]
pub(crate) struct Avx512x16(pub(super) __m512);

impl Vector for Avx512x16 {
    const LANES: usize = 16;
    const ASKS_AHEAD: bool = true;
    type Mask = __mmask16;

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    unsafe fn enter<T: Task>(task: T) {
        // SAFETY: this function is compiled for the instruction set, the rest is the caller's.
        unsafe { task.run::<Self>() }
    }

    #[inline(always)]
    unsafe fn mask(count: usize) -> __mmask16 {
        ((1u32 << count) - 1) as __mmask16
    }

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the machine has AVX-512.
        Avx512x16(unsafe { _mm512_setzero_ps() })
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the machine has AVX-512.
        Avx512x16(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the machine has AVX-512, the memory is the caller's.
        Avx512x16(unsafe { _mm512_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const f32, mask: __mmask16) -> Self {
        // SAFETY: the machine has AVX-512, the memory is the caller's.
        Avx512x16(unsafe { _mm512_maskz_loadu_ps(mask, from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the machine has AVX-512, the memory is the caller's.
        unsafe { _mm512_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn store_masked(self, to: *mut f32, mask: __mmask16) {
        // SAFETY: the machine has AVX-512, the memory is the caller's.
        unsafe { _mm512_mask_storeu_ps(to, mask, self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the machine has AVX-512.
        Avx512x16(unsafe { _mm512_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        // SAFETY: the machine has AVX-512.
        Avx512x16(unsafe { _mm512_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: the machine has AVX-512.
        Avx512x16(unsafe { _mm512_fmadd_ps(self.0, factor.0, addend.0) })
    }

    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // SAFETY: the machine has AVX-512. The instruction returns its second operand where either is NaN.
        Avx512x16(unsafe { _mm512_max_ps(_mm512_setzero_ps(), self.0) })
    }

    #[inline(always)]
    unsafe fn prefetch(address: *const f32) {
        // SAFETY: a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }

    #[inline(always)]
    unsafe fn prefetch_next(address: *const f32) {
        // SAFETY: a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(address.cast()) }
    }

    #[inline(always)]
    unsafe fn transpose(square: &mut [Self; MAX_LANES]) {
        // SAFETY: the machine has AVX-512.
        unsafe {
            // 4 x 4 within each 128-bit lane, then the lanes as a 4 x 4 matrix.
            for group in [0, 4, 8, 12] {
                let [a, b, c, d] = [0, 1, 2, 3].map(|row| square[group + row].0);
                let ab = [_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b)];
                let cd = [_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d)];
                for half in 0..2 {
                    square[group + 2 * half].0 = _mm512_shuffle_ps::<0b01_00_01_00>(ab[half], cd[half]);
                    square[group + 2 * half + 1].0 = _mm512_shuffle_ps::<0b11_10_11_10>(ab[half], cd[half]);
                }
            }
            for row in 0..4 {
                let [a, b, c, d] = [0, 4, 8, 12].map(|group| square[group + row].0);
                let ab = [
                    _mm512_shuffle_f32x4::<0b10_00_10_00>(a, b),
                    _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b),
                ];
                let cd = [
                    _mm512_shuffle_f32x4::<0b10_00_10_00>(c, d),
                    _mm512_shuffle_f32x4::<0b11_01_11_01>(c, d),
                ];
                for half in 0..2 {
                    square[row + 4 * half].0 = _mm512_shuffle_f32x4::<0b10_00_10_00>(ab[half], cd[half]);
                    square[row + 4 * half + 8].0 = _mm512_shuffle_f32x4::<0b11_01_11_01>(ab[half], cd[half]);
                }
            }
        }
    }
}
