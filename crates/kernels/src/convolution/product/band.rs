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

/// Memory with an element for each target, which is used after it.
#[derive(Clone, Copy)]
pub(super) struct Beside {
    pub from: *const u8,
    /// Of an element.
    pub bytes: usize,
}

impl Beside {
    pub const NOTHING: Beside = Beside { from: null(), bytes: 0 };
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
                let place = (first + target * step) * beside.bytes;
                // SAFETY: prefetches never fault.
                unsafe { V::prefetch_next(beside.from.wrapping_add(place).cast()) };
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
