//! Splitting f32 into bf16 parts, packed as tiles.
//!
//! A number is the sum of its parts, each the nearest bf16 to what the parts before it left over: 8 bits each, so that three
//! parts are exact ("Leveraging the bfloat16 Artificial Intelligence Datatype For Higher-Precision Computations", Henry, Tang
//! and Heinecke, 2019).

use super::{DEPTH, Layout, PANEL, ROWS, TILE};
use crate::arch::{Avx512x16, MAX_LANES, Vector};
use std::arch::x86_64::*;

const ROW_BYTES: usize = TILE / ROWS;

/// Some lines, rows of A or columns of B, over some depth along k: panels of [`PANEL`] lines, of which the last may have fewer.
#[derive(Clone, Copy)]
pub(crate) struct Lines {
    pub from: *const f32,
    /// Whether a line lies contiguous in memory, or else the elements of all lines at one place along k.
    pub contiguous: bool,
    /// From one line to the next where lines are contiguous, else from one place along k to the next.
    pub stride: usize,
    pub count: usize,
    pub depth: usize,
}

/// Which side of a product a panel is on, and so the order of its tiles.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// A row of a tile is [`DEPTH`] elements of a line.
    A,
    /// A row of a tile is a pair of elements of each line.
    B,
}

/// Packs the parts of lines, filled up with zeros: a panel every `stride` elements, its tiles as the layout has them. Returns whether
/// the parts stand for all elements: an infinity, a NaN, a number that rounds to infinity in bf16, and one whose last part would be
/// denormal have no parts.
///
/// # Safety
/// The machine has AVX-512 with BF16, the lines are valid for reads, and `to` for writes of all steps of their panels.
pub(crate) unsafe fn pack(
    parts: usize,
    side: Side,
    lines: &Lines,
    to: *mut f32,
    layout: &Layout,
    stride: usize,
) -> bool {
    // SAFETY: the caller's.
    unsafe {
        match (parts, side) {
            (1, Side::A) => pack_parts::<1, true>(lines, to, layout, stride),
            (2, Side::A) => pack_parts::<2, true>(lines, to, layout, stride),
            (_, Side::A) => pack_parts::<3, true>(lines, to, layout, stride),
            (1, Side::B) => pack_parts::<1, false>(lines, to, layout, stride),
            (2, Side::B) => pack_parts::<2, false>(lines, to, layout, stride),
            (_, Side::B) => pack_parts::<3, false>(lines, to, layout, stride),
        }
    }
}

/// Splits rows of so many elements, which follow one another, as [`row_elements`](super::row_elements) has them. Returns what [`pack`]
/// does.
///
/// # Safety
/// The machine has AVX-512 with BF16, the rows are valid for reads, and `to` for writes of their parts.
pub(crate) unsafe fn split_rows(
    parts: usize,
    from: *const f32,
    rows: usize,
    elements: usize,
    to: *mut f32,
) -> bool {
    // SAFETY: the caller's.
    unsafe {
        match parts {
            1 => split_rows_in::<1>(from, rows, elements, to),
            2 => split_rows_in::<2>(from, rows, elements, to),
            _ => split_rows_in::<3>(from, rows, elements, to),
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")]
unsafe fn split_rows_in<const PARTS: usize>(
    from: *const f32,
    rows: usize,
    elements: usize,
    to: *mut f32,
) -> bool {
    let mut range = Range::new();
    let mut to = to.cast::<u8>();
    for row in 0..rows {
        for first in (0..elements).step_by(DEPTH) {
            // SAFETY: masked loads read the row alone, and the parts have room, by the contract of `split_rows`.
            unsafe {
                let from = from.add(row * elements + first);
                let rest = elements - first;
                let [x, y] = match rest >= DEPTH {
                    true => [Avx512x16::load(from), Avx512x16::load(from.add(ROWS))],
                    false => [0, ROWS].map(|half| {
                        let mask = Avx512x16::mask(rest.saturating_sub(half).min(ROWS));
                        Avx512x16::load_masked(from.wrapping_add(half), mask)
                    }),
                };
                split::<PARTS, true>(x, y, to, ROW_BYTES, &mut range);
                to = to.add(PARTS * ROW_BYTES);
            }
        }
    }
    range.has_parts()
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")]
unsafe fn pack_parts<const PARTS: usize, const SIDE_A: bool>(
    lines: &Lines,
    to: *mut f32,
    layout: &Layout,
    stride: usize,
) -> bool {
    let mut range = Range::new();
    let Layout { row: row_bytes, part, step: step_bytes } = *layout;
    let (steps, tiles) = (lines.depth.div_ceil(DEPTH), lines.count.div_ceil(PANEL) * 2);
    // Memory is read in long runs, which the processor fetches ahead.
    for index in 0..steps * tiles {
        let (step, tile) =
            if lines.contiguous { (index % steps, index / steps) } else { (index / tiles, index % tiles) };
        let (line, k) = (tile * ROWS, step * DEPTH);
        // SAFETY: by the contract of `pack`: the tile lies in `to`, and squares read what is in the lines alone.
        unsafe {
            let to = to.add(tile / 2 * stride).cast::<u8>();
            let to = to.add(step * step_bytes + tile % 2 * ROWS * row_bytes);
            if SIDE_A {
                let [first, second] = [0, ROWS].map(|half| square::<true>(lines, line, k + half));
                for row in 0..ROWS {
                    let to = to.add(row * row_bytes);
                    split::<PARTS, true>(first[row], second[row], to, part, &mut range);
                }
            } else {
                for half in 0..2 {
                    let square = square::<false>(lines, line, k + half * ROWS);
                    let rows = to.add(half * (ROWS / 2) * row_bytes);
                    for pair in 0..ROWS / 2 {
                        let [x, y] = [square[2 * pair], square[2 * pair + 1]];
                        split::<PARTS, false>(x, y, rows.add(pair * row_bytes), part, &mut range);
                    }
                }
            }
        }
    }
    range.has_parts()
}

/// A square of elements, lines by places along k, with a line in each vector if `LINES`, else a place along k. What is not in
/// the panel is zero.
///
/// # Safety
/// The machine has AVX-512, and the lines are valid for reads.
#[inline(always)]
unsafe fn square<const LINES: bool>(of: &Lines, line: usize, k: usize) -> [Avx512x16; MAX_LANES] {
    let (lines, depth) = (of.count.saturating_sub(line).min(ROWS), of.depth.saturating_sub(k).min(ROWS));
    let (rows, lanes, from) = match of.contiguous {
        true => (lines, depth, of.from.wrapping_add(line * of.stride + k)),
        false => (depth, lines, of.from.wrapping_add(k * of.stride + line)),
    };
    // SAFETY: `rows` rows of `lanes` elements remain in the lines; no other place is read.
    unsafe {
        let mut square = [Avx512x16::zero(); MAX_LANES];
        if rows == ROWS && lanes == ROWS {
            for row in 0..ROWS {
                square[row] = Avx512x16::load(from.add(row * of.stride));
            }
        } else {
            let mask = Avx512x16::mask(lanes);
            for row in 0..ROWS {
                let mask = if row < rows { mask } else { 0 };
                square[row] = Avx512x16::load_masked(from.wrapping_add(row * of.stride), mask);
            }
        }
        if of.contiguous != LINES {
            Avx512x16::transpose(&mut square);
        }
        square
    }
}

/// Stores the parts of two vectors at a distance from one another: one vector after the other, or else interleaved.
///
/// # Safety
/// The function is compiled for AVX-512 with BF16, and `to` is valid for the parts.
#[inline(always)]
unsafe fn split<const PARTS: usize, const IN_TURN: bool>(
    x: Avx512x16,
    y: Avx512x16,
    to: *mut u8,
    distance: usize,
    range: &mut Range,
) {
    let (mut x, mut y) = (x.0, y.0);
    // SAFETY: by the contract above.
    unsafe {
        for part in 0..PARTS {
            // Rounds to nearest even, and denormals to zero.
            let both: __m512i = std::mem::transmute(_mm512_cvtne2ps_pbh(y, x));
            if part == 0 {
                range.add(both);
            }
            let (stored, x_part, y_part) = if IN_TURN {
                let widened = |half| _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(half));
                let (low, high) = (_mm512_castsi512_si256(both), _mm512_extracti64x4_epi64::<1>(both));
                (both, widened(low), widened(high))
            } else {
                let pairs = _mm512_permutexvar_epi16(interleaving(), both);
                let high = _mm512_and_si512(pairs, _mm512_set1_epi32(0xFFFF_0000u32 as i32));
                (pairs, _mm512_slli_epi32::<16>(pairs), high)
            };
            _mm512_storeu_si512(to.add(part * distance).cast(), stored);
            x = _mm512_sub_ps(x, _mm512_castsi512_ps(x_part));
            y = _mm512_sub_ps(y, _mm512_castsi512_ps(y_part));
        }
    }
}

/// The permutation of 32 words that puts the second half between the first.
///
/// # Safety
/// The machine has AVX-512.
#[inline(always)]
unsafe fn interleaving() -> __m512i {
    const WORDS: [u16; 32] = {
        let mut words = [0; 32];
        let mut place = 0;
        while place < 32 {
            words[place] = (place / 2 + place % 2 * 16) as u16;
            place += 1;
        }
        words
    };
    // SAFETY: reads the 64 bytes of the constant.
    unsafe { _mm512_loadu_si512(WORDS.as_ptr().cast()) }
}

/// The largest first part, and the least that is not zero, less one: as words without a sign, in every lane.
struct Range {
    largest: __m512i,
    least: __m512i,
}

/// The word of the least number whose last part is sure to be normal, 2⁻¹⁰⁸, and that of infinity.
const LEAST: u16 = 0x0980;
const INFINITY: u16 = 0x7F80;

impl Range {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new() -> Self {
        Range { largest: _mm512_setzero_si512(), least: _mm512_set1_epi32(-1) }
    }

    /// # Safety
    /// The machine has AVX-512.
    #[inline(always)]
    unsafe fn add(&mut self, words: __m512i) {
        // SAFETY: by the contract above.
        unsafe {
            let magnitudes = _mm512_and_si512(words, _mm512_set1_epi16(i16::MAX));
            // Zero less one is above all others.
            let less_one = _mm512_add_epi16(magnitudes, _mm512_set1_epi16(-1));
            self.largest = _mm512_max_epu16(self.largest, magnitudes);
            self.least = _mm512_min_epu16(self.least, less_one);
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn has_parts(&self) -> bool {
        _mm512_cmplt_epu16_mask(self.largest, _mm512_set1_epi16(INFINITY as i16))
            & _mm512_cmpge_epu16_mask(self.least, _mm512_set1_epi16(LEAST as i16 - 1))
            == u32::MAX
    }
}
