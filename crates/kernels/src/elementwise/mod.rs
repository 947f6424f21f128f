//! Elementwise computing: a tape of lane operations run block by block, so that intermediate results stay in the L1 cache,
//! over one or many segments of elements.

mod composed;
mod feed;
mod rectangle;
mod segment;
mod tape;
#[cfg(test)]
mod tests;

use crate::chunks::Chunks;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch, require_size};
use crate::lanes::GROUP;
use crate::target::Target;
use crate::{Dtype, Isa};
use feed::Feed;
pub(crate) use rectangle::Rectangles;
use segment::Blocks;
pub use segment::{Access, Segment};
use std::ops::Range;
use tape::Tape;
pub use tape::{LaneOp, Source, TapeOp};

/// Lanes of a block: few enough that a dozen slots fit into the L1 cache, enough to amortise the interpretation.
const BLOCK: usize = 512;

/// Lanes from one slot's scratch to the next: whole cache lines, and room for a fill to exceed its block.
const STRIDE: usize = BLOCK + feed::SPLAT;

/// Lanes of a cache line, to which slots are aligned.
const ALIGNMENT: usize = 16;

/// A tape of lane operations over segments.
///
/// The bits are those of each operation run alone: every operation rounds by itself.
#[derive(Debug)]
pub struct Elementwise {
    target: Target,
    tape: Tape,
    segments: Vec<CutSegment>,
    chunks: Chunks,
    cost: Cost,
}

#[derive(Debug)]
struct CutSegment {
    segment: Segment,
    feeds: Vec<Feed>,
    blocks: Blocks,
    /// The number of blocks of all segments before.
    first_block: usize,
}

impl Elementwise {
    /// The most slots that a tape may need. It never needs more than one for each input, operation and output.
    pub const SLOTS: usize = 128;

    /// A kernel whose operands are, for segment s, `inputs[s * inputs.len() + k]` and `outputs[s * outputs.len() + k]`. An
    /// output names its type and the register whose last value it takes.
    ///
    /// # Panics
    /// When the tape reads what is not written, types disagree, it needs more than [`Elementwise::SLOTS`] slots, a
    /// segment does not say how it reads each input or could not exist in memory, or the machine lacks the instruction
    /// set.
    pub fn new(
        isa: Isa,
        tape: Vec<TapeOp>,
        inputs: Vec<Dtype>,
        outputs: Vec<(Dtype, usize)>,
        segments: Vec<Segment>,
    ) -> Self {
        let target = Target::new(isa);
        let tape = Tape::new(isa, &tape, inputs, &outputs);
        assert!(tape.slots <= Self::SLOTS, "a tape needs at most {} slots", Self::SLOTS);
        segments.iter().for_each(|segment| require_size(&[segment.rows, segment.columns, size_of::<u32>()]));
        let cost = segments.iter().fold(Cost::default(), |cost, segment| Cost {
            flops: cost.flops + segment.elements() as u64 * tape.flops,
            bytes: cost.bytes + tape.bytes(segment),
        });
        let mut block_count = 0;
        let segments: Vec<CutSegment> = segments
            .into_iter()
            .map(|segment| {
                assert_eq!(
                    segment.access.len(),
                    tape.inputs.len(),
                    "a segment reads every input of the tape"
                );
                let inputs = segment.access.iter().zip(&tape.inputs);
                let feeds = inputs.map(|(access, dtype)| Feed::of(&segment, *access, *dtype, true)).collect();
                let blocks = Blocks::of(&segment);
                let first_block = block_count;
                block_count += blocks.count;
                CutSegment { segment, feeds, blocks, first_block }
            })
            .collect();
        // A floating-point operation in the L1 cache takes about as long as a byte from beyond it.
        let weight = cost.bytes.max(cost.flops) as usize / block_count.max(1);
        Elementwise { target, tape, segments, chunks: Chunks::new(block_count, weight), cost }
    }

    /// The elements of all segments.
    pub(crate) fn elements(&self) -> usize {
        self.segments.iter().map(|cut| cut.segment.elements()).sum()
    }

    /// Whether it reads a value for each element from an input besides the first.
    pub(crate) fn reads_beside_first(&self) -> bool {
        self.segments
            .iter()
            .any(|cut| cut.segment.access.iter().skip(1).any(|access| *access == Access::Full))
    }

    /// The bytes of each element of an input.
    pub(crate) fn input_bytes(&self, input: usize) -> usize {
        self.tape.inputs[input].bytes()
    }

    /// Computes some elements of the only segment, whole rows where an input is a row or a column, into the only output, which begins with
    /// the first of them.
    ///
    /// # Panics
    /// When the range leaves the segment or cuts such rows, or an operand is too small.
    pub(crate) fn compute(
        &self,
        elements: Range<usize>,
        inputs: &[Buffer],
        output: Buffer,
        scratch: &mut [f32],
    ) {
        let cut = &self.segments[0];
        let segment = &cut.segment;
        assert!(elements.end <= segment.elements(), "the elements are the segment's");
        assert!(
            output.bytes() >= elements.len() * self.tape.outputs[0].dtype.bytes(),
            "an output has its elements"
        );
        self.check_inputs(segment, 0, inputs);
        let blocks = Blocks::of_elements(segment, elements);
        // SAFETY: the elements lie in the segment, and the operands were just checked.
        unsafe { self.run_blocks(cut, &blocks, 0..blocks.count, inputs, &[output], scratch) };
    }

    /// # Panics
    /// When an input of a segment is too small, leaving aside the first ones.
    fn check_inputs(&self, segment: &Segment, leaving: usize, inputs: &[Buffer]) {
        let reads = inputs.iter().zip(&self.tape.inputs).zip(&segment.access).skip(leaving);
        for ((input, dtype), access) in reads {
            assert!(
                input.bytes() >= segment.input_elements(*access) * dtype.bytes(),
                "an input has its elements"
            );
        }
    }

    /// # Panics
    /// When an output of a segment is too small.
    fn check_outputs(&self, segment: &Segment, outputs: &[Buffer]) {
        for (buffer, output) in outputs.iter().zip(&self.tape.outputs) {
            assert!(
                buffer.bytes() >= segment.elements() * output.dtype.bytes(),
                "an output has its elements"
            );
        }
    }

    /// Runs some blocks of a segment.
    ///
    /// # Safety
    /// The blocks lie in the segment, and the operands have the elements that they read and write.
    unsafe fn run_blocks(
        &self,
        cut: &CutSegment,
        blocks: &Blocks,
        range: Range<usize>,
        inputs: &[Buffer],
        outputs: &[Buffer],
        scratch: &mut [f32],
    ) {
        let (tape, segment) = (&self.tape, &cut.segment);
        let aligned = scratch.as_ptr().align_offset(ALIGNMENT * 4);
        assert!(scratch.len() >= aligned + tape.slots * STRIDE, "every slot has its scratch");
        let scratch: *mut u32 = scratch[aligned..].as_mut_ptr().cast();
        // SAFETY: the scratch has every slot, as asserted.
        let own = |slot: usize| unsafe { scratch.add(slot * STRIDE) };

        let mut slots = [std::ptr::null_mut::<u32>(); Self::SLOTS];
        for (slot, pointer) in slots.iter_mut().enumerate().take(tape.slots) {
            *pointer = own(slot);
        }
        let columns = segment.columns;
        for (k, feed) in cut.feeds.iter().enumerate() {
            let lanes = blocks.lanes;
            // SAFETY: the input has the elements that its access reads, by the contract; the slot is a slot's scratch.
            unsafe { feed.settle(segment.access[k], columns, tape.inputs[k], &inputs[k], own(k), lanes) };
        }

        // An output of four-byte elements is computed where it lies, but for two cases in which its values move there at
        // the end of each block: an input in the same memory is still read, or it has the values (hence the slot) of an
        // earlier output.
        let first_output = inputs.len();
        let mut in_place = [false; Self::SLOTS];
        for (k, output) in tape.outputs.iter().enumerate() {
            let still_read = |input: usize| {
                output.step < tape.free_from[input]
                    || inputs[input].pointer::<u8>() != outputs[k].pointer::<u8>()
            };
            in_place[k] = output.dtype.bytes() == 4
                && output.slot == first_output + k
                && !(0..inputs.len()).any(|input| inputs[input].overlaps(&outputs[k]) && still_read(input));
        }

        let contiguous = usize::from(blocks.are_contiguous());
        for block in range.map(|index| blocks.block(index)) {
            for (k, feed) in cut.feeds.iter().enumerate() {
                // SAFETY: as for settling; the block lies in the segment.
                slots[k] =
                    unsafe { feed.block(self.target, columns, tape.inputs[k], &inputs[k], own(k), block) };
            }
            // A tape computes at least a group of lanes; a shorter block does so within the slots.
            let lanes = block.lanes.max(GROUP);
            let in_place = |k: usize| in_place[k] && block.lanes >= GROUP;
            for (k, output) in outputs.iter().enumerate() {
                let slot = first_output + k;
                slots[slot] = own(slot);
                if in_place(k) {
                    // SAFETY: the block lies among the elements that the output has, by the contract.
                    slots[slot] = unsafe { output.pointer::<u32>().add(block.start - blocks.origin) };
                }
            }
            for step in &tape.steps {
                let operands = step.operands.map(|slot| slots[slot].cast_const());
                // SAFETY: each slot points to `lanes` lanes of an input, an output or its own scratch. The tape gives a
                // result another slot than its operands, and an output in place overlaps no input but that which it updates.
                // The constructor has checked the instruction set.
                unsafe { (step.blocks[contiguous])(operands, slots[step.result], lanes) };
            }
            for (k, output) in tape.outputs.iter().enumerate().filter(|(k, _)| !in_place(*k)) {
                let start = block.start - blocks.origin;
                // SAFETY: the output has the block's elements; a slot is scratch or an earlier output, never this one.
                unsafe {
                    feed::store(
                        self.target,
                        output.dtype,
                        slots[output.slot],
                        &outputs[k],
                        start,
                        block.lanes,
                    )
                };
            }
        }
    }
}

impl Kernel for Elementwise {
    fn name(&self) -> &'static str {
        "elementwise"
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        self.cost
    }

    fn scratch(&self) -> Scratch {
        Scratch { shared: 0, private: self.tape.slots * STRIDE + ALIGNMENT }
    }

    /// An output may take the place of an input of the same segment that is read in full and has elements of its size.
    fn may_alias(&self, output: usize, input: usize) -> bool {
        let (inputs, outputs) = (self.tape.inputs.len(), self.tape.outputs.len());
        let (segment, k) = (input / inputs, input % inputs);
        segment == output / outputs
            && self.segments[segment].segment.access[k] == Access::Full
            && self.tape.inputs[k].bytes() == self.tape.outputs[output % outputs].dtype.bytes()
    }

    /// Of the only segment, where there is one.
    fn written(&self, _phase: u32, chunk: u32) -> Option<Range<usize>> {
        let [CutSegment { segment, blocks, .. }] = &self.segments[..] else { return None };
        let start = |block: usize| match block < blocks.count {
            true => blocks.block(block).start,
            false => segment.elements(),
        };
        let range = self.chunks.range(chunk);
        Some(start(range.start)..start(range.end))
    }

    fn run(
        &self,
        _phase: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError> {
        let (inputs, outputs) = (self.tape.inputs.len(), self.tape.outputs.len());
        assert_eq!(operands.inputs.len(), self.segments.len() * inputs, "every segment has its inputs");
        assert_eq!(operands.outputs.len(), self.segments.len() * outputs, "every segment has its outputs");
        let range = self.chunks.range(chunk);
        let first = self.segments.partition_point(|cut| cut.first_block + cut.blocks.count <= range.start);
        for (index, cut) in self.segments.iter().enumerate().skip(first) {
            if cut.first_block >= range.end {
                break;
            }
            let start = range.start.max(cut.first_block) - cut.first_block;
            let end = (range.end - cut.first_block).min(cut.blocks.count);
            if start < end {
                let inputs = &operands.inputs[index * inputs..][..inputs];
                let outputs = &operands.outputs[index * outputs..][..outputs];
                self.check_inputs(&cut.segment, 0, inputs);
                self.check_outputs(&cut.segment, outputs);
                // SAFETY: the blocks are the segment's own, and the operands were just checked.
                unsafe { self.run_blocks(cut, &cut.blocks, start..end, inputs, outputs, private) };
            }
        }
        Ok(())
    }
}
