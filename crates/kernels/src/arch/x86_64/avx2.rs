//! Eight lanes in a ymm register, with AVX2 and FMA.

use crate::arch::vector::{MAX_LANES, Task, Vector};
use std::arch::x86_64::*;

#[derive(Clone, Copy)]
pub(crate) struct Avx2x8(__m256);

#[derive(Clone, Copy)]
pub(crate) struct Mask {
    lanes: __m256i,
    count: usize,
}

impl Vector for Avx2x8 {
    const LANES: usize = 8;
    const ASKS_AHEAD: bool = false;
    type Mask = Mask;

    #[target_feature(enable = "avx2,fma")]
    unsafe fn enter<T: Task>(task: T) {
        // SAFETY: this function is compiled for the instruction set, the rest is the caller's.
        unsafe { task.run::<Self>() }
    }

    #[inline(always)]
    unsafe fn mask(count: usize) -> Mask {
        // SAFETY: the machine has AVX2.
        let lanes = unsafe {
            _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
        };
        Mask { lanes, count }
    }

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the machine has AVX2.
        Avx2x8(unsafe { _mm256_setzero_ps() })
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the machine has AVX2.
        Avx2x8(unsafe { _mm256_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the machine has AVX2, the memory is the caller's.
        Avx2x8(unsafe { _mm256_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const f32, mask: Mask) -> Self {
        // SAFETY: the machine has AVX2, the memory is the caller's.
        Avx2x8(unsafe { _mm256_maskload_ps(from, mask.lanes) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the machine has AVX2, the memory is the caller's.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }

    /// Not by vmaskmovps, which takes a dozen cycles on AMD.
    #[inline(always)]
    unsafe fn store_masked(self, mut to: *mut f32, mask: Mask) {
        // SAFETY: the machine has AVX2, `count` lanes of the memory are the caller's.
        unsafe {
            if mask.count & 8 != 0 {
                return self.store(to);
            }
            let mut lanes = _mm256_castps256_ps128(self.0);
            if mask.count & 4 != 0 {
                _mm_storeu_ps(to, lanes);
                lanes = _mm256_extractf128_ps::<1>(self.0);
                to = to.add(4);
            }
            if mask.count & 2 != 0 {
                _mm_storel_pd(to.cast(), _mm_castps_pd(lanes));
                lanes = _mm_movehl_ps(lanes, lanes);
                to = to.add(2);
            }
            if mask.count & 1 != 0 {
                _mm_store_ss(to, lanes);
            }
        }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the machine has AVX2.
        Avx2x8(unsafe { _mm256_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        // SAFETY: the machine has AVX2.
        Avx2x8(unsafe { _mm256_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: the machine has FMA.
        Avx2x8(unsafe { _mm256_fmadd_ps(self.0, factor.0, addend.0) })
    }

    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // SAFETY: the machine has AVX2. The instruction returns its second operand where either is NaN.
        Avx2x8(unsafe { _mm256_max_ps(_mm256_setzero_ps(), self.0) })
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
        // SAFETY: the machine has AVX2.
        unsafe {
            for group in [0, 4] {
                let [a, b, c, d] = [0, 1, 2, 3].map(|row| square[group + row].0);
                let ab = [_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b)];
                let cd = [_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d)];
                for half in 0..2 {
                    square[group + 2 * half].0 = _mm256_shuffle_ps::<0b01_00_01_00>(ab[half], cd[half]);
                    square[group + 2 * half + 1].0 = _mm256_shuffle_ps::<0b11_10_11_10>(ab[half], cd[half]);
                }
            }
            for row in 0..4 {
                let (upper, lower) = (square[row].0, square[row + 4].0);
                square[row].0 = _mm256_permute2f128_ps::<0x20>(upper, lower);
                square[row + 4].0 = _mm256_permute2f128_ps::<0x31>(upper, lower);
            }
        }
    }
}
