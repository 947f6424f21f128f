//! A few lines of targets, which are computed together.

use super::Rows;
use crate::arch::Vector;
use std::ops::Range;
use std::ptr::null;

/// Targets of a band, and the rows that they are computed from.
pub(super) struct Band<'a> {
    pub rows: Rows,
    /// Its lines, and the pixels of one.
    pub lines: Range<usize>,
    pub width: usize,
    /// The first target; only the band need exist.
    pub c: *mut f32,
    /// Where the first target of all would lie, and what lies beside all targets.
    pub start: *mut f32,
    pub beside: &'a [Beside],
    pub line_step: usize,
    pub pixel_step: usize,
}

/// Memory that is used along with the targets, or after them: as large a part of it as of them.
#[derive(Clone, Copy)]
pub(super) struct Beside {
    from: *const u8,
    /// Bytes for each target, in parts of 2^SHIFT.
    bytes: usize,
}

const SHIFT: u32 = 20;

impl Beside {
    pub const NOTHING: Beside = Beside { from: null(), bytes: 0 };

    /// Memory of so many bytes for so many targets.
    pub fn new(from: *const u8, bytes: usize, targets: usize) -> Self {
        Beside { from, bytes: ((bytes as u128) << SHIFT).checked_div(targets as u128).unwrap_or(0) as usize }
    }

    /// What belongs to a target.
    #[inline(always)]
    fn of(&self, target: usize) -> *const u8 {
        self.from.wrapping_add(target.wrapping_mul(self.bytes) >> SHIFT)
    }
}

impl Band<'_> {
    /// The lines of targets in which some pixels lie that are not empty.
    pub fn lines_of(&self, line: usize, pixels: &Range<usize>) -> Range<usize> {
        let first = self.lines.start + line;
        first + pixels.start / self.width..first + (pixels.end - 1) / self.width + 1
    }

    /// With all lines as one, where they follow one another, so that no line ends in a small tile.
    pub fn merged(mut self) -> Self {
        let rows = &mut self.rows;
        if rows.line_step == rows.pixels * rows.pixel_step && self.line_step == rows.pixels * self.pixel_step
        {
            rows.pixels *= std::mem::replace(&mut rows.lines, 1);
        }
        self
    }

    /// Asks for what lies beside some columns of so many targets, each `step` elements after the one before.
    #[inline(always)]
    pub fn ask<V: Vector>(&self, count: usize, c: *mut f32, step: usize) {
        let first = c.addr().wrapping_sub(self.start.addr()) / size_of::<f32>();
        for beside in self.beside.iter().take_while(|beside| beside.bytes > 0) {
            for target in 0..count {
                // SAFETY: prefetches never fault.
                unsafe { V::prefetch_next(beside.of(first + target * step).cast()) };
            }
        }
    }

    /// # Safety
    /// The band is the caller's own.
    pub unsafe fn fill(&self, c: *mut f32, columns: usize) {
        for line in 0..self.rows.lines {
            for pixel in 0..self.rows.pixels {
                let target = c.wrapping_add(line * self.line_step + pixel * self.pixel_step);
                // SAFETY: within the band.
                unsafe { target.write_bytes(0, columns) };
            }
        }
    }
}
