//! Sums and maxima of rows by index.

use super::{INDEX, checked_index};
use crate::chunks::{Chunks, GRAIN, LIMIT, part};
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, require_size};
use crate::lanes::Arithmetic;
use crate::reduce::{Element, Max, Operation, Sum};
use crate::target::{Loop, Target};
use crate::{Dtype, Isa};
use std::marker::PhantomData;
use std::ops::Range;

/// The bytes of an element.
const ELEMENT: usize = 4;

/// Combines the rows that have the same id, in the order of the rows.
#[derive(Debug)]
pub struct SegmentReduce {
    target: Target,
    kind: Kind,
    dtype: Dtype,
    rows: usize,
    columns: usize,
    segments: usize,
    /// A tile is a band of segments, and of their columns so many, as one of so many tiles side by side.
    bands: usize,
    width: usize,
    across: usize,
    chunks: Chunks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sum,
    Max,
}

impl SegmentReduce {
    /// The columns of a tile where rows are split.
    const WIDTH: usize = 128;
    /// The most bands of short rows: each band reads all ids.
    const BANDS: usize = 8;
    /// The columns of a row that are worth another band.
    const COLUMNS: usize = 16;

    /// Sums, of which that of no rows is zero; those of integers wrap.
    ///
    /// # Panics
    /// When the machine lacks the instruction set, the dtype is not of four-byte numbers, or a size overflows.
    pub fn sum(isa: Isa, dtype: Dtype, rows: usize, columns: usize, segments: usize) -> Self {
        SegmentReduce::new(isa, Kind::Sum, dtype, rows, columns, segments)
    }

    /// Maxima, of which that of no rows is the least there is. NaN is greater than any number.
    ///
    /// # Panics
    /// As [`SegmentReduce::sum`].
    pub fn max(isa: Isa, dtype: Dtype, rows: usize, columns: usize, segments: usize) -> Self {
        SegmentReduce::new(isa, Kind::Max, dtype, rows, columns, segments)
    }

    fn new(isa: Isa, kind: Kind, dtype: Dtype, rows: usize, columns: usize, segments: usize) -> Self {
        assert!(matches!(dtype, Dtype::Float32 | Dtype::Int32), "segments are of numbers");
        require_size(&[ELEMENT, rows, columns]);
        require_size(&[ELEMENT, segments, columns]);
        let (data, output) = (ELEMENT * rows * columns, ELEMENT * segments * columns);
        let wanted = (2 * (data / GRAIN + output / GRAIN)).clamp(1, LIMIT);
        let bands = wanted.min(Self::BANDS.max(columns / Self::COLUMNS)).min(segments.max(1));
        // Without columns there is still one tile, which checks the ids.
        let across = (wanted / bands).min(columns / Self::WIDTH).max(1);
        let width = columns.div_ceil(across);
        let tiles = across * bands;
        let chunks = Chunks::new(tiles, data.saturating_add(output) / tiles);
        let target = Target::new(isa);
        SegmentReduce { target, kind, dtype, rows, columns, segments, width, across, bands, chunks }
    }

    fn run_chunk<T: Element, O: Operation<T>>(
        &self,
        chunk: u32,
        operands: &Operands<'_>,
    ) -> Result<(), KernelError> {
        let data = operands.inputs[0].part(0..self.rows * self.columns * ELEMENT);
        let ids = operands.inputs[1].part(0..self.rows * INDEX);
        let output = operands.outputs[0].part(0..self.segments * self.columns * ELEMENT);
        for tile in self.chunks.range(chunk) {
            let start = self.columns.min(tile % self.across * self.width);
            let columns = start..self.columns.min(start + self.width);
            let segments = part(self.segments, self.bands, tile / self.across);
            self.target.run(SegmentTile {
                plan: self,
                // SAFETY: plain numbers, which nobody writes meanwhile.
                data: unsafe { data.slice::<T>() },
                // SAFETY: as above.
                ids: unsafe { ids.slice() },
                output,
                segments,
                columns,
                operation: PhantomData::<O>,
            })?;
        }
        Ok(())
    }
}

impl Kernel for SegmentReduce {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Sum => "segmentSum",
            Kind::Max => "segmentMax",
        }
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        let added = (self.rows * self.columns) as u64;
        Cost {
            flops: added,
            bytes: 4 * (3 * added + self.rows as u64 + (self.segments * self.columns) as u64),
        }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        match (self.kind, self.dtype) {
            (Kind::Sum, Dtype::Int32) => self.run_chunk::<i32, Sum>(chunk, operands),
            (Kind::Sum, _) => self.run_chunk::<f32, Sum>(chunk, operands),
            (Kind::Max, Dtype::Int32) => self.run_chunk::<i32, Max>(chunk, operands),
            (Kind::Max, _) => self.run_chunk::<f32, Max>(chunk, operands),
        }
    }
}

struct SegmentTile<'a, T, O> {
    plan: &'a SegmentReduce,
    data: &'a [T],
    ids: &'a [i32],
    output: Buffer,
    segments: Range<usize>,
    columns: Range<usize>,
    operation: PhantomData<O>,
}

impl<T: Element, O: Operation<T>> Loop for SegmentTile<'_, T, O> {
    type Output = Result<(), KernelError>;

    #[inline(always)]
    fn run<I: Arithmetic>(self) -> Result<(), KernelError> {
        let pitch = self.plan.columns;
        let totals = |segment: usize| {
            let columns = segment * pitch + self.columns.start..segment * pitch + self.columns.end;
            // SAFETY: tiles are disjoint, each is in one chunk only, and one slice lives at a time.
            unsafe { self.output.slice_mut::<T>(columns) }
        };
        if self.columns.len() == pitch {
            let all = self.segments.start * pitch..self.segments.end * pitch;
            // SAFETY: as above.
            unsafe { self.output.slice_mut::<T>(all) }.fill(O::IDENTITY);
        } else {
            self.segments.clone().for_each(|segment| totals(segment).fill(O::IDENTITY));
        }
        for (row, &id) in self.ids.iter().enumerate() {
            let segment = checked_index(self.plan.name(), id, self.plan.segments)?;
            if self.segments.contains(&segment) {
                let values = &self.data[row * pitch..][self.columns.clone()];
                totals(segment).iter_mut().zip(values).for_each(|(total, value)| {
                    *total = O::combine(*total, *value);
                });
            }
        }
        Ok(())
    }
}
