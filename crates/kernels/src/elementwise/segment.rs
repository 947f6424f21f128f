//! The segments of an elementwise kernel, and how each is cut into blocks.

use super::BLOCK;

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

/// The cut of a segment into blocks. A block is whole rows, or part of one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks {
    /// Elements that blocks do not cross: those of a row longer than a block, otherwise all.
    stretch: usize,
    /// Lanes of every block but the last of a stretch.
    pub lanes: usize,
    per_stretch: usize,
    pub count: usize,
}

impl Blocks {
    pub fn of(segment: &Segment) -> Self {
        let elements = segment.elements();
        if elements == 0 {
            return Blocks { stretch: 0, lanes: 0, per_stretch: 1, count: 0 };
        }
        let by_rows = segment.access.iter().any(|access| matches!(access, Access::Row | Access::Column));
        let columns = segment.columns;
        let (stretch, lanes) = if by_rows && columns > BLOCK {
            (columns, columns.div_ceil(columns.div_ceil(BLOCK)))
        } else if by_rows {
            (elements, (BLOCK / columns * columns).min(elements))
        } else {
            (elements, BLOCK.min(elements))
        };
        let per_stretch = stretch.div_ceil(lanes);
        Blocks { stretch, lanes, per_stretch, count: elements / stretch * per_stretch }
    }

    pub fn block(&self, index: usize) -> Block {
        let (stretch, part) = (index / self.per_stretch, index % self.per_stretch);
        let offset = part * self.lanes;
        Block { start: stretch * self.stretch + offset, offset, lanes: self.lanes.min(self.stretch - offset) }
    }
}

/// The elements that a tape computes at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// The first element, counted in the segment.
    pub start: usize,
    /// The first element, counted in its row where rows are longer than blocks.
    pub offset: usize,
    pub lanes: usize,
}
