//! A kernel with reductions of what it writes, which read that while it is in the cache.
//!
//! The first phase of a reduction is of parts. The thread that writes the last elements of a part reduces it at once; the later
//! phases, which are small, follow those of the kernel. Each part is reduced as it would be in an instruction of its own, so that the bits
//! are the same.

use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch};
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

/// More operands than a reduction may have.
const MOST_OPERANDS: usize = 16;

/// A reduction whose first phase is of parts, which may be done in any order.
pub trait ByParts: Kernel {
    fn parts(&self) -> usize;

    /// The elements that a part reads of operands of the size of the reduced tensor. They follow one another, and those of all parts,
    /// in order, are all elements.
    fn part(&self, index: usize) -> Range<usize>;

    /// The bytes of an element of an operand.
    fn operand_bytes(&self, operand: usize) -> usize;

    /// Does a part of the first phase. `private` holds `scratch().private` elements and belongs to the calling thread.
    fn run_part(&self, index: usize, operands: &Operands<'_>, private: &mut [f32]);
}

/// Where a reduction finds an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Among the inputs.
    Input(usize),
    /// Among the outputs of the kernel whose results are reduced.
    Output(usize),
}

/// A kernel, and reductions of its outputs. Its inputs are those of the kernel and then others; its outputs are those of the kernel and then
/// one for each reduction.
#[derive(Debug)]
pub struct Reduced {
    kernel: Box<dyn Kernel>,
    /// The operands of the kernel.
    inputs: usize,
    outputs: usize,
    reductions: Vec<Member>,
    /// The counters begin anew, then the kernel's phases, then the later ones of the reductions, side by side.
    phases: Vec<u32>,
    scratch: Scratch,
}

/// A reduction among several.
#[derive(Debug)]
struct Member {
    reduction: Box<dyn ByParts>,
    operands: Vec<Origin>,
    elements: usize,
    /// The first element of each part.
    starts: Vec<usize>,
    /// Where in the shared scratch its own begins, and where its counters do: the elements written of each part.
    shared: usize,
    counters: usize,
}

impl Reduced {
    /// Whether a kernel says of every chunk which elements it writes, and they are so many.
    pub fn takes(kernel: &dyn Kernel, elements: usize) -> bool {
        let phases = kernel.phases().iter().enumerate();
        let chunks = phases.flat_map(|(phase, &chunks)| (0..chunks).map(move |chunk| (phase as u32, chunk)));
        let mut written: Vec<Range<usize>> =
            chunks.filter_map(|(phase, chunk)| kernel.written(phase, chunk)).collect();
        written.sort_by_key(|range| (range.start, range.end));
        let end = written.iter().try_fold(0, |end, range| (range.start == end).then_some(range.end));
        !written.is_empty() && end == Some(elements)
    }

    /// A kernel of so many inputs and outputs, each of which has all elements that the reductions read of it. Each reduction comes with
    /// the origins of its operands.
    ///
    /// # Panics
    /// When the kernel is none that [`Reduced::takes`] accepts for the elements of a reduction, a part has more elements than a counter
    /// counts, or a reduction has too many operands or an output as one that the kernel has not.
    pub fn new(
        kernel: Box<dyn Kernel>,
        inputs: usize,
        outputs: usize,
        reductions: Vec<(Box<dyn ByParts>, Vec<Origin>)>,
    ) -> Self {
        let Scratch { shared: mut end, mut private } = kernel.scratch();
        let member = |(reduction, operands): (Box<dyn ByParts>, Vec<Origin>)| {
            assert!(operands.len() < MOST_OPERANDS, "a reduction has few operands");
            let has = |origin: &Origin| !matches!(origin, Origin::Output(output) if *output >= outputs);
            assert!(operands.iter().all(has), "the kernel has the outputs that are reduced");
            let parts: Vec<Range<usize>> =
                (0..reduction.parts()).map(|index| reduction.part(index)).collect();
            assert!(parts.iter().all(|part| u32::try_from(part.len()).is_ok()), "counters count parts");
            let elements = parts.last().map_or(0, |part| part.end);
            assert!(Self::takes(&*kernel, elements), "the kernel says where it writes what is reduced");
            let shared = end;
            let counters = shared + reduction.scratch().shared;
            end = counters + parts.len();
            private = private.max(reduction.scratch().private);
            let starts = parts.iter().map(|part| part.start).collect();
            Member { reduction, operands, elements, starts, shared, counters }
        };
        let reductions: Vec<Member> = reductions.into_iter().map(member).collect();
        let later = reductions.iter().map(|member| member.reduction.phases().len()).max().unwrap_or(1);
        let together = |phase| reductions.iter().map(|member| member.chunks(phase)).sum();
        let phases = [1].into_iter().chain(kernel.phases().iter().copied()).chain((1..later).map(together));
        let phases = phases.collect();
        Reduced { kernel, inputs, outputs, reductions, phases, scratch: Scratch { shared: end, private } }
    }

    /// Takes account of elements that were written, and reduces the parts that are complete.
    fn complete(&self, written: &Range<usize>, operands: &Operands<'_>, private: &mut [f32]) {
        for (index, member) in self.reductions.iter().enumerate() {
            let first = member.starts.partition_point(|&start| start <= written.start).max(1) - 1;
            for part in first..member.starts.len() {
                let elements = member.reduction.part(part);
                if elements.start >= written.end {
                    break;
                }
                let own = elements.end.min(written.end).saturating_sub(elements.start.max(written.start));
                if own == 0 {
                    continue;
                }
                // Release what this thread wrote; acquire what others have, if this completes the part.
                let before = member.counter(part, operands).fetch_add(own as u32, Ordering::AcqRel);
                if before as usize + own == elements.len() {
                    self.with_operands(index, operands, |operands| {
                        member.reduction.run_part(part, operands, private);
                    });
                }
            }
        }
    }

    /// Calls `work` with the operands of a reduction.
    fn with_operands<R>(
        &self,
        index: usize,
        operands: &Operands<'_>,
        work: impl FnOnce(&Operands<'_>) -> R,
    ) -> R {
        let member = &self.reductions[index];
        let mut inputs = [Buffer::EMPTY; MOST_OPERANDS];
        for (input, origin) in inputs.iter_mut().zip(&member.operands) {
            *input = match *origin {
                Origin::Input(input) => operands.inputs[input],
                Origin::Output(output) => operands.outputs[output],
            };
        }
        let output = self.outputs + index;
        work(&Operands {
            inputs: &inputs[..member.operands.len()],
            outputs: &operands.outputs[output..=output],
            shared: part_of(operands, member.shared, member.reduction.scratch().shared),
            ahead: &[],
        })
    }

    /// The inputs of which the reductions read a part as soon as the kernel has written as much, and how many these are.
    fn ahead(&self, operands: &Operands<'_>) -> ([Buffer; MOST_OPERANDS], usize) {
        let (mut ahead, mut count) = ([Buffer::EMPTY; MOST_OPERANDS], 0);
        let reads = self.reductions.iter().flat_map(|member| {
            member.operands.iter().enumerate().map(move |(operand, origin)| (member, operand, origin))
        });
        let mut known = [None; MOST_OPERANDS];
        for (member, operand, origin) in reads {
            let Origin::Input(input) = *origin else { continue };
            let bytes = member.elements * member.reduction.operand_bytes(operand);
            let is_new = !known[..count].contains(&Some(input)) && count < MOST_OPERANDS;
            if is_new && operands.inputs[input].bytes() == bytes {
                (ahead[count], known[count]) = (operands.inputs[input], Some(input));
                count += 1;
            }
        }
        (ahead, count)
    }
}

/// So many elements of the shared scratch.
fn part_of(operands: &Operands<'_>, first: usize, elements: usize) -> Buffer {
    match elements {
        0 => Buffer::EMPTY,
        _ => operands.shared.part(first * size_of::<f32>()..(first + elements) * size_of::<f32>()),
    }
}

impl Member {
    /// The chunks of a phase.
    fn chunks(&self, phase: usize) -> u32 {
        self.reduction.phases().get(phase).copied().unwrap_or(0)
    }

    fn counter<'a>(&self, part: usize, operands: &Operands<'a>) -> &'a AtomicU32 {
        let place = part_of(operands, self.counters + part, 1).pointer::<u32>();
        // SAFETY: valid and aligned; from the first phase to the last, all access to the counters is by atomic operations.
        unsafe { AtomicU32::from_ptr(place) }
    }
}

impl Kernel for Reduced {
    fn name(&self) -> &'static str {
        self.kernel.name()
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        self.reductions.iter().fold(self.kernel.cost(), |total, member| {
            let Cost { flops, bytes } = member.reduction.cost();
            let near = member.operands.iter().enumerate();
            let near = near.filter(|(_, origin)| matches!(origin, Origin::Output(_)));
            // What is near is not read from memory.
            let near: usize =
                near.map(|(operand, _)| member.elements * member.reduction.operand_bytes(operand)).sum();
            Cost {
                flops: total.flops.saturating_add(flops),
                bytes: total.bytes.saturating_add(bytes.saturating_sub(near as u64)),
            }
        })
    }

    fn scratch(&self) -> Scratch {
        self.scratch
    }

    /// What a reduction reads stays as it is.
    fn may_alias(&self, output: usize, input: usize) -> bool {
        let mut operands = self.reductions.iter().flat_map(|member| &member.operands);
        output < self.outputs
            && input < self.inputs
            && !operands.any(|&origin| origin == Origin::Input(input))
            && self.kernel.may_alias(output, input)
    }

    fn run(
        &self,
        phase: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError> {
        let Some(phase) = phase.checked_sub(1) else {
            let counters = self
                .reductions
                .iter()
                .flat_map(|member| (0..member.starts.len()).map(|part| member.counter(part, operands)));
            counters.for_each(|counter| counter.store(0, Ordering::Relaxed));
            return Ok(());
        };
        let own = self.kernel.phases().len() as u32;
        if phase < own {
            let (ahead, count) = self.ahead(operands);
            let of_kernel = Operands {
                inputs: &operands.inputs[..self.inputs],
                outputs: &operands.outputs[..self.outputs],
                shared: part_of(operands, 0, self.kernel.scratch().shared),
                ahead: &ahead[..count],
            };
            self.kernel.run(phase, chunk, &of_kernel, private)?;
            if let Some(written) = self.kernel.written(phase, chunk) {
                self.complete(&written, operands, private);
            }
            return Ok(());
        }
        let phase = phase - own + 1;
        let mut chunk = chunk;
        for (index, member) in self.reductions.iter().enumerate() {
            let chunks = member.chunks(phase as usize);
            if chunk < chunks {
                return self.with_operands(index, operands, |operands| {
                    member.reduction.run(phase, chunk, operands, private)
                });
            }
            chunk -= chunks;
        }
        panic!("the chunk is one of its phase");
    }
}

#[cfg(test)]
mod tests;
