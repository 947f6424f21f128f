//! The gradient of a convolution by its kernel, the transpose of the other transformations: Gᵀ (Σ (A y Aᵀ) ⊙ (Bᵀ d B)) G, summed over all
//! tiles of gradients y and sources d.
//!
//! Each chunk adds up a part of the blocks of tiles into sums of its own, and a second phase adds these in their order and transforms
//! them.

use super::is_possible;
use super::tiling::{PLACES, Planes, TARGETS, Tiling};
use super::transforms::{TransformGradients, TransformSums};
use crate::chunks::Chunks;
use crate::convolution::geometry::Geometry;
use crate::convolution::kernel_gradient::{MOST_PARTS, MOST_SUMS, add_parts};
use crate::isa::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands, Scratch, require_size};
use crate::matmul::{
    CHUNK_WORK, Chunk, Split, Stretches, Tile, TileSize, TileSizes, TileTask, Tiles, with_tiles,
};
use std::ops::Range;
use std::ptr::{null, null_mut};

/// Elements of the transformed tiles of a block: they stay in the L2 cache.
const BLOCK: usize = 1 << 16;
/// The fewest tiles of a block, unless they do not fit, over which the cost of the sums is spread, and the most.
const TILES: (usize, usize) = (64, 128);
/// The fewest tiles of a part, whose sums are added to those of the others.
const PART: usize = 128;

/// From inputs [batch, lines, columns, channels] and the gradients of the outputs [batch, lines, columns, filters] to the gradient of the
/// kernel [3, 3, channels, filters].
#[derive(Debug)]
pub struct WinogradKernelGradient {
    isa: Isa,
    geometry: Geometry,
    tile: TileSize,
    tiling: Tiling,
    /// The transformed tiles of a block.
    sources: Planes,
    gradients: Planes,
    /// Blocks.
    parts: Split,
    sum_chunks: Chunks,
    phases: [u32; 2],
}

impl WinogradKernelGradient {
    /// # Panics
    /// When the machine lacks the instruction set, or the convolution is none of this kind.
    pub fn new(isa: Isa, geometry: Geometry) -> Self {
        assert!(isa.is_available(), "the machine has the instruction set");
        geometry.check();
        assert!(is_possible(&geometry), "windows are of three by three, one after the other");
        let Geometry { batch, channels, filters, .. } = geometry;
        let sizes = TileSizes::of(isa);
        let (tile, lanes) = (sizes.tallest(geometry.filters), sizes.lanes());
        let [class] = <[_; 1]>::try_from(geometry.forward()).expect("all outputs read alike");
        let of_tile = PLACES.saturating_mul(channels.saturating_add(filters));
        let tiles = (BLOCK / of_tile).clamp(TILES.0, TILES.1).min(Planes::most(channels.max(filters)));
        require_size(&[PLACES, channels, filters + lanes, size_of::<f32>()]);
        let sums = PLACES * channels * filters.next_multiple_of(lanes);

        let wanted = (geometry.work() / CHUNK_WORK).clamp(1, MOST_PARTS as u64) as usize;
        let wanted = wanted.min(MOST_SUMS / sums).max(1);
        let tiling = Tiling::new(&class, batch, channels, tiles, wanted);
        let all = batch * tiling.lines.tiles() * tiling.columns.tiles();
        let parts = Split::new(tiling.blocks.parts, wanted.min(all / PART));
        let sum_chunks = Chunks::new(channels, 4 * (parts.parts + 1) * (sums / channels));
        WinogradKernelGradient {
            isa,
            geometry,
            tile,
            sources: Planes::new(tiling.tiles(), channels, lanes),
            gradients: Planes::new(tiling.tiles(), filters, lanes),
            tiling,
            parts,
            phases: [parts.parts as u32, sum_chunks.count()],
            sum_chunks,
        }
    }

    /// The elements of a row of sums, and of all sums of a part.
    fn sums(&self) -> (usize, usize) {
        (self.gradients.width, PLACES * self.geometry.channels * self.gradients.width)
    }

    /// Adds up the blocks of a part.
    ///
    /// # Safety
    /// The machine has the instruction set, and the operands and `private` have their sizes.
    unsafe fn add_up<V: Tiles>(&self, part: usize, operands: &Operands<'_>, private: &mut [f32]) {
        let (sources, gradients) = private.split_at_mut(self.sources.size());
        let blocks = self.parts.part(part);
        for block in blocks.clone() {
            let lines = self.tiling.blocks.part(block);
            // SAFETY: the operands have their sizes, and each part has its sums.
            unsafe {
                let inputs = operands.inputs[0].pointer::<f32>();
                self.tiling.transform_sources::<V>(&lines, inputs, &self.sources, sources);
                self.transform_gradients::<V>(&lines, operands, gradients);
                let tiles = lines.len() * self.tiling.columns.tiles();
                let sums = operands.shared.pointer::<f32>().add(part * self.sums().1);
                self.multiply::<V>(tiles, sources, gradients, sums, block > blocks.start);
            }
        }
    }

    /// # Safety
    /// As for `add_up`.
    unsafe fn transform_gradients<V: Tiles>(
        &self,
        lines: &Range<usize>,
        operands: &Operands<'_>,
        to: &mut [f32],
    ) {
        let (targets, filters) = (self.tiling.columns.targets, self.geometry.filters);
        let row = self.tiling.columns.tiles() * self.gradients.width;
        for (index, line) in lines.clone().enumerate() {
            // SAFETY: the lines lie within the gradients, and the tiles within their matrices.
            unsafe {
                let first = operands.inputs[1].pointer::<f32>().add(self.tiling.target(line) * filters);
                let second = (self.tiling.lines_of(line) == TARGETS).then(|| first.add(targets * filters));
                self.gradients.transform::<V>(TransformGradients {
                    lines: [Some(first.cast_const()), second.map(|second| second.cast_const())],
                    targets,
                    filters,
                    to: to.as_mut_ptr().add(index * row),
                    row: self.gradients.width,
                });
            }
        }
    }

    /// Multiplies sources and gradients of all tiles of a block.
    ///
    /// # Safety
    /// As for `add_up`.
    unsafe fn multiply<V: Tiles>(
        &self,
        tiles: usize,
        sources: &[f32],
        gradients: &[f32],
        sums: *mut f32,
        accumulate: bool,
    ) {
        let Geometry { channels, filters, .. } = self.geometry;
        let rows = Split::by_size(channels, self.tile.rows);
        let width = self.sums().0;
        for place in 0..PLACES {
            for column in (0..filters).step_by(self.tile.columns) {
                let vectors = (filters - column).min(self.tile.columns).div_ceil(V::LANES);
                for part in 0..rows.parts {
                    let rows = rows.part(part);
                    // SAFETY: sources, gradients and sums lie within their memory.
                    unsafe {
                        let c = sums.add((place * channels + rows.start) * width + column);
                        V::COMPUTE[rows.len() - 1][vectors - 1][0][0](&Tile {
                            depth: tiles,
                            a: sources.as_ptr().add(place * self.sources.stride + rows.start),
                            stride_a: self.sources.width,
                            b: gradients.as_ptr().add(place * self.gradients.stride + column),
                            stride_b: self.gradients.width,
                            stretches: Stretches::ONE,
                            repeats: Stretches::ONE,
                            packed_b: null_mut(),
                            c,
                            stride_c: width,
                            // The gradients are filled up with zeros.
                            last_columns: V::LANES,
                            before: if accumulate { c } else { null() },
                            stride_before: width,
                            bias: null(),
                            relu: false,
                            ahead: &[],
                        });
                    }
                }
            }
        }
    }

    /// Adds the sums of the parts to those of the first, and transforms them.
    ///
    /// # Safety
    /// The machine has the instruction set, and the operands have their sizes.
    unsafe fn sum<V: Tiles>(&self, chunk: u32, operands: &Operands<'_>) {
        let Geometry { channels, filters, .. } = self.geometry;
        let (width, size) = self.sums();
        let rows = self.sum_chunks.range(chunk);
        for place in 0..PLACES {
            let range = (place * channels + rows.start) * width..(place * channels + rows.end) * width;
            // SAFETY: the chunks' rows are disjoint.
            let total = unsafe { operands.shared.slice_mut::<f32>(range.clone()) };
            // SAFETY: nobody writes the sums of the other parts in this phase.
            unsafe { add_parts::<V>(&operands.shared, 1..self.parts.parts, size, range.start, total) };
        }
        for row in rows {
            // SAFETY: the row lies within the sums and the gradient, and is the chunk's own.
            unsafe {
                V::enter(TransformSums {
                    from: operands.shared.pointer::<f32>().add(row * width),
                    from_step: channels * width,
                    elements: filters,
                    to: operands.outputs[0].pointer::<f32>().add(row * filters),
                    to_step: channels * filters,
                });
            }
        }
    }
}

impl TileTask for Chunk<'_, WinogradKernelGradient> {
    type Output = ();

    unsafe fn run<V: Tiles>(self) {
        let Chunk { kernel, phase, chunk, operands, private } = self;
        // SAFETY: the caller's.
        unsafe {
            match phase {
                0 => kernel.add_up::<V>(chunk as usize, operands, private),
                _ => kernel.sum::<V>(chunk, operands),
            }
        }
    }
}

impl Kernel for WinogradKernelGradient {
    fn name(&self) -> &'static str {
        "convolutionKernelGradientWinograd"
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        Cost { flops: self.geometry.flops(), bytes: self.geometry.bytes() }
    }

    fn scratch(&self) -> Scratch {
        Scratch {
            shared: self.parts.parts * self.sums().1,
            private: self.sources.size() + self.gradients.size(),
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
