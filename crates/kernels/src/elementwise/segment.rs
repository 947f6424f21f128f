//! The segments of an elementwise kernel, and how each is cut into blocks.

use super::BLOCK;
use std::ops::Range;

/// How a segment reads an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// One value for each element.
    Full,
    /// One value for all elements.
    Scalar,
    /// One value for each column, repeated for every row.
    Row,
    /// One value for each row.
    Column,
}

/// A stretch of elements that the tape runs over, as a matrix where an input is a row or a column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    pub rows: usize,
    pub columns: usize,
    /// How each input is read.
    pub access: Vec<Access>,
}

impl Segment {
    pub(super) fn elements(&self) -> usize {
        self.rows * self.columns
    }

    /// Whether an input is a row or a column.
    pub(super) fn reads_rows(&self) -> bool {
        self.access.iter().any(|access| matches!(access, Access::Row | Access::Column))
    }

    /// The elements of an input.
    pub(super) fn input_elements(&self, access: Access) -> usize {
        match access {
            Access::Full => self.elements(),
            Access::Scalar => 1,
            Access::Row => self.columns,
            Access::Column => self.rows,
        }
    }
}

/// The cut of a segment, or of a rectangle of it, into blocks. A block is whole rows, or part of one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks {
    /// The first element, counted in the segment and in its row.
    first: (usize, usize),
    /// The element with which the outputs begin.
    pub origin: usize,
    /// Elements that blocks do not cross: those of a row longer than a block, otherwise all.
    stretch: usize,
    /// From the first element of a stretch to that of the next.
    step: usize,
    /// Lanes of every block but the last of a stretch.
    pub lanes: usize,
    per_stretch: usize,
    pub count: usize,
}

impl Blocks {
    pub fn of(segment: &Segment) -> Self {
        Blocks::of_rectangle(segment, &(0..segment.rows), &(0..segment.columns))
    }

    /// The blocks of some columns of some rows.
    pub fn of_rectangle(segment: &Segment, rows: &Range<usize>, columns: &Range<usize>) -> Self {
        let first = (rows.start * segment.columns + columns.start, columns.start);
        let (height, width) = (rows.len(), columns.len());
        if height * width == 0 {
            return Blocks { first, origin: 0, stretch: 0, step: 0, lanes: 0, per_stretch: 1, count: 0 };
        }
        let whole_rows = width == segment.columns;
        let by_rows = segment.reads_rows();
        let (stretch, lanes) = if !whole_rows || (by_rows && width > BLOCK) {
            (width, width.div_ceil(width.div_ceil(BLOCK)))
        } else if by_rows {
            (height * width, (BLOCK / width * width).min(height * width))
        } else {
            (height * width, BLOCK.min(height * width))
        };
        let per_stretch = stretch.div_ceil(lanes);
        let step = if whole_rows { stretch } else { segment.columns };
        Blocks {
            first,
            origin: 0,
            stretch,
            step,
            lanes,
            per_stretch,
            count: height * width / stretch * per_stretch,
        }
    }

    /// The blocks of a range of elements, into outputs that begin with the first of them.
    ///
    /// # Panics
    /// When an input is a row or a column, and the range does not consist of rows.
    pub fn of_elements(segment: &Segment, elements: Range<usize>) -> Self {
        let origin = elements.start;
        if segment.reads_rows() {
            let columns = segment.columns;
            assert!(
                elements.start.is_multiple_of(columns) && elements.end.is_multiple_of(columns),
                "whole rows"
            );
            let rows = elements.start / columns..elements.end / columns;
            return Blocks { origin, ..Blocks::of_rectangle(segment, &rows, &(0..columns)) };
        }
        let segment = Segment { rows: 1, columns: elements.len(), access: Vec::new() };
        Blocks { first: (origin, origin), origin, ..Blocks::of(&segment) }
    }

    /// Whether each begins where the one before ends.
    pub fn are_contiguous(&self) -> bool {
        self.step == self.stretch
    }

    pub fn block(&self, index: usize) -> Block {
        let (stretch, part) = (index / self.per_stretch, index % self.per_stretch);
        let offset = part * self.lanes;
        Block {
            start: self.first.0 + stretch * self.step + offset,
            offset: self.first.1 + offset,
            before: stretch * self.stretch + offset,
            lanes: self.lanes.min(self.stretch - offset),
        }
    }
}

/// The elements that a tape computes at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// The first element, counted in the segment.
    pub start: usize,
    /// The first element, counted in its row where blocks are parts of rows.
    pub offset: usize,
    /// The elements in the blocks before.
    pub before: usize,
    pub lanes: usize,
}
