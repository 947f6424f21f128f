//! Reduction of contiguous rows.
//!
//! Sums are pairwise over blocks (Higham, The Accuracy of Floating Point Summation, 1993), and lanes are added in an
//! order that no instruction set changes, so all of them give the same bits.

use super::input::Input;
use super::operation::{Element, Operation};

/// Running values of a long row, enough to fill the registers of any instruction set.
const LANES: usize = 64;
/// Running values of a short row.
const SHORT_LANES: usize = 8;
/// Groups of lanes that are combined in registers.
const PACK: usize = 8;
/// Elements between two steps of the pairwise tree.
pub(super) const BLOCK: usize = 1024;

/// All elements of a row combined.
#[inline(always)]
pub(crate) fn reduce_row<T: Element, O: Operation<T>>(mut row: &[T]) -> T {
    let count = row.len();
    reduce_stretch::<T, O>(&mut row, 0, count, |element| element)
}

/// What is made of elements that follow one another, combined.
#[inline(always)]
pub(super) fn reduce_stretch<T: Element, O: Operation<T>>(
    input: &mut impl Input<T>,
    first: usize,
    count: usize,
    term: impl Fn(T) -> T + Copy,
) -> T {
    if count < LANES {
        return reduce_short::<T, O>(input.elements(first, count), term);
    }
    if count <= BLOCK {
        return reduce_block::<T, O>(input.elements(first, count), term);
    }
    let mut tree = Tree::<T, O>::new();
    for start in (0..count).step_by(BLOCK) {
        let block = input.elements(first + start, BLOCK.min(count - start));
        tree.push(reduce_block::<T, O>(block, term));
    }
    tree.total()
}

/// Combines values pairwise, as a binary counter carries: a value of level n stands for 2^n pushed ones.
struct Tree<T, O> {
    levels: [T; usize::BITS as usize],
    depth: usize,
    pushed: usize,
    operation: std::marker::PhantomData<O>,
}

impl<T: Element, O: Operation<T>> Tree<T, O> {
    #[inline(always)]
    fn new() -> Self {
        Tree { levels: [O::IDENTITY; _], depth: 0, pushed: 0, operation: std::marker::PhantomData }
    }

    #[inline(always)]
    fn push(&mut self, value: T) {
        self.levels[self.depth] = value;
        self.depth += 1;
        self.pushed += 1;
        for _ in 0..self.pushed.trailing_zeros() {
            self.merge();
        }
    }

    #[inline(always)]
    fn total(mut self) -> T {
        while self.depth > 1 {
            self.merge();
        }
        self.levels[0]
    }

    #[inline(always)]
    fn merge(&mut self) {
        self.depth -= 1;
        self.levels[self.depth - 1] = O::combine(self.levels[self.depth - 1], self.levels[self.depth]);
    }
}

/// A row of at most a block: its groups of lanes pairwise as far as they are many, then what is left over.
#[inline(always)]
fn reduce_block<T: Element, O: Operation<T>>(row: &[T], term: impl Fn(T) -> T + Copy) -> T {
    let (groups, rest) = row.as_chunks::<LANES>();
    let (packs, groups) = groups.as_chunks::<PACK>();
    let mut lanes = [O::IDENTITY; LANES];
    for pack in packs {
        for (lane, value) in lanes.iter_mut().enumerate() {
            let mut values = [O::IDENTITY; PACK];
            for (value, group) in values.iter_mut().zip(pack) {
                *value = term(group[lane]);
            }
            *value = O::combine(*value, fold::<T, O, PACK>(values));
        }
    }
    for group in groups {
        for (lane, value) in lanes.iter_mut().enumerate() {
            *value = O::combine(*value, term(group[lane]));
        }
    }
    let total = fold::<T, O, LANES>(lanes);
    if rest.is_empty() { total } else { O::combine(total, reduce_short::<T, O>(rest, term)) }
}

#[inline(always)]
fn reduce_short<T: Element, O: Operation<T>>(row: &[T], term: impl Fn(T) -> T + Copy) -> T {
    let (groups, rest) = row.as_chunks::<SHORT_LANES>();
    let mut total = O::IDENTITY;
    if let Some((first, groups)) = groups.split_first() {
        let mut lanes = first.map(term);
        for group in groups {
            for (lane, value) in lanes.iter_mut().zip(group) {
                *lane = O::combine(*lane, term(*value));
            }
        }
        total = fold::<T, O, SHORT_LANES>(lanes);
    }
    rest.iter().fold(total, |total, value| O::combine(total, term(*value)))
}

/// Combines the upper half of the values with the lower until one is left.
#[inline(always)]
fn fold<T: Element, O: Operation<T>, const N: usize>(mut values: [T; N]) -> T {
    let mut width = N;
    while width > 1 {
        width /= 2;
        for index in 0..width {
            values[index] = O::combine(values[index], values[index + width]);
        }
    }
    values[0]
}
