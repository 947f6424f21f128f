//! Sums of rows by index.

use super::{INDEX, checked_index};
use crate::Isa;
use crate::chunks::{Chunks, GRAIN, LIMIT, part};
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, require_size};
use crate::lanes::Arithmetic;
use crate::target::{Loop, Target};
use std::ops::Range;

/// Sums the f32 rows that have the same id, each sum in the order of the rows.
#[derive(Debug)]
pub struct SegmentSum {
    target: Target,
    rows: usize,
    columns: usize,
    segments: usize,
    /// A tile is a band of segments, and of their columns so many, as one of so many tiles side by side.
    bands: usize,
    width: usize,
    across: usize,
    chunks: Chunks,
}

impl SegmentSum {
    /// The columns of a tile where rows are split.
    const WIDTH: usize = 128;
    /// The most bands of short rows: each band reads all ids.
    const BANDS: usize = 8;
    /// The columns of a row that are worth another band.
    const COLUMNS: usize = 16;

    /// # Panics
    /// When the machine lacks the instruction set, or a size overflows.
    pub fn new(isa: Isa, rows: usize, columns: usize, segments: usize) -> Self {
        const ELEMENT: usize = size_of::<f32>();
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
        SegmentSum { target: Target::new(isa), rows, columns, segments, width, across, bands, chunks }
    }
}

impl Kernel for SegmentSum {
    fn name(&self) -> &'static str {
        "segmentSum"
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
        const ELEMENT: usize = size_of::<f32>();
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
                data: unsafe { data.slice() },
                // SAFETY: as above.
                ids: unsafe { ids.slice() },
                output,
                segments,
                columns,
            })?;
        }
        Ok(())
    }
}

struct SegmentTile<'a> {
    plan: &'a SegmentSum,
    data: &'a [f32],
    ids: &'a [i32],
    output: Buffer,
    segments: Range<usize>,
    columns: Range<usize>,
}

impl Loop for SegmentTile<'_> {
    type Output = Result<(), KernelError>;

    #[inline(always)]
    fn run<I: Arithmetic>(self) -> Result<(), KernelError> {
        let pitch = self.plan.columns;
        let sums = |segment: usize| {
            let columns = segment * pitch + self.columns.start..segment * pitch + self.columns.end;
            // SAFETY: tiles are disjoint, each is in one chunk only, and one slice lives at a time.
            unsafe { self.output.slice_mut::<f32>(columns) }
        };
        if self.columns.len() == pitch {
            let all = self.segments.start * pitch..self.segments.end * pitch;
            // SAFETY: as above.
            unsafe { self.output.slice_mut::<f32>(all) }.fill(0.0);
        } else {
            self.segments.clone().for_each(|segment| sums(segment).fill(0.0));
        }
        for (row, &id) in self.ids.iter().enumerate() {
            let segment = checked_index("segmentSum", id, self.plan.segments)?;
            if self.segments.contains(&segment) {
                let values = &self.data[row * pitch..][self.columns.clone()];
                sums(segment).iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
        }
        Ok(())
    }
}
