//! One tensor within another: padding, and slices that take other values.

use super::dimensions::RANK;
use crate::chunks::Chunks;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, require_size};
use std::ops::Range;

/// Where one dimension of a tensor lies in that of a larger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dimension {
    /// The extents of both.
    inner: usize,
    outer: usize,
    /// The place of the first element, and the distance from each to the next.
    low: usize,
    step: usize,
    /// What a start along `axis` is multiplied by where starts are an operand.
    axis: usize,
    scale: usize,
}

/// Writes a tensor into a larger one at given places. What lies around it comes from elsewhere.
#[derive(Debug)]
pub struct Embed {
    name: &'static str,
    element_bytes: usize,
    around: Around,
    /// From the outermost to the innermost; there is at least one.
    dimensions: Vec<Dimension>,
    /// For each axis one more than the greatest start, where starts are an operand.
    starts: Option<Vec<usize>>,
    inner: usize,
    outer: usize,
    chunks: Chunks,
}

/// What lies around the embedded tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    /// One value everywhere: operand 1.
    Value,
    /// The elements of operand 0, of the output's shape.
    Tensor,
}

impl Embed {
    /// A tensor, operand 0, with the value of operand 1 around it: `low` elements before, `interior` between neighbours, and
    /// the rest of `output` after them.
    ///
    /// # Panics
    /// When the tensor does not lie in the output, an element has other than 1 or 4 bytes, or a size overflows.
    pub fn pad(
        element_bytes: usize,
        input: &[usize],
        output: &[usize],
        low: &[usize],
        interior: &[usize],
    ) -> Self {
        Embed::new("pad", element_bytes, Around::Value, [input, output, low, interior])
    }

    /// A tensor, operand 0, in which a slice from `start` on takes the elements of operand 1.
    ///
    /// # Panics
    /// As [`Embed::pad`].
    pub fn slice_update(element_bytes: usize, shape: &[usize], updates: &[usize], start: &[usize]) -> Self {
        let interior = vec![0; shape.len()];
        Embed::new("sliceUpdate", element_bytes, Around::Tensor, [updates, shape, start, &interior])
    }

    /// The same, where operand 2 has the start: one int32 for each axis.
    ///
    /// # Panics
    /// As [`Embed::pad`].
    pub fn dynamic_slice_update(element_bytes: usize, shape: &[usize], updates: &[usize]) -> Self {
        let zeros = vec![0; shape.len()];
        let mut embed =
            Embed::new("dynamicSliceUpdate", element_bytes, Around::Tensor, [updates, shape, &zeros, &zeros]);
        embed.starts = Some(shape.iter().zip(updates).map(|(shape, updates)| shape - updates + 1).collect());
        embed
    }

    fn new(
        name: &'static str,
        element_bytes: usize,
        around: Around,
        [inner, outer, low, interior]: [&[usize]; 4],
    ) -> Self {
        assert!(matches!(element_bytes, 1 | 4), "elements have 1 or 4 bytes");
        let rank = outer.len();
        assert!(
            rank <= RANK && [inner, low, interior].iter().all(|list| list.len() == rank),
            "one entry an axis"
        );
        require_size(&[outer, &[element_bytes]].concat());
        let dimensions = (0..rank).map(|axis| {
            let (inner, outer, low) = (inner[axis], outer[axis], low[axis]);
            let step = interior[axis].checked_add(1).expect("a size fits");
            let end = inner.saturating_sub(1).checked_mul(step).and_then(|last| last.checked_add(low));
            assert!(
                end.is_some_and(|end| end + inner.min(1) <= outer),
                "the inner tensor lies in the outer one"
            );
            Dimension { inner, outer, low, step: if inner <= 1 { 1 } else { step }, axis, scale: 1 }
        });
        let (inner, outer) = (inner.iter().product(), outer.iter().product());
        let chunks = Chunks::new(outer, 2 * element_bytes);
        let dimensions = merged(dimensions);
        Embed { name, element_bytes, around, dimensions, starts: None, inner, outer, chunks }
    }

    /// The dimensions, at the start that an operand has where it does.
    fn place(&self, operands: &Operands<'_>) -> Result<[Dimension; RANK], KernelError> {
        let mut dimensions = [Dimension { inner: 1, outer: 1, low: 0, step: 1, axis: 0, scale: 1 }; RANK];
        dimensions[..self.dimensions.len()].copy_from_slice(&self.dimensions);
        let Some(sizes) = &self.starts else { return Ok(dimensions) };
        // SAFETY: numbers, which nobody writes meanwhile.
        let starts = unsafe { operands.inputs[2].part(0..sizes.len() * size_of::<i32>()).slice::<i32>() };
        for (axis, (&start, &size)) in starts.iter().zip(sizes).enumerate() {
            let start = checked_start(self.name, start, size)?;
            if let Some(dimension) = dimensions.iter_mut().find(|dimension| dimension.axis == axis) {
                dimension.low = start * dimension.scale;
            }
        }
        Ok(dimensions)
    }

    fn write<T: Copy>(&self, range: Range<usize>, dimensions: &[Dimension], operands: &Operands<'_>) {
        let (embedded, around) = match self.around {
            Around::Value => (operands.inputs[0], operands.inputs[1].part(0..self.element_bytes)),
            Around::Tensor => {
                (operands.inputs[1], operands.inputs[0].part(0..self.outer * self.element_bytes))
            }
        };
        // SAFETY: plain numbers, which nobody writes meanwhile: this operand is never where the output is.
        let embedded = unsafe { embedded.part(0..self.inner * self.element_bytes).slice::<T>() };
        let output = operands.outputs[0].part(0..self.outer * self.element_bytes);
        let in_place = self.around == Around::Tensor && output.pointer::<T>() == around.pointer::<T>();
        // SAFETY: the ranges of chunks are disjoint.
        let output = unsafe { output.slice_mut::<T>(range.clone()) };
        let [loops @ .., row] = dimensions else { return };
        let mut position = Position::new(loops, range.start / row.outer);
        let mut column = range.start % row.outer;
        let mut done = 0;
        while done < output.len() {
            let count = (row.outer - column).min(output.len() - done);
            let part = &mut output[done..done + count];
            let line = position.inside(loops).map(|line| &embedded[line * row.inner..(line + 1) * row.inner]);
            let taken = row.overlap(line.is_some(), column, count);
            for gap in [0..taken.start, taken.end..count] {
                self.surround(&mut part[gap.clone()], around, range.start + done + gap.start, in_place);
            }
            if let Some(line) = line.filter(|_| !taken.is_empty()) {
                self.embed(&mut part[taken.clone()], line, column + taken.start - row.low, row.step, around);
            }
            (done, column) = (done + count, 0);
            position.advance(loops);
        }
    }

    /// Writes what lies around the embedded tensor to a stretch of the output that begins at `first`.
    fn surround<T: Copy>(&self, output: &mut [T], around: Buffer, first: usize, in_place: bool) {
        if output.is_empty() || in_place {
            return;
        }
        match self.around {
            // SAFETY: as for the embedded elements; a scalar has one.
            Around::Value => output.fill(unsafe { around.slice::<T>() }[0]),
            Around::Tensor => {
                let bytes = first * self.element_bytes..(first + output.len()) * self.element_bytes;
                // SAFETY: the output is elsewhere, since this is not in place.
                output.copy_from_slice(unsafe { around.part(bytes).slice::<T>() });
            }
        }
    }

    /// Writes the elements of a line, of which `first` is the place of the first in steps of one.
    fn embed<T: Copy>(&self, output: &mut [T], line: &[T], first: usize, step: usize, around: Buffer) {
        if step == 1 {
            output.copy_from_slice(&line[first..first + output.len()]);
            return;
        }
        // Only padding has steps.
        self.surround(output, around, 0, false);
        let line = &line[first.div_ceil(step)..];
        let skipped = first.next_multiple_of(step) - first;
        output.iter_mut().skip(skipped).step_by(step).zip(line).for_each(|(to, from)| *to = *from);
    }
}

impl Dimension {
    /// The stretch of `count` elements from `first` on that the embedded tensor reaches over.
    fn overlap(&self, inside: bool, first: usize, count: usize) -> Range<usize> {
        let reach = if inside && self.inner > 0 { (self.inner - 1) * self.step + 1 } else { 0 };
        let start = self.low.clamp(first, first + count);
        let end = (self.low + reach).clamp(start, first + count);
        start - first..end - first
    }
}

/// A start that leaves room for the slice.
pub(super) fn checked_start(op: &'static str, start: i32, size: usize) -> Result<usize, KernelError> {
    match usize::try_from(start) {
        Ok(start) if start < size => Ok(start),
        _ => Err(KernelError::IndexOutOfRange { op, index: start.into(), size: size as i64 }),
    }
}

/// The dimensions, of which those that are whole are one with those around them.
fn merged(dimensions: impl Iterator<Item = Dimension>) -> Vec<Dimension> {
    let mut all: Vec<Dimension> = Vec::with_capacity(RANK);
    for dimension in dimensions {
        let whole = dimension.inner == dimension.outer;
        match all.last_mut() {
            Some(outer) if whole && outer.step == 1 => {
                outer.inner *= dimension.inner;
                outer.outer *= dimension.outer;
                outer.low *= dimension.outer;
                outer.scale *= dimension.outer;
            }
            _ => all.push(dimension),
        }
    }
    if all.is_empty() {
        all.push(Dimension { inner: 1, outer: 1, low: 0, step: 1, axis: RANK, scale: 1 });
    }
    all
}

/// A position in the loops around a row.
struct Position([usize; RANK]);

impl Position {
    fn new(loops: &[Dimension], mut row: usize) -> Self {
        let mut index = [0; RANK];
        for (index, dimension) in index.iter_mut().zip(loops).rev() {
            *index = row % dimension.outer;
            row /= dimension.outer;
        }
        Position(index)
    }

    fn advance(&mut self, loops: &[Dimension]) {
        for (index, dimension) in self.0.iter_mut().zip(loops).rev() {
            *index += 1;
            if *index < dimension.outer {
                return;
            }
            *index = 0;
        }
    }

    /// The number of the embedded tensor's row at this position, if there is one.
    fn inside(&self, loops: &[Dimension]) -> Option<usize> {
        self.0.iter().zip(loops).try_fold(0, |row, (&index, dimension)| {
            let place = index.checked_sub(dimension.low)?;
            let inside = place.is_multiple_of(dimension.step) && place / dimension.step < dimension.inner;
            inside.then_some(row * dimension.inner + place / dimension.step)
        })
    }
}

impl Kernel for Embed {
    fn name(&self) -> &'static str {
        self.name
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        let read = match self.around {
            Around::Value => self.inner,
            Around::Tensor => self.outer,
        };
        Cost { flops: 0, bytes: ((self.outer + read) * self.element_bytes) as u64 }
    }

    fn may_alias(&self, _: usize, input: usize) -> bool {
        self.around == Around::Tensor && input == 0
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let dimensions = self.place(operands)?;
        let range = self.chunks.range(chunk);
        if range.is_empty() {
            return Ok(());
        }
        let dimensions = &dimensions[..self.dimensions.len()];
        match self.element_bytes {
            1 => self.write::<u8>(range, dimensions, operands),
            _ => self.write::<u32>(range, dimensions, operands),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::run_kernel;

    /// The place in the outer tensor of each element of the inner one.
    fn places(inner: &[usize], outer: &[usize], low: &[usize], interior: &[usize]) -> Vec<usize> {
        (0..inner.iter().product())
            .map(|flat: usize| {
                let (mut rest, mut place, mut stride) = (flat, 0, 1);
                for axis in (0..inner.len()).rev() {
                    place += (low[axis] + rest % inner[axis] * (interior[axis] + 1)) * stride;
                    rest /= inner[axis];
                    stride *= outer[axis];
                }
                place
            })
            .collect()
    }

    fn check(inner: &[usize], outer: &[usize], low: &[usize], interior: &[usize]) {
        let places = places(inner, outer, low, interior);
        let elements: Vec<u32> = (0..places.len() as u32).map(|i| i * 3 + 1).collect();
        let bytes: Vec<u8> = elements.iter().map(|&element| element as u8).collect();
        let size = outer.iter().product();
        let mut expected = vec![77u32; size];
        places.iter().zip(&elements).for_each(|(&place, &element)| expected[place] = element);

        let mut output = vec![0u32; size];
        let kernel = Embed::pad(4, inner, outer, low, interior);
        run_kernel(&kernel, &[&elements, &vec![77u32]], &mut [&mut output]).unwrap();
        assert_eq!(output, expected, "{inner:?} in {outer:?}");
        let mut output = vec![0u8; size];
        let kernel = Embed::pad(1, inner, outer, low, interior);
        run_kernel(&kernel, &[&bytes, &vec![77u8]], &mut [&mut output]).unwrap();
        assert!(output.iter().zip(&expected).all(|(&got, &expected)| got == expected as u8));

        if interior.iter().any(|&interior| interior > 0) {
            return;
        }
        let background: Vec<u32> = (0..size as u32).map(|i| !i).collect();
        let mut expected = background.clone();
        places.iter().zip(&elements).for_each(|(&place, &element)| expected[place] = element);
        let mut output = vec![0u32; size];
        let kernel = Embed::slice_update(4, outer, inner, low);
        run_kernel(&kernel, &[&background, &elements], &mut [&mut output]).unwrap();
        assert_eq!(output, expected);
        let mut output = vec![0u32; size];
        let kernel = Embed::dynamic_slice_update(4, outer, inner);
        let starts: Vec<i32> = low.iter().map(|&low| low as i32).collect();
        run_kernel(&kernel, &[&background, &elements, &starts], &mut [&mut output]).unwrap();
        assert_eq!(output, expected);
    }

    #[test]
    fn pads_and_updates_slices() {
        check(&[], &[], &[], &[]);
        check(&[3], &[8], &[2], &[0]);
        check(&[0], &[4], &[2], &[0]);
        check(&[3], &[8], &[2], &[1]);
        check(&[2, 3], &[5, 4], &[1, 0], &[0, 0]);
        check(&[2, 3], &[5, 3], &[3, 0], &[0, 0]);
        check(&[2, 3], &[2, 9], &[0, 1], &[0, 2]);
        check(&[2, 3, 4], &[9, 3, 4], &[2, 0, 0], &[2, 0, 0]);
        check(&[2, 3, 4], &[6, 7, 4], &[2, 1, 0], &[1, 1, 0]);
        check(&[1, 3, 1, 2], &[2, 3, 5, 2], &[1, 0, 4, 0], &[0, 0, 3, 0]);
        check(&[2, 0, 4], &[4, 3, 4], &[1, 2, 0], &[0, 0, 0]);
        check(&[300, 100], &[310, 107], &[3, 4], &[0, 0]);
        check(&[100_000], &[300_001], &[99], &[1]);
    }

    #[test]
    fn starts_out_of_range_are_refused() {
        let (background, updates) = (vec![0u32; 12], vec![1u32; 4]);
        let kernel = Embed::dynamic_slice_update(4, &[3, 4], &[1, 4]);
        for (starts, index, size) in [([3, 0], 3, 3), ([-1, 0], -1, 3), ([0, 1], 1, 1)] {
            let mut output = vec![0u32; 12];
            let result = run_kernel(&kernel, &[&background, &updates, &starts.to_vec()], &mut [&mut output]);
            assert_eq!(result, Err(KernelError::IndexOutOfRange { op: "dynamicSliceUpdate", index, size }));
        }
    }

    #[test]
    fn updates_in_place() {
        let mut memory: Vec<u32> = (0..20).collect();
        let updates = [100u32, 101];
        // SAFETY: the memory outlives the run, which alone uses it.
        let buffer = unsafe { Buffer::new(memory.as_mut_ptr().cast(), 80) };
        // SAFETY: as above, and only read.
        let updates = unsafe { Buffer::new(updates.as_ptr().cast_mut().cast(), 8) };
        let kernel = Embed::slice_update(4, &[4, 5], &[2, 1], &[1, 3]);
        let operands =
            Operands { inputs: &[buffer, updates], outputs: &[buffer], shared: Buffer::EMPTY, ahead: &[] };
        kernel.run(0, 0, &operands, &mut []).unwrap();
        let mut expected: Vec<u32> = (0..20).collect();
        (expected[8], expected[13]) = (100, 101);
        assert_eq!(memory, expected);
    }

    #[test]
    fn memory_is_checked() {
        let kernel = Embed::pad(4, &[3], &[8], &[2], &[0]);
        let (short, value, mut output) = (vec![0u32; 2], vec![0u32], vec![0u32; 8]);
        let run = std::panic::AssertUnwindSafe(|| run_kernel(&kernel, &[&short, &value], &mut [&mut output]));
        assert!(std::panic::catch_unwind(run).is_err());
        assert!(std::panic::catch_unwind(|| Embed::pad(4, &[3], &[8], &[6], &[0])).is_err());
        assert!(std::panic::catch_unwind(|| Embed::pad(4, &[3], &[8], &[usize::MAX], &[1])).is_err());
        assert!(std::panic::catch_unwind(|| Embed::pad(4, &[3], &[8], &[0], &[usize::MAX])).is_err());
    }
}
