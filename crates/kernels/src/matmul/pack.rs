//! Copies of panels in the order in which the micro-kernel reads them.

use crate::arch::{MAX_LANES, Task, Vector};

/// Elements by which a transposing copy asks ahead along each of its columns.
const AHEAD: usize = 128;

/// Copies a panel of `width` columns by `depth` rows so that its rows follow one another without gaps.
///
/// For A the "columns" are the rows of the panel of A: each row of the copy is what one step along k multiplies.
pub(crate) struct PackPanel {
    pub from: *const f32,
    /// Whether the columns, rather than the rows, lie contiguous in `from`.
    pub transposed: bool,
    /// From one row (column, if transposed) of `from` to the next.
    pub stride: usize,
    pub depth: usize,
    pub width: usize,
    /// The length of a row of the copy: `width`, or more, filled with zeros, up to whole vectors.
    pub padded: usize,
    pub to: *mut f32,
}

impl Task for PackPanel {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller's.
        unsafe { if self.transposed { self.transpose::<V>() } else { self.copy::<V>() } }
    }
}

impl PackPanel {
    /// Stores lanes at one place of the copy. Lanes past the end of a row fall into the next row, which is stored
    /// later; only the end of the copy has to be guarded.
    #[inline(always)]
    unsafe fn store<V: Vector>(&self, lanes: V, row: usize, column: usize) {
        let place = row * self.padded + column;
        let room = self.depth * self.padded - place;
        // SAFETY: within the copy, which has room for `depth * padded` elements.
        unsafe {
            if room >= V::LANES {
                lanes.store(self.to.add(place));
            } else {
                lanes.store_masked(self.to.add(place), V::mask(room));
            }
        }
    }

    #[inline(always)]
    unsafe fn copy<V: Vector>(&self) {
        for column in (0..self.padded).step_by(V::LANES) {
            // SAFETY: the caller's, for the lanes of the mask; the store guards itself.
            unsafe {
                let mask = V::mask((self.width - column).min(V::LANES));
                for row in 0..self.depth {
                    let lanes = V::load_masked(self.from.add(row * self.stride + column), mask);
                    self.store(lanes, row, column);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn transpose<V: Vector>(&self) {
        for row in (0..self.depth).step_by(V::LANES) {
            let rows = (self.depth - row).min(V::LANES);
            for column in (0..self.padded).step_by(V::LANES) {
                let last = (self.width - column).min(V::LANES) - 1;
                // SAFETY: `rows` elements remain in each of the valid columns, the last of which stands in for those
                // past the end; the store guards itself, prefetches never fault.
                unsafe {
                    let mask = V::mask(rows);
                    let mut square = [V::zero(); MAX_LANES];
                    for lane in 0..V::LANES {
                        let column = column + lane.min(last);
                        let from = self.from.add(column * self.stride + row);
                        V::prefetch(from.wrapping_add(AHEAD));
                        square[lane] = V::load_masked(from, mask);
                    }
                    V::transpose(&mut square);
                    for (lane, lanes) in square.into_iter().enumerate().take(V::LANES) {
                        if lane < rows {
                            self.store(lanes, row + lane, column);
                        }
                    }
                }
            }
        }
    }
}
