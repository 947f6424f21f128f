//! Offsets for all values of a step in one arena, by lifetime.

/// A cache line, and the width of the widest vector.
pub const ALIGNMENT: usize = 64;

/// The size of a slot for so many bytes.
pub fn aligned(bytes: usize) -> usize {
    bytes.next_multiple_of(ALIGNMENT)
}

/// Assigns offsets, instruction by instruction: the smallest gap that holds a value (best fit), else the end.
#[derive(Debug, Default)]
pub struct Arena {
    /// Free gaps in order of their offset, never adjacent to each other or to the end.
    gaps: Vec<Gap>,
    end: usize,
    peak: usize,
}

#[derive(Debug)]
struct Gap {
    offset: usize,
    size: usize,
}

impl Arena {
    /// A slot for so many bytes.
    pub fn take(&mut self, bytes: usize) -> usize {
        let size = aligned(bytes);
        let fitting = self.gaps.iter().enumerate().filter(|(_, gap)| gap.size >= size);
        let Some((index, _)) = fitting.min_by_key(|(_, gap)| gap.size) else {
            return self.extend(size);
        };
        let gap = &mut self.gaps[index];
        let offset = gap.offset;
        gap.offset += size;
        gap.size -= size;
        if gap.size == 0 {
            self.gaps.remove(index);
        }
        offset
    }

    fn extend(&mut self, size: usize) -> usize {
        let offset = self.end;
        self.end = offset.saturating_add(size);
        self.peak = self.peak.max(self.end);
        offset
    }

    /// Returns the slot at `offset` that was taken for so many bytes.
    pub fn give_back(&mut self, offset: usize, bytes: usize) {
        let size = aligned(bytes);
        if size == 0 {
            return;
        }
        let index = self.gaps.partition_point(|gap| gap.offset < offset);
        self.gaps.insert(index, Gap { offset, size });
        self.join_with_next(index);
        if index > 0 {
            self.join_with_next(index - 1);
        }
        if let Some(last) = self.gaps.last()
            && last.offset + last.size == self.end
        {
            self.end = last.offset;
            self.gaps.pop();
        }
    }

    fn join_with_next(&mut self, index: usize) {
        if let Some(next) = self.gaps.get(index + 1)
            && self.gaps[index].offset + self.gaps[index].size == next.offset
        {
            self.gaps[index].size += next.size;
            self.gaps.remove(index + 1);
        }
    }

    /// The bytes that the arena must have.
    pub fn bytes(&self) -> usize {
        self.peak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_smallest_gap_that_fits() {
        let mut arena = Arena::default();
        let slots: Vec<_> = [256, 64, 128, 64].iter().map(|&bytes| (arena.take(bytes), bytes)).collect();
        arena.give_back(slots[0].0, slots[0].1);
        arena.give_back(slots[2].0, slots[2].1);
        assert_eq!(arena.take(100), slots[2].0);
        assert_eq!(arena.take(64), slots[0].0);
        assert_eq!(arena.bytes(), 512);
    }

    #[test]
    fn joins_gaps_and_shrinks_at_the_end() {
        let mut arena = Arena::default();
        let slots: Vec<_> = (0..4).map(|_| arena.take(60)).collect();
        for index in [1, 3, 2] {
            arena.give_back(slots[index], 60);
        }
        assert_eq!(arena.take(64 * 5), 64);
        assert_eq!(arena.bytes(), 64 * 6);
    }

    #[test]
    fn live_slots_never_overlap() {
        let mut arena = Arena::default();
        let mut live: Vec<(usize, usize)> = Vec::new();
        let mut state = 1u64;
        for _ in 0..5_000 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let draw = (state >> 33) as usize;
            if draw.is_multiple_of(3) && !live.is_empty() {
                let (offset, bytes) = live.swap_remove(draw / 3 % live.len());
                arena.give_back(offset, bytes);
            } else {
                let bytes = 1 + draw % 1000;
                let offset = arena.take(bytes);
                assert!(live.iter().all(|&(other, size)| offset + bytes <= other || other + size <= offset));
                assert!(offset.is_multiple_of(ALIGNMENT) && offset + bytes <= arena.bytes());
                live.push((offset, bytes));
            }
        }
    }
}
