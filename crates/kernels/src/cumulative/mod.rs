//! Running sums, products and maxima along an axis, and linear recurrences: each element follows from the one before it.

mod recurrence;
mod running;

pub use recurrence::LinearRecurrence;
pub use running::Running;

use crate::chunks::Chunks;
use crate::kernel::require_size;

/// Every element has four bytes.
const BYTES: usize = 4;
/// The most lines of a tile where the axis is not the last: what runs along them stays in the nearest cache.
const WIDTH: usize = 64;

/// The lines of a tensor along one axis, in tiles of neighbours. Lines do not depend on each other, and a line is one chain.
#[derive(Debug)]
struct Lines {
    outer: usize,
    extent: usize,
    inner: usize,
    /// Tiles side by side.
    across: usize,
    reverse: bool,
    chunks: Chunks,
}

/// Lines that lie side by side: element `index` of the first is at `first + index * inner`.
struct Tile {
    first: usize,
    lines: usize,
}

impl Lines {
    /// `operands` is how many tensors of that shape are read and written.
    ///
    /// # Panics
    /// When the shape has no such axis, or a size overflows.
    fn new(shape: &[usize], axis: usize, reverse: bool, operands: usize) -> Self {
        require_size(&[shape, &[BYTES, operands]].concat());
        let (outer, extent) = (shape[..axis].iter().product::<usize>(), shape[axis]);
        let inner: usize = shape[axis + 1..].iter().product();
        let across = inner.div_ceil(WIDTH);
        let weight = operands * BYTES * extent * inner.min(WIDTH);
        Lines { outer, extent, inner, across, reverse, chunks: Chunks::new(outer * across, weight) }
    }

    fn elements(&self) -> usize {
        self.outer * self.extent * self.inner
    }

    fn tiles(&self, chunk: u32) -> impl Iterator<Item = Tile> {
        self.chunks.range(chunk).map(|tile| {
            let column = tile % self.across * WIDTH;
            let first = tile / self.across * self.extent * self.inner + column;
            Tile { first, lines: WIDTH.min(self.inner - column) }
        })
    }

    /// The places along a line in the order in which it runs.
    #[inline(always)]
    fn order(&self) -> impl Iterator<Item = usize> + use<> {
        let (extent, reverse) = (self.extent, self.reverse);
        (0..extent).map(move |step| if reverse { extent - 1 - step } else { step })
    }
}

#[cfg(test)]
mod tests;
