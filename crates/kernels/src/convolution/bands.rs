//! Lines of an image that are computed together.

use crate::matmul::Split;
use std::ops::Range;

/// Some lines cut into bands of a few: of pairs of lines, unless a band has but one line, so that windows of two lines can be pooled in one band.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bands {
    lines: usize,
    /// Lines of an item, of which a band has some.
    item: usize,
    items: Split,
}

impl Bands {
    /// Bands of so many lines, or one more.
    pub fn new(lines: usize, each: usize) -> Self {
        let item = each.clamp(1, 2);
        Bands { lines, item, items: Split::by_size(lines.div_ceil(item), each.div_ceil(item).max(1)) }
    }

    /// Whether all but the last are of pairs of lines.
    pub fn are_of_pairs(&self) -> bool {
        self.item == 2
    }

    pub fn count(&self) -> usize {
        self.items.parts
    }

    /// The lines of a band. None has more than the first.
    pub fn lines(&self, index: usize) -> Range<usize> {
        let items = self.items.part(index);
        items.start * self.item..self.lines.min(items.end * self.item)
    }

    /// The most lines of a band.
    pub fn most(&self) -> usize {
        self.lines(0).len()
    }
}
