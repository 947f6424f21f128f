//! Quotients and square roots of four vectors, some by multiply-adds while the divider computes the others.
//!
//! The bits are those of the exact instructions. From an approximation within 2⁻¹⁴, multiply-adds find a result within one
//! unit in the last place, whose remainder is exact; adding the remainder times the reciprocal then rounds right (Markstein,
//! "Computation of elementary functions on the IBM RISC System/6000 processor", 1990; Cornea, Harrison and Tang,
//! "Scientific computing on Itanium-based systems", 2002). That holds for whatever approximation within the bound: the
//! operands whose results lie nearest to a midpoint of two numbers were tried with all of them. Operands of which an
//! intermediate result may overflow or lose bits go to the exact instruction, with all of their group.

use std::arch::x86_64::*;

/// The vectors that are computed together.
pub(super) const VECTORS: usize = 4;

const SIGN: i32 = i32::MIN;

/// The lowest bit of the exponent, at which constants are added to exponents.
const EXPONENT: i32 = 1 << 23;

/// Added to the bits of a number, sets the bit `SAFE` exactly if its magnitude is in [2⁻⁷⁸, 2⁵⁰).
const SHIFT: i32 = (128 - (127 - 78)) * EXPONENT;
const SAFE: i32 = 128 * EXPONENT;

/// Added to the bits of a number, sets both bits `SAFE_DIVISOR` exactly if its magnitude is in [2⁻⁴⁰, 2²⁴).
const SHIFT_DIVISOR: i32 = (192 - (127 - 40)) * EXPONENT;
const SAFE_DIVISOR: i32 = 192 * EXPONENT;

/// Quotients, those of the first `DIVIDER` vectors by the divider.
///
/// # Safety
/// The machine has AVX-512.
#[inline(always)]
pub(super) unsafe fn divide<const DIVIDER: usize>(
    a: [__m512; VECTORS],
    b: [__m512; VECTORS],
) -> [__m512; VECTORS] {
    // SAFETY: the caller's.
    unsafe {
        let mut out_of_range = 0;
        let mut divisors = _mm512_set1_epi32(SAFE_DIVISOR);
        for i in DIVIDER..VECTORS {
            let nonzero = _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(a[i], _mm512_setzero_ps());
            let shifted = _mm512_add_epi32(_mm512_castps_si512(a[i]), _mm512_set1_epi32(SHIFT));
            out_of_range |= _mm512_mask_testn_epi32_mask(nonzero, shifted, _mm512_set1_epi32(SAFE));
            let shifted = _mm512_add_epi32(_mm512_castps_si512(b[i]), _mm512_set1_epi32(SHIFT_DIVISOR));
            divisors = _mm512_and_si512(divisors, shifted);
        }
        out_of_range |= _mm512_cmpneq_epi32_mask(divisors, _mm512_set1_epi32(SAFE_DIVISOR));
        let mut quotients = a;
        if out_of_range == 0 {
            for i in 0..VECTORS {
                quotients[i] =
                    if i < DIVIDER { _mm512_div_ps(a[i], b[i]) } else { safe_quotient(a[i], b[i]) };
            }
        } else {
            for i in 0..VECTORS {
                quotients[i] = _mm512_div_ps(a[i], b[i]);
            }
        }
        quotients
    }
}

/// Square roots, those of the first `DIVIDER` vectors by the divider.
///
/// # Safety
/// The machine has AVX-512.
#[inline(always)]
pub(super) unsafe fn sqrt<const DIVIDER: usize>(x: [__m512; VECTORS]) -> [__m512; VECTORS] {
    // SAFETY: the caller's.
    unsafe {
        let mut out_of_range = 0;
        let mut nonzero = [0; VECTORS];
        for i in DIVIDER..VECTORS {
            nonzero[i] = _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(x[i], _mm512_setzero_ps());
            // As signed integers, those of negative numbers are less too.
            let shifted = _mm512_add_epi32(_mm512_castps_si512(x[i]), _mm512_set1_epi32(SHIFT));
            out_of_range |= _mm512_mask_cmplt_epi32_mask(nonzero[i], shifted, _mm512_set1_epi32(SAFE));
        }
        let mut roots = x;
        if out_of_range == 0 {
            for i in 0..VECTORS {
                roots[i] = if i < DIVIDER { _mm512_sqrt_ps(x[i]) } else { safe_root(x[i], nonzero[i]) };
            }
        } else {
            for i in 0..VECTORS {
                roots[i] = _mm512_sqrt_ps(x[i]);
            }
        }
        roots
    }
}

/// # Safety
/// The machine has AVX-512.
#[inline(always)]
unsafe fn safe_quotient(a: __m512, b: __m512) -> __m512 {
    // With the error rounded up, the reciprocal rounds right for a significand of ones too, where it is next to a midpoint.
    const UP: i32 = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC;
    // SAFETY: the caller's.
    unsafe {
        let approximation = _mm512_rcp14_ps(b);
        let error = _mm512_fnmadd_round_ps::<UP>(b, approximation, _mm512_set1_ps(1.0));
        let error = _mm512_fmadd_round_ps::<UP>(error, error, error);
        let reciprocal = _mm512_fmadd_ps(approximation, error, approximation);
        let first = _mm512_mul_ps(a, reciprocal);
        let remainder = _mm512_fnmadd_ps(b, first, a);
        let second = _mm512_fmadd_ps(remainder, reciprocal, first);
        let remainder = _mm512_fnmadd_ps(b, second, a);
        let quotient = _mm512_fmadd_ps(remainder, reciprocal, second);
        // The sign of -0 / b is lost where the remainder is added.
        let [first, quotient] = [_mm512_castps_si512(first), _mm512_castps_si512(quotient)];
        let sign = _mm512_set1_epi32(SIGN);
        _mm512_castsi512_ps(_mm512_ternarylogic_epi32::<0b1111_1000>(quotient, first, sign))
    }
}

/// # Safety
/// The machine has AVX-512.
#[inline(always)]
unsafe fn safe_root(x: __m512, nonzero: __mmask16) -> __m512 {
    // SAFETY: the caller's.
    unsafe {
        let half = _mm512_set1_ps(0.5);
        // Zero as that of zero carries its sign through.
        let approximation = _mm512_maskz_rsqrt14_ps(nonzero, x);
        let root = _mm512_mul_ps(x, approximation);
        let half_reciprocal = _mm512_mul_ps(half, approximation);
        let error = _mm512_fnmadd_ps(root, half_reciprocal, half);
        let root = _mm512_fmadd_ps(root, error, root);
        let half_reciprocal = _mm512_fmadd_ps(half_reciprocal, error, half_reciprocal);
        let remainder = _mm512_fnmadd_ps(root, root, x);
        _mm512_fmadd_ps(remainder, half_reciprocal, root)
    }
}

#[cfg(test)]
mod tests;
