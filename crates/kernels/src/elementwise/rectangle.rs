//! A tape over rectangles of a matrix, one at a time, right after something else has computed their elements.

use super::feed::{Feed, From};
use super::segment::Blocks;
use super::{Access, Elementwise, Segment};
use crate::{Buffer, Dtype};
use std::ops::Range;

/// More inputs than a tape over rectangles may have.
const MOST_INPUTS: usize = 32;

/// A tape over rectangles of its segment. The first input is not in memory as a whole: each rectangle has its own elements of
/// it, row after row.
#[derive(Debug)]
pub(crate) struct Rectangles {
    tape: Elementwise,
    whole_rows: bool,
}

impl Rectangles {
    /// `whole_rows` says whether the rectangles will be whole rows, or else parts of rows.
    ///
    /// # Panics
    /// When the tape has more than one segment or too many inputs, or the first is not f32 read in full.
    pub fn new(mut tape: Elementwise, whole_rows: bool) -> Self {
        assert!(
            tape.segments.len() == 1 && tape.tape.inputs.len() < MOST_INPUTS,
            "one segment of few inputs"
        );
        let cut = &mut tape.segments[0];
        let computed = cut.segment.access.first().zip(tape.tape.inputs.first());
        assert_eq!(computed, Some((&Access::Full, &Dtype::Float32)), "the first input is read in full");
        for (k, feed) in cut.feeds.iter_mut().enumerate() {
            *feed = Feed::of(&cut.segment, cut.segment.access[k], tape.tape.inputs[k], whole_rows);
        }
        cut.feeds[0] = Feed::InPlace(From::Rectangle);
        Rectangles { tape, whole_rows }
    }

    pub fn tape(&self) -> &Elementwise {
        &self.tape
    }

    /// The matrix whose rectangles are computed.
    pub fn segment(&self) -> &Segment {
        &self.tape.segments[0].segment
    }

    /// Runs the tape over some columns of some rows, of which `computed` holds the first input.
    ///
    /// # Panics
    /// When the rectangle leaves the matrix, is not of whole rows although all were to be, or an operand is too small.
    pub fn run(
        &self,
        rows: Range<usize>,
        columns: Range<usize>,
        computed: Buffer,
        others: &[Buffer],
        outputs: &[Buffer],
        scratch: &mut [f32],
    ) {
        let cut = &self.tape.segments[0];
        let segment = &cut.segment;
        assert!(rows.end <= segment.rows && columns.end <= segment.columns, "the matrix has the rectangle");
        assert_eq!(columns.len() == segment.columns, self.whole_rows, "the rectangle is what all were to be");
        assert!(computed.elements::<f32>() >= rows.len() * columns.len(), "the rectangle has its elements");
        assert_eq!(1 + others.len(), self.tape.tape.inputs.len(), "the tape has its inputs");
        assert_eq!(outputs.len(), self.tape.tape.outputs.len(), "the tape has its outputs");
        let mut inputs = [computed; MOST_INPUTS];
        inputs[1..=others.len()].copy_from_slice(others);
        let inputs = &inputs[..=others.len()];
        self.tape.check_inputs(segment, 1, inputs);
        self.tape.check_outputs(segment, outputs);
        let blocks = Blocks::of_rectangle(segment, &rows, &columns);
        // SAFETY: the rectangle lies in the segment, and the operands were just checked.
        unsafe { self.tape.run_blocks(cut, &blocks, 0..blocks.count, inputs, outputs, scratch) };
    }
}
