//! Linear recurrences of the first order.

use super::{BYTES, Lines, WIDTH};
use crate::Isa;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands};
use crate::lanes::Arithmetic;
use crate::target::{Loop, Target};

/// y\[i\] = a\[i\] · y\[i - 1\] + b\[i\] along an axis, from y\[0\] = b\[0\]; in reverse its transpose,
/// y\[i\] = a\[i + 1\] · y\[i + 1\] + b\[i\]. It runs in f64 and is rounded where it is stored.
#[derive(Debug)]
pub struct LinearRecurrence {
    target: Target,
    lines: Lines,
}

impl LinearRecurrence {
    /// # Panics
    /// When the machine lacks the instruction set, the shape has no such axis, or a size overflows.
    pub fn new(isa: Isa, shape: &[usize], axis: usize, reverse: bool) -> Self {
        LinearRecurrence { target: Target::new(isa), lines: Lines::new(shape, axis, reverse, 3) }
    }
}

impl Kernel for LinearRecurrence {
    fn name(&self) -> &'static str {
        "linearRecurrence"
    }

    fn phases(&self) -> &[u32] {
        self.lines.chunks.phases()
    }

    fn cost(&self) -> Cost {
        let elements = self.lines.elements() as u64;
        Cost { flops: 2 * elements, bytes: 3 * BYTES as u64 * elements }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let bytes = self.lines.elements() * BYTES;
        // SAFETY: numbers, which nobody writes meanwhile.
        let (a, b) =
            unsafe { (operands.inputs[0].part(0..bytes).slice(), operands.inputs[1].part(0..bytes).slice()) };
        let output = operands.outputs[0].part(0..bytes);
        self.target.run(RecurrenceChunk { lines: &self.lines, chunk, a, b, output });
        Ok(())
    }
}

struct RecurrenceChunk<'a> {
    lines: &'a Lines,
    chunk: u32,
    a: &'a [f32],
    b: &'a [f32],
    output: Buffer,
}

impl Loop for RecurrenceChunk<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        let Lines { inner, reverse, .. } = *self.lines;
        for tile in self.lines.tiles(self.chunk) {
            let mut totals = [0f64; WIDTH];
            for (step, place) in self.lines.order().enumerate() {
                let start = tile.first + place * inner;
                let row = start..start + tile.lines;
                // SAFETY: the tiles of chunks are disjoint, and one slice lives at a time.
                let output = unsafe { self.output.slice_mut::<f32>(row.clone()) };
                let b = &self.b[row];
                let totals = &mut totals[..tile.lines];
                if step == 0 {
                    totals.iter_mut().zip(b).for_each(|(total, b)| *total = f64::from(*b));
                } else {
                    let factors = if reverse { start + inner } else { start };
                    let a = &self.a[factors..][..tile.lines];
                    for ((total, a), b) in totals.iter_mut().zip(a).zip(b) {
                        *total = I::fma64(f64::from(*a), *total, f64::from(*b));
                    }
                }
                output.iter_mut().zip(totals).for_each(|(output, total)| *output = *total as f32);
            }
        }
    }
}
