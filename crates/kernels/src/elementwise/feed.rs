//! How the values of an input come to the slot where a tape reads them, and how those of an output leave it.

use super::segment::Block;
use super::{Access, BLOCK, Segment};
use crate::lanes::{Arithmetic, GROUP};
use crate::target::{Loop, Target};
use crate::{Buffer, Dtype};

/// Lanes in one store of a repeated value. A fill may exceed its end by fewer than these.
pub(super) const SPLAT: usize = 16;

/// How a segment's blocks get the values of one input.
#[derive(Clone, Copy, Debug)]
pub(super) enum Feed {
    /// The same for every block: filled once, by [`Feed::settle`].
    Settled,
    /// Read where they lie.
    InPlace(From),
    /// Widened from bytes to lanes.
    Widened(From),
    /// One value for each row.
    Spread,
}

/// Where the elements of an input lie one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) enum From {
    /// Those of the segment.
    Segment,
    /// Those of one row, which all rows read.
    Row,
    /// Those of the rectangle that is computed.
    Rectangle,
}

impl From {
    /// The first element that a block reads.
    #[inline]
    fn first(self, block: Block) -> usize {
        match self {
            From::Segment => block.start,
            From::Row => block.offset,
            From::Rectangle => block.before,
        }
    }
}

impl Feed {
    /// `whole_rows` says whether blocks begin with a row unless rows are longer than blocks.
    pub fn of(segment: &Segment, access: Access, dtype: Dtype, whole_rows: bool) -> Feed {
        let sequence = |from| if dtype.bytes() == 4 { Feed::InPlace(from) } else { Feed::Widened(from) };
        match access {
            Access::Full => sequence(From::Segment),
            Access::Column if segment.columns == 1 => sequence(From::Segment),
            Access::Scalar => Feed::Settled,
            Access::Row if whole_rows && segment.columns <= BLOCK => Feed::Settled,
            Access::Row => sequence(From::Row),
            Access::Column => Feed::Spread,
        }
    }

    /// Fills the slot of an input that is the same for every block.
    ///
    /// # Safety
    /// `input` has the elements that the access reads, and `slot` has a block's lanes and [`SPLAT`] more.
    pub unsafe fn settle(
        self,
        access: Access,
        columns: usize,
        dtype: Dtype,
        input: &Buffer,
        slot: *mut u32,
        lanes: usize,
    ) {
        if !matches!(self, Feed::Settled) {
            return;
        }
        // SAFETY: a scalar has one element and a row `columns`; `lanes` is at most a block, and a row that is settled is
        // no longer than one. Slots are scratch, apart from all inputs.
        unsafe {
            let mut filled = if access == Access::Scalar { GROUP } else { columns }.min(lanes);
            if access == Access::Scalar {
                fill(slot, load(dtype, input, 0), filled);
            } else {
                for column in 0..filled {
                    *slot.add(column) = load(dtype, input, column);
                }
            }
            while filled < lanes {
                let more = filled.min(lanes - filled);
                std::ptr::copy_nonoverlapping(slot, slot.add(filled), more);
                filled += more;
            }
        }
    }

    /// Where the tape reads the block: in the input itself, or in `slot`. Shorter than a group, a block is always in its
    /// slot, where more lanes may be computed.
    ///
    /// # Safety
    /// The block lies in the segment, `input` has the elements that the access reads, and `slot` has a block's lanes and
    /// [`SPLAT`] more.
    #[inline]
    pub unsafe fn block(
        self,
        target: Target,
        columns: usize,
        dtype: Dtype,
        input: &Buffer,
        slot: *mut u32,
        block: Block,
    ) -> *mut u32 {
        // SAFETY: a block lies in its segment and where rows are longer than blocks, in a row. Slots are scratch, apart
        // from all inputs.
        unsafe {
            match self {
                Feed::Settled => {}
                Feed::InPlace(from) => {
                    let lanes = input.pointer::<u32>().add(from.first(block));
                    if block.lanes >= GROUP {
                        return lanes;
                    }
                    std::ptr::copy_nonoverlapping(lanes, slot, block.lanes);
                }
                Feed::Widened(from) => {
                    let bytes = input.pointer::<u8>().add(from.first(block));
                    let bytes = std::slice::from_raw_parts(bytes, block.lanes);
                    let lanes = std::slice::from_raw_parts_mut(slot, block.lanes);
                    target.run(Widen { dtype, bytes, lanes });
                }
                Feed::Spread => {
                    for (row, first) in (block.start / columns..).zip((0..block.lanes).step_by(columns)) {
                        let value = load(dtype, input, row);
                        fill(slot.add(first), value, columns.min(block.lanes - first));
                    }
                }
            }
        }
        slot
    }
}

/// # Safety
/// `input` has more than `index` elements of the type.
#[inline(always)]
unsafe fn load(dtype: Dtype, input: &Buffer, index: usize) -> u32 {
    // SAFETY: by the contract above.
    unsafe {
        match dtype {
            Dtype::Float32 | Dtype::Int32 => *input.pointer::<u32>().add(index),
            Dtype::Bool => u32::from(*input.pointer::<u8>().add(index) != 0),
            Dtype::Uint8 => u32::from(*input.pointer::<u8>().add(index)),
        }
    }
}

/// # Safety
/// `slot` is valid for writes of `lanes` lanes and [`SPLAT`] more.
#[inline(always)]
unsafe fn fill(slot: *mut u32, value: u32, lanes: usize) {
    for first in (0..lanes).step_by(SPLAT) {
        // SAFETY: by the contract above.
        unsafe { slot.add(first).cast::<[u32; SPLAT]>().write([value; SPLAT]) };
    }
}

/// Bytes to lanes.
struct Widen<'a> {
    dtype: Dtype,
    bytes: &'a [u8],
    lanes: &'a mut [u32],
}

impl Loop for Widen<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        let values = self.lanes.iter_mut().zip(self.bytes);
        if self.dtype == Dtype::Bool {
            for (lane, byte) in values {
                *lane = u32::from(*byte != 0);
            }
        } else {
            for (lane, byte) in values {
                *lane = u32::from(*byte);
            }
        }
    }
}

/// Lanes to bytes.
struct Narrow<'a> {
    lanes: &'a [u32],
    bytes: &'a mut [u8],
}

impl Loop for Narrow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        for (byte, lane) in self.bytes.iter_mut().zip(self.lanes) {
            *byte = *lane as u8;
        }
    }
}

/// Moves the lanes of a slot to an output, from its element `start` on.
///
/// # Safety
/// `slot` has the lanes and `output` the elements, and they do not overlap.
pub(super) unsafe fn store(
    target: Target,
    dtype: Dtype,
    slot: *const u32,
    output: &Buffer,
    start: usize,
    lanes: usize,
) {
    // SAFETY: by the contract above.
    unsafe {
        if dtype.bytes() == 4 {
            std::ptr::copy_nonoverlapping(slot, output.pointer::<u32>().add(start), lanes);
        } else {
            let bytes = std::slice::from_raw_parts_mut(output.pointer::<u8>().add(start), lanes);
            target.run(Narrow { lanes: std::slice::from_raw_parts(slot, lanes), bytes });
        }
    }
}
