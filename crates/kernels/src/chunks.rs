//! The cut of a kernel's work into chunks, which follows from its shape alone.

use std::ops::Range;

/// Memory traffic, in bytes, that one chunk is worth: a few microseconds.
pub(crate) const GRAIN: usize = 64 << 10;

/// The most chunks of one phase.
pub(crate) const LIMIT: usize = 64;

/// One phase over a number of equal items: fewer chunks than items, each a range of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunks {
    items: usize,
    count: [u32; 1],
}

impl Chunks {
    /// Cuts `items` items of which each is worth `weight` bytes of memory traffic.
    pub fn new(items: usize, weight: usize) -> Self {
        let count = (items.saturating_mul(weight) / GRAIN).min(LIMIT).min(items).max(1);
        Chunks { items, count: [count as u32] }
    }

    /// The phases of a kernel that has only this one.
    pub fn phases(&self) -> &[u32] {
        &self.count
    }

    pub fn count(&self) -> u32 {
        self.count[0]
    }

    /// The items of one chunk: the ranges are disjoint, and together they are all items.
    ///
    /// # Panics
    /// When there is no such chunk.
    pub fn range(&self, chunk: u32) -> Range<usize> {
        assert!(chunk < self.count(), "the chunk is one of its phase");
        part(self.items, self.count() as usize, chunk as usize)
    }
}

/// The `index`-th of `parts` nearly equal parts of `items` items.
pub(crate) fn part(items: usize, parts: usize, index: usize) -> Range<usize> {
    let (each, longer) = (items / parts, items % parts);
    let start = |index: usize| index * each + index.min(longer);
    start(index)..start(index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_tile_the_items() {
        for (items, weight) in
            [(0, 4), (1, 1 << 20), (7, 1 << 20), (1 << 20, 4), (1_000_003, 4), (100_000, 1)]
        {
            let chunks = Chunks::new(items, weight);
            let mut next = 0;
            for chunk in 0..chunks.count() {
                let range = chunks.range(chunk);
                assert_eq!(range.start, next);
                next = range.end;
            }
            assert_eq!(next, items);
            assert!(chunks.count() as usize <= LIMIT);
        }
    }

    #[test]
    fn small_work_is_one_chunk() {
        assert_eq!(Chunks::new(1000, 4).count(), 1);
        assert_eq!(Chunks::new(usize::MAX, usize::MAX).count(), LIMIT as u32);
    }
}
