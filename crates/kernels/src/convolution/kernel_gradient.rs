//! The gradient of a convolution by its kernel, as a sum of matrix products over the targets.
//!
//! Each row of the gradient is the product of the sources that one tap reads, transposed, with the outputs' gradients. Both are read where
//! they lie: a tile adds up the pixels whose sources exist, line by line. Only where there are many channels or filters are a few of them
//! copied close together.
//! Each chunk adds up a part of the bands into sums of its own, and a second phase adds these in their order. Where a gradient is so large that
//! it has sums for few parts, a chunk computes a slice of its rows.

mod copies;
mod piece;
mod rows;

use super::geometry::{Class, Geometry};
use crate::arch::{Task, Vector};
use crate::chunks::Chunks;
use crate::isa::Isa;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch};
use crate::matmul::{
    BLOCK_DEPTH, CHUNK_WORK, Chunk, Split, TileSize, TileSizes, TileTask, Tiles, with_tiles,
};
use copies::Copies;
#[cfg(target_arch = "x86_64")]
pub(super) use copies::{Places, copy_pixels};
use piece::Piece;
use rows::Part;
use std::ops::Range;

/// The most parts whose sums are kept apart, ...
pub(super) const MOST_PARTS: usize = 16;
/// ... and their elements in all.
pub(super) const MOST_SUMS: usize = 1 << 22;

/// Copying the gradients of a panel close together is worth it for so many tiles.
const LEAST_TILES: usize = 9;

/// From inputs [batch, …input, channels] and the gradients of the outputs [batch, …output, filters] to the gradient of the kernel
/// [...window, channels / groups, filters].
#[derive(Debug)]
pub struct ConvolutionKernelGradient {
    isa: Isa,
    geometry: Geometry,
    tile: TileSize,
    /// What the targets read.
    class: Class,
    rows: Vec<Part>,
    /// Where the sources are copied, if they are.
    copies: Option<Copies>,
    /// The parts whose sources are copied at once, and the elements of their copies.
    parts_at_once: usize,
    copied: usize,
    /// Elements for the gradients of a group, if those of a panel are copied close together: where others are between them, and many rows read
    /// them.
    packed: usize,
    /// Whether each sum is of one tile, which sets it before it adds to it.
    sets_all: bool,
    /// The lines of each plane in bands, and the planes that are added up at once.
    bands: Split,
    together: usize,
    parts: Split,
    /// The rows, in slices.
    slices: Split,
    sum_chunks: Chunks,
    phases: [u32; 2],
}

impl ConvolutionKernelGradient {
    /// # Panics
    /// When the machine lacks the instruction set, or the geometry is not one.
    pub fn new(isa: Isa, geometry: Geometry) -> Self {
        assert!(isa.is_available(), "the machine has the instruction set");
        geometry.check();
        let Geometry { batch, channels, filters, groups, .. } = geometry;
        let [class] = <[_; 1]>::try_from(geometry.forward()).expect("all outputs read alike");
        let planes = (batch * class.axes[0].count).max(1);
        let weights = geometry.weights();
        let threads = (geometry.work() / CHUNK_WORK).clamp(1, MOST_PARTS as u64) as usize;
        let wanted = threads.min(MOST_SUMS / weights.max(1)).max(1);
        let [_, lines, columns] = &class.axes;
        let bands = Split::new(lines.count, wanted.div_ceil(planes));
        let targets = geometry.outputs() / filters.max(1);
        let units = if targets == 0 { 0 } else { planes * bands.parts };
        let parts = Split::new(units, wanted);
        let tile = TileSizes::of(isa).tallest(filters / groups);
        // The planes of several images can be added up at once where each has one, of few pixels.
        let is_whole = bands.parts == 1 && class.axes[0].count == 1;
        let together = if is_whole { (BLOCK_DEPTH / (lines.count * columns.count).max(1)).max(1) } else { 1 };
        let at_once =
            [together, lines_at_once(columns.count).min(bands.part(0).len()), columns.count.min(BLOCK_DEPTH)];
        let taps = rows::taps_at_once(&class, channels, channels / groups, tile.rows);
        let mut rows = rows::parts(&class, channels / groups, taps, tile.rows);
        let copies = Copies::new(&class, channels, tile.rows, at_once).filter(|_| taps == 1);
        if let Some(copies) = &copies {
            for tile in rows.iter_mut().flat_map(|part| &mut part.tiles) {
                tile.source = copies.place(&class, tile.taps) as isize;
            }
        }
        let most = rows.iter().map(|part| part.count).max().unwrap_or(1);
        let (parts_at_once, copied) = copies.as_ref().map_or((1, 0), |copies| {
            let parts = copies.channels_at_once(together, channels / groups, most) / most;
            (parts, copies.size(together) * most * parts)
        });
        let panels = (filters / groups).div_ceil(tile.columns);
        let tiles: usize = rows.iter().map(|part| part.tiles.len()).sum();
        let is_packed = panels * groups > 1 && tiles >= LEAST_TILES;
        let packed = if is_packed { panels * BLOCK_DEPTH * tile.columns } else { 0 };
        let sum_chunks = Chunks::new(weights, 4 * (parts.parts + 1));
        let sums = if weights == 0 || (units > 0 && parts.parts == 1) { 0 } else { sum_chunks.count() };
        // What is not set by one tile alone is cleared as a whole first.
        let sets_all = taps == 1;
        let threads = if sets_all { threads } else { 1 };
        let slices = Split::new(rows.len(), threads.div_ceil(parts.parts));
        let chunks = (parts.parts * slices.parts) as u32;
        let phases = [if weights == 0 || units == 0 { 0 } else { chunks }, sums];
        ConvolutionKernelGradient {
            isa,
            geometry,
            tile,
            class,
            rows,
            copies,
            parts_at_once,
            copied,
            packed,
            sets_all,
            bands,
            together,
            parts,
            slices,
            sum_chunks,
            phases,
        }
    }

    /// Adds up the bands of a part, for a slice of the rows.
    ///
    /// # Safety
    /// The machine has the instruction set, and the operands and `private` have their sizes.
    unsafe fn add_up<V: Tiles>(&self, chunk: usize, operands: &Operands<'_>, private: &mut [f32]) {
        let [planes, _, columns] = &self.class.axes;
        let weights = self.geometry.weights();
        let (part, slice) = (chunk / self.slices.parts, chunk % self.slices.parts);
        let rows = &self.rows[self.slices.part(slice)];
        let sums = match self.phases[1] {
            0 => operands.outputs[0],
            _ => operands.shared.part(4 * part * weights..4 * (part + 1) * weights),
        };
        if !self.sets_all {
            // SAFETY: each part has its sums there, which its only slice writes; nothing of them is borrowed.
            unsafe { sums.slice_mut::<f32>(0..weights) }.fill(0.0);
        }
        let mut sets = self.sets_all;
        let units = self.parts.part(part);
        for first in units.clone().step_by(self.together) {
            let (plane, band) = (first / self.bands.parts, first % self.bands.parts);
            let lines = self.bands.part(band);
            let at_once = Split::by_size(lines.len(), lines_at_once(columns.count));
            let pixels = Split::by_size(columns.count, BLOCK_DEPTH);
            for (block, pixel) in (0..at_once.parts).flat_map(|i| (0..pixels.parts).map(move |j| (i, j))) {
                let block = at_once.part(block);
                let piece = Piece {
                    kernel: self,
                    rows,
                    image: plane / planes.count,
                    images: self.together.min(units.end - first),
                    plane: plane % planes.count,
                    lines: lines.start + block.start..lines.start + block.end,
                    pixels: pixels.part(pixel),
                    sources: operands.inputs[0].pointer(),
                    gradients: operands.inputs[1].pointer(),
                    sums: sums.pointer(),
                    sets,
                };
                // SAFETY: the operands have their sizes.
                unsafe { piece.add::<V>(private) };
                sets = false;
            }
        }
    }
}

/// Sets some elements of a gradient to the totals of the sums of so many parts, which the scratch holds.
///
/// # Safety
/// The machine has the instruction set, and nobody else uses these elements nor writes the sums meanwhile.
pub(super) unsafe fn total<V: Vector>(operands: &Operands<'_>, parts: usize, elements: Range<usize>) {
    let gradient = operands.outputs[0];
    // SAFETY: the caller's.
    unsafe {
        let total = gradient.slice_mut::<f32>(elements.clone());
        total.fill(0.0);
        add_parts::<V>(&operands.shared, 0..parts, gradient.elements::<f32>(), elements.start, total);
    }
}

/// Adds to a total the same elements of the sums of some parts, from one element on. Each part has `size` sums.
///
/// # Safety
/// The machine has the instruction set, and nobody writes these sums meanwhile.
pub(super) unsafe fn add_parts<V: Vector>(
    sums: &Buffer,
    parts: Range<usize>,
    size: usize,
    first: usize,
    total: &mut [f32],
) {
    for part in parts {
        let start = part * size + first;
        // SAFETY: the caller's.
        unsafe {
            let sums = sums.part(4 * start..4 * (start + total.len())).slice::<f32>();
            V::enter(Add { sums, total });
        }
    }
}

/// Adds some numbers to a total.
struct Add<'a> {
    sums: &'a [f32],
    total: &'a mut [f32],
}

impl Task for Add<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for (total, sum) in self.total.iter_mut().zip(self.sums) {
            *total += sum;
        }
    }
}

/// Lines of so many targets that are added up at once.
fn lines_at_once(pixels: usize) -> usize {
    (BLOCK_DEPTH / pixels.max(1)).max(1)
}

impl TileTask for Chunk<'_, ConvolutionKernelGradient> {
    type Output = ();

    unsafe fn run<V: Tiles>(self) {
        let Chunk { kernel, phase, chunk, operands, private } = self;
        let parts = if kernel.phases[0] == 0 { 0 } else { kernel.parts.parts };
        // SAFETY: the caller's; the chunks' ranges are disjoint, and only the first phase writes sums.
        unsafe {
            match phase {
                0 => kernel.add_up::<V>(chunk as usize, operands, private),
                _ => total::<V>(operands, parts, kernel.sum_chunks.range(chunk)),
            }
        }
    }
}

impl Kernel for ConvolutionKernelGradient {
    fn name(&self) -> &'static str {
        "convolutionKernelGradient"
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        Cost { flops: self.geometry.flops(), bytes: self.geometry.bytes() }
    }

    fn scratch(&self) -> Scratch {
        Scratch {
            shared: if self.phases.contains(&0) { 0 } else { self.parts.parts * self.geometry.weights() },
            private: self.packed + self.copied,
        }
    }

    fn run(
        &self,
        phase: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError> {
        assert!(chunk < self.phases[phase as usize], "the chunk is one of its phase");
        operands.require_input(0, self.geometry.inputs(), "the inputs");
        operands.require_input(1, self.geometry.outputs(), "the outputs' gradients");
        operands.require_output(self.geometry.weights(), "the kernel's gradient");
        self.scratch().require(operands, private);
        // SAFETY: the sizes were just checked, and the instruction set in `new`.
        unsafe { with_tiles(self.isa, Chunk { kernel: self, phase, chunk, operands, private }) };
        Ok(())
    }
}
