//! Resampling along an axis: each position becomes a weighted sum of neighbours.

mod taps;

pub use taps::{AxisMap, Resampling};

use crate::Isa;
use crate::chunks::Chunks;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch, require_size};
use crate::lanes::Arithmetic;
use crate::target::{Loop, Target};
use std::ops::Range;

/// Taps whose products are one sum in f32. Of more, these sums are added in f64, which keeps long ones accurate.
const BLOCK: usize = 32;

/// The taps of a position in the table: the first position that it depends on and the number of weights, before the weights.
const HEADER: usize = 2;

/// An axis of a tensor mapped by an [`AxisMap`], or by its transpose.
#[derive(Debug)]
pub struct Resample {
    target: Target,
    map: AxisMap,
    transposed: bool,
    outer: usize,
    inner: usize,
    /// Entries of the table for a position.
    stride: usize,
    chunks: Chunks,
    /// The table of taps is made first, by one thread.
    phases: [u32; 2],
}

impl Resample {
    /// For a tensor of `shape`, whose axis has the extent that the map, or its transpose, takes.
    ///
    /// # Panics
    /// When the machine lacks the instruction set, the axis is not as described or has no positions before or after, or a size overflows.
    pub fn new(isa: Isa, shape: &[usize], axis: usize, map: AxisMap, transposed: bool) -> Self {
        let (extent, positions) = if transposed { (map.to, map.from) } else { (map.from, map.to) };
        assert!(shape[axis] == extent && extent > 0 && positions > 0, "the map fits the axis");
        let outer: usize = shape[..axis].iter().product();
        let inner: usize = shape[axis + 1..].iter().product();
        for extent in [extent, positions] {
            require_size(&[&shape[..axis], &shape[axis + 1..], &[extent, size_of::<f32>()]].concat());
        }
        let most = if transposed { map.most_outputs() } else { map.most_inputs() };
        let items = if inner == 0 { 0 } else { outer * positions };
        let weight = inner.saturating_mul(size_of::<f32>()).saturating_mul(most + 1);
        let chunks = Chunks::new(items, weight);
        let phases = [1, chunks.count()];
        let target = Target::new(isa);
        Resample { target, map, transposed, outer, inner, stride: HEADER + most, chunks, phases }
    }

    /// The positions of the axis before and after.
    fn extents(&self) -> (usize, usize) {
        let AxisMap { from, to, .. } = self.map;
        if self.transposed { (to, from) } else { (from, to) }
    }

    /// Entries of the table.
    fn entries(&self) -> usize {
        if self.outer * self.inner == 0 { 0 } else { self.extents().1.saturating_mul(self.stride) }
    }

    fn fill(&self, table: &mut [u32]) {
        if table.is_empty() {
            return;
        }
        for taps in table.chunks_exact_mut(self.stride) {
            taps[..HEADER].fill(0);
        }
        self.map.visit(|output, input, weight| {
            let (position, at) = if self.transposed { (input, output) } else { (output, input) };
            let taps = &mut table[position * self.stride..][..self.stride];
            if taps[1] == 0 {
                taps[0] = at as u32;
            }
            taps[HEADER + taps[1] as usize] = weight.to_bits();
            taps[1] += 1;
        });
    }
}

/// The operands of one chunk.
struct Lines<'a> {
    kernel: &'a Resample,
    items: Range<usize>,
    table: &'a [u32],
    input: &'a [f32],
    output: Buffer,
}

impl Loop for Lines<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        match self.kernel.inner {
            1 => self.narrow::<I, 1>(),
            2 => self.narrow::<I, 2>(),
            3 => self.narrow::<I, 3>(),
            4 => self.narrow::<I, 4>(),
            5 => self.narrow::<I, 5>(),
            6 => self.narrow::<I, 6>(),
            7 => self.narrow::<I, 7>(),
            _ => self.wide::<I>(),
        }
    }
}

/// What a position of a line depends on.
struct Taps<'a> {
    weights: &'a [u32],
    /// The line from the first position on.
    values: &'a [f32],
}

impl Lines<'_> {
    #[inline(always)]
    fn taps(&self, line: usize, position: usize) -> Taps<'_> {
        let Resample { stride, inner, .. } = *self.kernel;
        let extent = self.kernel.extents().0;
        let taps = &self.table[position * stride..][..stride];
        let first = (line * extent + taps[0] as usize) * inner;
        Taps { weights: &taps[HEADER..][..taps[1] as usize], values: &self.input[first..] }
    }

    /// The lines that the chunk has part of, each with the positions that are its.
    #[inline(always)]
    fn parts(&self) -> impl Iterator<Item = (usize, Range<usize>)> + use<> {
        let positions = self.kernel.extents().1;
        let Range { start, end } = self.items.clone();
        let lines = if start == end { 0..0 } else { start / positions..(end - 1) / positions + 1 };
        lines.map(move |line| {
            let first = line * positions;
            (line, start.max(first) - first..end.min(first + positions) - first)
        })
    }

    /// Positions of N elements. The loop has an index, since zipped chunks would not end up where the instruction set is switched on.
    #[inline(always)]
    fn narrow<I: Arithmetic, const N: usize>(&self) {
        let (extent, positions) = self.kernel.extents();
        let stride = self.kernel.stride;
        for (line, part) in self.parts() {
            let line_of_input = &self.input[line * extent * N..][..extent * N];
            let first = line * positions;
            // SAFETY: each position of a line is one chunk's.
            let output =
                unsafe { self.output.slice_mut::<f32>((first + part.start) * N..(first + part.end) * N) };
            let table = &self.table[part.start * stride..part.end * stride];
            let (output, _) = output.as_chunks_mut::<N>();
            for at in 0..output.len() {
                let entry = &table[at * stride..][..stride];
                let values = &line_of_input[entry[0] as usize * N..];
                let weights = &entry[HEADER..][..entry[1] as usize];
                output[at] = match *weights {
                    [a] => few::<I, N, 1>([a], values),
                    [a, b] => few::<I, N, 2>([a, b], values),
                    [a, b, c] => few::<I, N, 3>([a, b, c], values),
                    [a, b, c, d] => few::<I, N, 4>([a, b, c, d], values),
                    _ => Taps { weights, values }.sums::<I, N>(0, N),
                };
            }
        }
    }

    /// Positions of 8 elements or more.
    #[inline(always)]
    fn wide<I: Arithmetic>(&self) {
        let (positions, inner) = (self.kernel.extents().1, self.kernel.inner);
        for (line, part) in self.parts() {
            for position in part {
                let at = (line * positions + position) * inner;
                // SAFETY: as above.
                let output = unsafe { self.output.slice_mut::<f32>(at..at + inner) };
                let taps = self.taps(line, position);
                let mut from = 0;
                while from + 64 <= inner {
                    *lanes(output, from) = taps.sums::<I, 64>(from, inner);
                    from += 64;
                }
                while from + 8 <= inner {
                    *lanes(output, from) = taps.sums::<I, 8>(from, inner);
                    from += 8;
                }
                if from < inner {
                    // The last eight, of which the first are there already.
                    *lanes(output, inner - 8) = taps.sums::<I, 8>(inner - 8, inner);
                }
            }
        }
    }
}

/// N elements from some place on, to write.
#[inline(always)]
fn lanes<const N: usize>(elements: &mut [f32], at: usize) -> &mut [f32; N] {
    (&mut elements[at..at + N]).try_into().expect("a slice of N elements")
}

/// N neighbouring sums of T taps, of positions of N elements: with few taps, what is known of their number counts.
#[inline(always)]
fn few<I: Arithmetic, const N: usize, const T: usize>(weights: [u32; T], values: &[f32]) -> [f32; N] {
    let (values, _) = values[..N * T].as_chunks::<N>();
    let mut sum = [0.0; N];
    for k in 0..T {
        for i in 0..N {
            sum[i] = I::fma(f32::from_bits(weights[k]), values[k][i], sum[i]);
        }
    }
    sum
}

impl Taps<'_> {
    /// N neighbouring sums, of positions of `inner` elements.
    #[inline(always)]
    fn sums<I: Arithmetic, const N: usize>(&self, mut from: usize, inner: usize) -> [f32; N] {
        if self.weights.len() <= BLOCK {
            return self.block::<I, N>(self.weights, from, inner);
        }
        let mut total = [0f64; N];
        for weights in self.weights.chunks(BLOCK) {
            let sum = self.block::<I, N>(weights, from, inner);
            for i in 0..N {
                total[i] += f64::from(sum[i]);
            }
            from += weights.len() * inner;
        }
        let mut rounded = [0.0; N];
        for i in 0..N {
            rounded[i] = total[i] as f32;
        }
        rounded
    }

    #[inline(always)]
    fn block<I: Arithmetic, const N: usize>(
        &self,
        weights: &[u32],
        mut from: usize,
        inner: usize,
    ) -> [f32; N] {
        let mut sum = [0.0; N];
        for &weight in weights {
            let values: &[f32; N] = self.values[from..from + N].try_into().expect("a slice of N elements");
            for i in 0..N {
                sum[i] = I::fma(f32::from_bits(weight), values[i], sum[i]);
            }
            from += inner;
        }
        sum
    }
}

impl Kernel for Resample {
    fn name(&self) -> &'static str {
        "resample"
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        let (before, after) = self.extents();
        let lanes = (self.outer * self.inner) as u64;
        let flops = 2 * lanes.saturating_mul(after as u64).saturating_mul((self.stride - HEADER) as u64);
        Cost { flops, bytes: 4 * lanes * (before + after) as u64 }
    }

    fn scratch(&self) -> Scratch {
        Scratch { shared: self.entries(), private: 0 }
    }

    fn run(&self, phase: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let table = operands.shared.part(0..4 * self.entries());
        if phase == 0 {
            // SAFETY: the one chunk of this phase, and numbers.
            self.fill(unsafe { table.slice_mut::<u32>(0..self.entries()) });
            return Ok(());
        }
        let (before, after) = self.extents();
        let bytes = |extent: usize| 4 * self.outer * extent * self.inner;
        self.target.run(Lines {
            kernel: self,
            items: self.chunks.range(chunk),
            // SAFETY: numbers, which nobody writes in this phase.
            table: unsafe { table.slice::<u32>() },
            // SAFETY: numbers, which nobody writes meanwhile.
            input: unsafe { operands.inputs[0].part(0..bytes(before)).slice::<f32>() },
            output: operands.outputs[0].part(0..bytes(after)),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
