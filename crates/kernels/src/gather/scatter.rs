//! Rows put where indices say.

use super::{INDEX, checked_index};
use crate::chunks::{Chunks, GRAIN, part};
use crate::kernel::{Cost, Kernel, KernelError, Operands, require_size};

/// Copies the data, and in the place of the row that each index names the update that goes with it: of several for one row the last.
#[derive(Debug)]
pub struct ScatterUpdate {
    row_bytes: usize,
    rows: usize,
    count: usize,
    /// Each band of rows reads all indices.
    bands: usize,
    chunks: Chunks,
}

impl ScatterUpdate {
    /// The most bands.
    const BANDS: usize = 8;

    /// # Panics
    /// When a size overflows.
    pub fn new(row_bytes: usize, rows: usize, count: usize) -> Self {
        require_size(&[row_bytes, rows]);
        require_size(&[row_bytes, count]);
        require_size(&[INDEX, count]);
        let bytes = row_bytes.saturating_mul(rows.saturating_add(count));
        let bands = (bytes / GRAIN).clamp(1, Self::BANDS).min(rows.max(1));
        ScatterUpdate { row_bytes, rows, count, bands, chunks: Chunks::new(bands, bytes / bands) }
    }
}

impl Kernel for ScatterUpdate {
    fn name(&self) -> &'static str {
        "scatterUpdate"
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        let bytes = 2 * self.row_bytes as u64 * (self.rows + self.count) as u64 + (INDEX * self.count) as u64;
        Cost { flops: 0, bytes }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let (row_bytes, bytes) = (self.row_bytes, self.rows * self.row_bytes);
        // SAFETY: bytes and numbers, which nobody writes meanwhile.
        let data = unsafe { operands.inputs[0].part(0..bytes).slice::<u8>() };
        // SAFETY: as above.
        let indices = unsafe { operands.inputs[1].part(0..self.count * INDEX).slice::<i32>() };
        // SAFETY: as above.
        let updates = unsafe { operands.inputs[2].part(0..self.count * row_bytes).slice::<u8>() };
        let output = operands.outputs[0].part(0..bytes);
        for band in self.chunks.range(chunk) {
            let rows = part(self.rows, self.bands, band);
            let bytes = rows.start * row_bytes..rows.end * row_bytes;
            // SAFETY: the bands are disjoint, and each is in one chunk only.
            let output = unsafe { output.slice_mut::<u8>(bytes.clone()) };
            output.copy_from_slice(&data[bytes]);
            for (update, &index) in indices.iter().enumerate() {
                let row = checked_index("scatterUpdate", index, self.rows)?;
                if rows.contains(&row) {
                    let place = (row - rows.start) * row_bytes;
                    output[place..place + row_bytes]
                        .copy_from_slice(&updates[update * row_bytes..][..row_bytes]);
                }
            }
        }
        Ok(())
    }
}

/// The places in a flattened tensor that indices of its first axes mean.
#[derive(Debug)]
pub struct ScatterPlaces {
    /// The extents that the parts of an index are in.
    extents: Vec<usize>,
    count: usize,
    chunks: Chunks,
}

impl ScatterPlaces {
    /// # Panics
    /// When a size overflows, or a place is more than an int32 can count.
    pub fn new(extents: &[usize], count: usize) -> Self {
        require_size(&[INDEX, count, extents.len()]);
        let places = extents.iter().try_fold(1usize, |places, &extent| places.checked_mul(extent.max(1)));
        assert!(places.is_some_and(|places| places <= i32::MAX as usize), "places are int32");
        let chunks = Chunks::new(count, INDEX * (extents.len() + 1));
        ScatterPlaces { extents: extents.to_vec(), count, chunks }
    }
}

impl Kernel for ScatterPlaces {
    fn name(&self) -> &'static str {
        "scatterPlaces"
    }

    fn phases(&self) -> &[u32] {
        self.chunks.phases()
    }

    fn cost(&self) -> Cost {
        let parts = (self.count * self.extents.len()) as u64;
        Cost { flops: 2 * parts, bytes: INDEX as u64 * (parts + self.count as u64) }
    }

    fn run(&self, _: u32, chunk: u32, operands: &Operands<'_>, _: &mut [f32]) -> Result<(), KernelError> {
        let (range, width) = (self.chunks.range(chunk), self.extents.len());
        // SAFETY: numbers, which nobody writes meanwhile.
        let indices = unsafe { operands.inputs[0].part(0..self.count * width * INDEX).slice::<i32>() };
        let output = operands.outputs[0].part(0..self.count * INDEX);
        // SAFETY: the places of chunks are disjoint.
        let output = unsafe { output.slice_mut::<i32>(range.clone()) };
        for (output, index) in output.iter_mut().zip(range) {
            let mut place = 0;
            for (&part, &extent) in indices[index * width..][..width].iter().zip(&self.extents) {
                place = place * extent + checked_index("scatterPlaces", part, extent)?;
            }
            *output = place as i32;
        }
        Ok(())
    }
}
