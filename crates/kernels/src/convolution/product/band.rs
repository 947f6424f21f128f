//! A few lines of targets, which are computed together.

use super::Rows;
use std::ops::Range;

/// Targets of a band, and the rows that they are computed from.
pub(super) struct Band {
    pub rows: Rows,
    /// Its lines, and the pixels of one.
    pub lines: Range<usize>,
    pub width: usize,
    /// The first target; only the band need exist.
    pub c: *mut f32,
    pub line_step: usize,
    pub pixel_step: usize,
}

impl Band {
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
