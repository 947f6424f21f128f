//! Of sources, before they are multiplied.

use super::super::tiling::{Extent, SOURCES, TARGETS};
use super::{Lines, OverPlanes};
use crate::arch::{MAX_LANES, Vector};

/// Bᵀ d of one column of a tile of sources d, or of a row: (d₀ - d₂, d₁ + d₂, d₂ - d₁, d₁ - d₃).
#[inline(always)]
unsafe fn of_sources<V: Vector>([a, b, c, d]: [V; SOURCES]) -> [V; SOURCES] {
    // SAFETY: the caller's.
    unsafe { [a.subtract(c), b.add(c), c.subtract(b), b.subtract(d)] }
}

/// Bᵀ d B of a line of tiles d.
pub(in super::super) struct TransformSources {
    /// Where the lines of sources start, those that exist.
    pub lines: [Option<*const f32>; SOURCES],
    pub columns: Extent,
    pub channels: usize,
    /// The rows of the first tile.
    pub to: *mut f32,
    /// From one tile to the next.
    pub row: usize,
}

impl OverPlanes for TransformSources {
    #[inline(always)]
    unsafe fn run<V: Vector, const STRIDE: usize>(&self) {
        for channel in (0..self.channels).step_by(V::LANES) {
            // SAFETY: the caller's.
            unsafe {
                if channel + V::LANES <= self.channels {
                    self.walk::<V, STRIDE, true>(channel);
                } else {
                    self.walk::<V, STRIDE, false>(channel);
                }
            }
        }
    }
}

impl TransformSources {
    /// Bᵀ d of a column of a tile, zeros where it does not exist.
    #[inline(always)]
    unsafe fn column<V: Vector, const WHOLE: bool>(
        &self,
        lines: &Lines<V, WHOLE, SOURCES>,
        tile: usize,
        place: usize,
    ) -> [V; SOURCES] {
        // SAFETY: the lines are valid for the columns that exist.
        unsafe {
            match self.columns.source(tile, place) {
                Some(column) => of_sources(lines.load(column)),
                None => [V::zero(); SOURCES],
            }
        }
    }

    /// Transforms some channels of all tiles. Two tiles that follow one another share two columns of sources.
    #[inline(always)]
    unsafe fn walk<V: Vector, const STRIDE: usize, const WHOLE: bool>(&self, channel: usize) {
        // SAFETY: the lines are valid for the columns that exist, and the planes for all tiles.
        unsafe {
            let lines = Lines::<V, WHOLE, SOURCES>::new(&self.lines, self.channels, channel);
            let mut to = self.to.add(channel);
            let (mut first, mut second) = (self.column(&lines, 0, 0), self.column(&lines, 0, 1));
            // The next line of tiles reads two more lines of sources: they are asked for once a cache line.
            let (next, asks) =
                (TARGETS * self.columns.sources * self.channels, channel.is_multiple_of(MAX_LANES));
            for tile in 0..self.columns.tiles() {
                if asks {
                    let pixel = tile * TARGETS * self.channels + next;
                    for line in [2, 3] {
                        V::prefetch(lines.from[line].wrapping_add(pixel));
                        V::prefetch(lines.from[line].wrapping_add(pixel + self.channels));
                    }
                }
                let third = self.column(&lines, tile, 2);
                for line in 0..SOURCES {
                    let to = to.add(line * SOURCES * STRIDE);
                    first[line].subtract(third[line]).store(to);
                    second[line].add(third[line]).store(to.add(STRIDE));
                    third[line].subtract(second[line]).store(to.add(2 * STRIDE));
                }
                let fourth = self.column(&lines, tile, 3);
                for line in 0..SOURCES {
                    let to = to.add((line * SOURCES + 3) * STRIDE);
                    second[line].subtract(fourth[line]).store(to);
                }
                (first, second) = (third, fourth);
                to = to.add(self.row);
            }
        }
    }
}
