//! Offsets for all values of a step in one arena, by lifetime.

use std::cmp::Reverse;

/// A cache line, and the width of the widest vector.
pub const ALIGNMENT: usize = 64;

/// The size of a slot for so many bytes.
pub fn aligned(bytes: usize) -> usize {
    bytes.next_multiple_of(ALIGNMENT)
}

/// Memory that is in use from one node to another.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub bytes: usize,
    pub first: usize,
    pub last: usize,
}

/// The offsets of slots.
#[derive(Debug)]
pub struct Arena {
    pub offsets: Vec<usize>,
    /// The bytes that the arena must have.
    pub bytes: usize,
    /// The most bytes that are in use at once, below which no choice of offsets can go.
    pub peak: usize,
}

impl Arena {
    /// Assigns offsets to the largest slots first (Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net
    /// Inference, 2020): each the smallest gap between those in use at the same time that holds it, else their end.
    pub fn new(slots: &[Slot]) -> Self {
        let mut largest_first: Vec<usize> = (0..slots.len()).collect();
        largest_first.sort_by_key(|&slot| (Reverse(slots[slot].bytes), slots[slot].first));
        let mut offsets = vec![0usize; slots.len()];
        // The slots that have an offset, in its order.
        let mut placed: Vec<usize> = Vec::new();
        let mut bytes = 0;
        for slot in largest_first {
            let size = aligned(slots[slot].bytes);
            let (mut end, mut best) = (0usize, None);
            for &other in placed.iter().filter(|&&other| slots[other].meets(&slots[slot])) {
                let gap = offsets[other].saturating_sub(end);
                if gap >= size && best.is_none_or(|(smallest, _)| gap < smallest) {
                    best = Some((gap, end));
                }
                end = end.max(offsets[other].saturating_add(aligned(slots[other].bytes)));
            }
            offsets[slot] = best.map_or(end, |(_, start)| start);
            bytes = bytes.max(offsets[slot].saturating_add(size));
            let place = placed.partition_point(|&other| offsets[other] <= offsets[slot]);
            placed.insert(place, slot);
        }
        Arena { offsets, bytes, peak: peak(slots) }
    }
}

impl Slot {
    fn meets(&self, other: &Slot) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

fn peak(slots: &[Slot]) -> usize {
    let mut begins: Vec<(usize, usize)> =
        slots.iter().map(|slot| (slot.first, aligned(slot.bytes))).collect();
    let mut ends: Vec<(usize, usize)> = slots.iter().map(|slot| (slot.last, aligned(slot.bytes))).collect();
    begins.sort_unstable();
    ends.sort_unstable();
    let mut ends = ends.into_iter().peekable();
    let (mut live, mut peak) = (0usize, 0);
    for (node, size) in begins {
        while let Some((_, size)) = ends.next_if(|&(last, _)| last < node) {
            live = live.saturating_sub(size);
        }
        live = live.saturating_add(size);
        peak = peak.max(live);
    }
    peak
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(bytes: usize, first: usize, last: usize) -> Slot {
        Slot { bytes, first, last }
    }

    #[test]
    fn fills_the_smallest_gap_that_fits() {
        // At node 1 three small slots lie among the large ones; two of the large ones end there.
        let slots = [slot(256, 0, 0), slot(200, 0, 2), slot(128, 0, 0), slot(100, 0, 2), slot(64, 1, 2)];
        let arena = Arena::new(&slots);
        assert_eq!(arena.offsets, [0, 256, 512, 640, 512]);
        assert_eq!((arena.bytes, arena.peak), (768, 768));
    }

    #[test]
    fn places_the_largest_first() {
        // By time the first would lie at the start, where it keeps the last one from following the second.
        let slots = [slot(64, 0, 1), slot(640, 0, 0), slot(704, 1, 1)];
        let arena = Arena::new(&slots);
        assert_eq!((arena.bytes, arena.peak), (768, 768));
    }

    #[test]
    fn slots_in_use_at_once_never_overlap() {
        let mut state = 1u64;
        let mut draw = |bound: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((state >> 33) % bound) as usize
        };
        for _ in 0..30 {
            let slots: Vec<Slot> = (0..200)
                .map(|_| {
                    let first = draw(100);
                    slot(draw(1000), first, first + draw(20))
                })
                .collect();
            let arena = Arena::new(&slots);
            let range = |at: usize| arena.offsets[at]..arena.offsets[at] + slots[at].bytes;
            for (a, slot) in slots.iter().enumerate() {
                assert!(range(a).end <= arena.bytes && range(a).start.is_multiple_of(ALIGNMENT));
                for b in (0..a).filter(|&b| slot.meets(&slots[b])) {
                    let (a, b) = (range(a), range(b));
                    assert!(a.is_empty() || b.is_empty() || a.end <= b.start || b.end <= a.start);
                }
            }
            let live = |node: usize| {
                let live = slots.iter().filter(|slot| (slot.first..=slot.last).contains(&node));
                live.map(|slot| aligned(slot.bytes)).sum::<usize>()
            };
            assert_eq!(Some(arena.peak), (0..120).map(live).max());
            assert!(arena.bytes >= arena.peak);
        }
    }
}
