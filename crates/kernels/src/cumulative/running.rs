//! Running sums, products and maxima.

use super::{BYTES, Lines, WIDTH};
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands};
use crate::lanes::Arithmetic;
use crate::target::{Loop, Target};
use crate::{Dtype, Isa};
use std::marker::PhantomData;

/// For each element along an axis what it and all before it (after it, in reverse) come to. Sums and products of floats run in
/// f64 in the order of the elements and are rounded where they are stored; those of integers wrap.
#[derive(Debug)]
pub struct Running {
    target: Target,
    kind: Kind,
    dtype: Dtype,
    lines: Lines,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sum,
    Product,
    Max,
}

impl Running {
    /// # Panics
    /// When the machine lacks the instruction set, the dtype is not of four-byte numbers, the shape has no such axis, or a
    /// size overflows.
    pub fn sum(isa: Isa, dtype: Dtype, shape: &[usize], axis: usize, reverse: bool) -> Self {
        Running::new(isa, Kind::Sum, dtype, shape, axis, reverse)
    }

    /// # Panics
    /// As [`Running::sum`].
    pub fn product(isa: Isa, dtype: Dtype, shape: &[usize], axis: usize, reverse: bool) -> Self {
        Running::new(isa, Kind::Product, dtype, shape, axis, reverse)
    }

    /// From the first NaN on all are NaN.
    ///
    /// # Panics
    /// As [`Running::sum`].
    pub fn max(isa: Isa, dtype: Dtype, shape: &[usize], axis: usize, reverse: bool) -> Self {
        Running::new(isa, Kind::Max, dtype, shape, axis, reverse)
    }

    fn new(isa: Isa, kind: Kind, dtype: Dtype, shape: &[usize], axis: usize, reverse: bool) -> Self {
        assert!(matches!(dtype, Dtype::Float32 | Dtype::Int32), "running totals are of numbers");
        Running { target: Target::new(isa), kind, dtype, lines: Lines::new(shape, axis, reverse, 2) }
    }

    fn run_chunk<O: Total>(&self, chunk: u32, operands: &Operands<'_>) {
        let bytes = self.lines.elements() * BYTES;
        // SAFETY: numbers of four bytes, which nobody writes meanwhile.
        let input = unsafe { operands.inputs[0].part(0..bytes).slice::<O::Element>() };
        let output = operands.outputs[0].part(0..bytes);
        self.target.run(RunningChunk { lines: &self.lines, chunk, input, output, total: PhantomData::<O> });
    }
}

impl Kernel for Running {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Sum => "cumsum",
            Kind::Product => "cumprod",
            Kind::Max => "cummax",
        }
    }

    fn phases(&self) -> &[u32] {
        self.lines.chunks.phases()
    }

    fn cost(&self) -> Cost {
        let elements = self.lines.elements() as u64;
        Cost { flops: elements, bytes: 2 * BYTES as u64 * elements }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        match (self.kind, self.dtype) {
            (Kind::Sum, Dtype::Int32) => self.run_chunk::<WrappingSum>(chunk, operands),
            (Kind::Sum, _) => self.run_chunk::<Sum>(chunk, operands),
            (Kind::Product, Dtype::Int32) => self.run_chunk::<WrappingProduct>(chunk, operands),
            (Kind::Product, _) => self.run_chunk::<Product>(chunk, operands),
            (Kind::Max, Dtype::Int32) => self.run_chunk::<IntegerMax>(chunk, operands),
            (Kind::Max, _) => self.run_chunk::<Max>(chunk, operands),
        }
        Ok(())
    }
}

/// What runs along a line.
trait Total: Copy {
    type Element: Copy;
    const START: Self;

    fn with(self, element: Self::Element) -> Self;
    fn value(self) -> Self::Element;
}

macro_rules! total {
    ($name:ident($total:ty) of $element:ty, $start:expr, |$a:ident, $b:ident| $with:expr, |$c:ident| $value:expr) => {
        #[derive(Clone, Copy)]
        struct $name($total);

        impl Total for $name {
            type Element = $element;
            const START: Self = $name($start);

            #[inline(always)]
            fn with(self, $b: $element) -> Self {
                let $a = self.0;
                $name($with)
            }

            #[inline(always)]
            fn value(self) -> $element {
                let $c = self.0;
                $value
            }
        }
    };
}

total!(Sum(f64) of f32, 0.0, |a, b| a + f64::from(b), |a| a as f32);
total!(Product(f64) of f32, 1.0, |a, b| a * f64::from(b), |a| a as f32);
total!(Max(f32) of f32, f32::NEG_INFINITY, |a, b| if (b > a) | b.is_nan() { b } else { a }, |a| a);
total!(WrappingSum(i32) of i32, 0, |a, b| a.wrapping_add(b), |a| a);
total!(WrappingProduct(i32) of i32, 1, |a, b| a.wrapping_mul(b), |a| a);
total!(IntegerMax(i32) of i32, i32::MIN, |a, b| a.max(b), |a| a);

struct RunningChunk<'a, O: Total> {
    lines: &'a Lines,
    chunk: u32,
    input: &'a [O::Element],
    output: Buffer,
    total: PhantomData<O>,
}

impl<O: Total> Loop for RunningChunk<'_, O> {
    type Output = ();

    #[inline(always)]
    fn run<I: Arithmetic>(self) {
        let Lines { extent, inner, .. } = *self.lines;
        for tile in self.lines.tiles(self.chunk) {
            if inner == 1 {
                let line = &self.input[tile.first..tile.first + extent];
                // SAFETY: lines are disjoint, and each is in one chunk only.
                let output = unsafe { self.output.slice_mut(tile.first..tile.first + extent) };
                let mut total = O::START;
                for place in self.lines.order() {
                    total = total.with(line[place]);
                    output[place] = total.value();
                }
                continue;
            }
            let mut totals = [O::START; WIDTH];
            for place in self.lines.order() {
                let start = tile.first + place * inner;
                let row = start..start + tile.lines;
                // SAFETY: the tiles of chunks are disjoint, and one slice lives at a time.
                let output = unsafe { self.output.slice_mut(row.clone()) };
                for ((total, output), element) in totals.iter_mut().zip(output).zip(&self.input[row]) {
                    *total = total.with(*element);
                    *output = total.value();
                }
            }
        }
    }
}
