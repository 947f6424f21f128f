//! The rows of each tap along the lines, copied apart from those of the other taps: then nothing lies between two lines.

use super::{Reading, Rows, Run};

impl Reading {
    /// Whether the rows of the taps can be copied apart: where steps are one, and there are no planes and groups.
    pub fn can_be_apart(&self) -> bool {
        let [planes, lines, columns] = &self.axes;
        let is_plain = planes.taps.len() == 1 && lines.advance == 1 && columns.advance == 1;
        is_plain && self.group == self.channels && !self.is_gathered
    }

    /// Elements of private memory for the rows of the taps apart.
    pub fn apart(&self) -> usize {
        let [_, lines, columns] = &self.axes;
        columns.taps.len() * lines.span(self.bands.part(0).len()) * columns.count * self.channels
    }

    /// The terms of a window, as they lie in the rows of the taps apart.
    pub fn runs_apart(&self) -> Vec<Run> {
        let [_, lines, columns] = &self.axes;
        let line = columns.count * self.channels;
        let tap = self.apart() / columns.taps.len().max(1);
        let mut runs = Vec::new();
        for piece in &self.pieces {
            for part in 0..piece.depth / self.group {
                let row = piece.row + part * self.group;
                let place = row / self.group;
                let (above, column) = (place / columns.taps.len(), place % columns.taps.len());
                let above = (lines.taps[above].offset - lines.start()) as usize;
                let source = column * tap + above * line;
                runs.push(Run { source, row, depth: self.group, lines: piece.lines });
            }
        }
        debug_assert!(lines.taps.len() * columns.taps.len() == runs.len());
        runs
    }

    /// Copies the rows of each tap along the lines apart.
    ///
    /// # Safety
    /// The rows are those of a unit with so many lines.
    pub unsafe fn copy_apart(&self, rows: &Rows, lines: usize, to: &mut [f32]) -> Rows {
        let columns = &self.axes[2];
        let line = columns.count * self.channels;
        let tap = self.apart() / columns.taps.len().max(1);
        for (to, column) in to.chunks_exact_mut(tap).zip(&columns.taps) {
            let source = (column.offset - columns.start()) as usize * self.channels;
            for (index, to) in to.chunks_exact_mut(line).take(self.axes[1].span(lines)).enumerate() {
                // SAFETY: a line of windows lies within the rows' memory.
                let from = unsafe {
                    std::slice::from_raw_parts(rows.from.add(index * rows.line_step + source), line)
                };
                to.copy_from_slice(from);
            }
        }
        Rows { from: to.as_ptr(), line_step: line, ..*rows }
    }
}
