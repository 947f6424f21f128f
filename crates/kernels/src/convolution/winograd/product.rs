//! A convolution, or its gradient by the input, which is a convolution by the mirrored weights.
//!
//! In a first phase the weights are transformed. Then each chunk computes blocks of tiles. An element of a product is one chain of
//! multiply-adds for each piece of the channels.

use super::is_possible;
use super::tiling::{PLACES, Planes, Tiling};
use super::transforms::{TransformProducts, TransformWeights};
use crate::convolution::geometry::Geometry;
use crate::convolution::product::wanted_chunks;
use crate::convolution::weights::{Direction, Sides, Weights};
use crate::isa::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands, Scratch, require_size};
use crate::matmul::{
    BLOCK_DEPTH, Chunk, Epilogue, Finish, PACK_CHUNK, Shape, Split, Stretches, Tile, TileSize, TileSizes,
    TileTask, Tiles, with_tiles,
};
use std::ops::Range;
use std::ptr::{null, null_mut};

/// Elements of the transformed tiles of a block, before and after their products: they stay in the L2 cache.
const BLOCK: usize = 1 << 16;
/// The fewest tiles of a block, unless they do not fit, which share what is read of the weights, and the most.
const TILES: (usize, usize) = (64, 128);

/// A convolution with windows of three by three: from inputs and a kernel its outputs. Or the gradient by the inputs: from outputs'
/// gradients and the kernel.
#[derive(Debug)]
pub struct WinogradConvolution {
    isa: Isa,
    geometry: Geometry,
    direction: Direction,
    tile: TileSize,
    tiling: Tiling,
    weights: Weights,
    finish: Finish,
    shape: Shape,
    /// Elements and channels of the sources.
    sources: usize,
    channels: usize,
    /// Channels of the sources and of the targets, in pieces of one chain each and in whole vectors.
    depth: Split,
    padded: usize,
    /// The transformed tiles of a block.
    transformed: Planes,
    products: Planes,
    pack_chunks: Split,
    chunks: Split,
    phases: [u32; 2],
}

impl WinogradConvolution {
    /// From [batch, lines, columns, channels] and a kernel [3, 3, channels, filters] to [batch, lines, columns, filters], and what an
    /// epilogue makes of that.
    ///
    /// # Panics
    /// When the machine lacks the instruction set, or the convolution is none of this kind.
    pub fn forward(isa: Isa, geometry: Geometry, epilogue: Epilogue) -> Self {
        Self::new(isa, geometry, Direction::Forward, epilogue)
    }

    /// From the gradients of the outputs and the kernel to those of the inputs.
    ///
    /// # Panics
    /// As `forward`.
    pub fn input_gradient(isa: Isa, geometry: Geometry, epilogue: Epilogue) -> Self {
        Self::new(isa, geometry, Direction::Backward, epilogue)
    }

    fn new(isa: Isa, geometry: Geometry, direction: Direction, epilogue: Epilogue) -> Self {
        assert!(isa.is_available(), "the machine has the instruction set");
        geometry.check();
        assert!(epilogue.can_follow(direction.outputs(&geometry)), "the pooling is of the outputs");
        assert!(is_possible(&geometry), "windows are of three by three, one after the other");
        let batch = geometry.batch;
        let Sides { classes, channels, columns, sources, .. } = direction.sides(&geometry);
        let sizes = TileSizes::of(isa);
        let (tile, lanes) = (sizes.tallest(columns), sizes.lanes());
        let wanted = wanted_chunks(&geometry);
        let of_tile = PLACES.saturating_mul(channels.saturating_add(columns)).max(1);
        let tiles = (BLOCK / of_tile).clamp(TILES.0, TILES.1).min(Planes::most(channels.max(columns)));
        let [class] = &classes[..] else { unreachable!("all targets read alike") };
        let tiling = Tiling::new(class, batch, channels, tiles, wanted);
        let weights = Weights::new(&geometry, class, direction, tile.columns, lanes);
        let padded = columns.next_multiple_of(lanes);
        require_size(&[PLACES, tiling.tiles() + 1, channels.max(columns) + lanes, size_of::<f32>()]);
        require_size(&[PLACES, channels, padded, size_of::<f32>()]);

        let m = batch * tiling.lines.targets * tiling.columns.targets;
        let shape =
            Shape { batch: 1, m, n: columns, k: 9 * channels, transpose_a: false, transpose_b: false };
        let rows = tiling.blocks.part(0).len() * 2 * tiling.columns.targets;
        let finish = Finish::new(epilogue, &shape, rows, weights.panels(), tile.columns);
        let chunks = Split::new(tiling.blocks.parts, wanted);
        let pack_chunks = Split::new(weights.panels(), PLACES * channels * padded / PACK_CHUNK);
        let phases = [pack_chunks.parts as u32, chunks.parts as u32];
        WinogradConvolution {
            isa,
            geometry,
            direction,
            tile,
            transformed: Planes::new(tiling.tiles(), channels, lanes),
            products: Planes::new(tiling.tiles(), columns, lanes),
            tiling,
            weights,
            finish,
            shape,
            sources,
            channels,
            depth: Split::by_size(channels, BLOCK_DEPTH),
            padded,
            pack_chunks,
            chunks,
            phases,
        }
    }

    /// Transforms the panels of weights of a chunk.
    ///
    /// # Safety
    /// The machine has the instruction set, and the operands and `private` have their sizes.
    unsafe fn transform_weights<V: Tiles>(&self, chunk: usize, operands: &Operands<'_>, private: &mut [f32]) {
        // SAFETY: the kernel has its size, and nobody writes it.
        let kernel = unsafe { operands.inputs[1].slice::<f32>() };
        for panel in self.pack_chunks.part(chunk) {
            let packed = &mut private[..self.weights.panel_size(panel)];
            self.weights.pack(panel, kernel, packed);
            // SAFETY: every panel is transformed by one chunk.
            unsafe {
                V::enter(TransformWeights {
                    from: packed.as_ptr(),
                    elements: packed.len() / self.geometry.window(),
                    to: operands.shared.pointer::<f32>().add(self.panel(panel).1),
                    step: self.channels * self.padded,
                });
            }
        }
    }

    /// Computes the blocks of tiles of a chunk.
    ///
    /// # Safety
    /// As for `transform_weights`, and the weights are transformed.
    unsafe fn compute<V: Tiles>(&self, chunk: usize, operands: &Operands<'_>, private: &mut [f32]) {
        let (transformed, private) = private.split_at_mut(self.transformed.size());
        let (products, private) = private.split_at_mut(self.products.size());
        for block in self.chunks.part(chunk) {
            let lines = self.tiling.blocks.part(block);
            // SAFETY: the operands have their sizes, and the block is the chunk's own.
            unsafe {
                let sources = operands.inputs[0].pointer::<f32>();
                self.tiling.transform_sources::<V>(&lines, sources, &self.transformed, transformed);
                let compute = |panels: Range<usize>, c: *mut f32, stride: usize| {
                    let tiles = lines.len() * self.tiling.columns.tiles();
                    self.multiply::<V>(tiles, panels.clone(), operands, transformed, products);
                    self.transform_products::<V>(&lines, panels, operands, products, c, stride);
                };
                self.finish.block(
                    &self.shape,
                    0,
                    self.tiling.targets(&lines),
                    0..self.weights.panels(),
                    self.tile.columns,
                    operands,
                    private,
                    compute,
                );
            }
        }
    }

    /// Multiplies the transformed tiles by some panels of the weights.
    ///
    /// # Safety
    /// As for `compute`.
    unsafe fn multiply<V: Tiles>(
        &self,
        tiles: usize,
        panels: Range<usize>,
        operands: &Operands<'_>,
        transformed: &[f32],
        products: &mut [f32],
    ) {
        let rows = Split::by_size(tiles, self.tile.rows);
        let first = panels.start * self.tile.columns;
        for place in 0..PLACES {
            for piece in 0..self.depth.parts {
                let depth = self.depth.part(piece);
                for panel in panels.clone() {
                    let (columns, start) = self.panel(panel);
                    let vectors = columns.len().div_ceil(V::LANES);
                    let stride_b = vectors * V::LANES;
                    let start = place * self.channels * self.padded + start + depth.start * stride_b;
                    for part in 0..rows.parts {
                        let rows = rows.part(part);
                        let a = place * self.transformed.stride + rows.start * self.transformed.width;
                        let first_row = place * self.products.stride + rows.start * self.products.width;
                        // SAFETY: tiles, weights and products lie within their memory.
                        unsafe {
                            let c = products.as_mut_ptr().add(first_row + columns.start - first);
                            V::COMPUTE[rows.len() - 1][vectors - 1][0][1](&Tile {
                                depth: depth.len(),
                                a: transformed.as_ptr().add(a + depth.start),
                                stride_a: self.transformed.width,
                                b: operands.shared.pointer::<f32>().add(start),
                                stride_b,
                                stretches: Stretches::ONE,
                                repeats: Stretches::ONE,
                                packed_b: null_mut(),
                                c,
                                stride_c: self.products.width,
                                // The weights are filled up with zeros.
                                last_columns: V::LANES,
                                before: if piece > 0 { c } else { null() },
                                stride_before: self.products.width,
                                bias: null(),
                                relu: false,
                                ahead: &[],
                            });
                        }
                    }
                }
            }
        }
    }

    /// # Safety
    /// As for `compute`.
    unsafe fn transform_products<V: Tiles>(
        &self,
        lines: &Range<usize>,
        panels: Range<usize>,
        operands: &Operands<'_>,
        products: &[f32],
        c: *mut f32,
        stride: usize,
    ) {
        let columns = panels.start * self.tile.columns..self.panel(panels.end - 1).0.end;
        let row = self.tiling.columns.tiles() * self.products.width;
        for (index, line) in lines.clone().enumerate() {
            // SAFETY: the tiles lie within their planes, and their targets within the block.
            unsafe {
                let bias = match self.finish.bias {
                    true => operands.inputs[2].pointer::<f32>().cast_const().add(columns.start),
                    false => null(),
                };
                self.products.transform::<V>(TransformProducts {
                    from: products.as_ptr().add(index * row),
                    row: self.products.width,
                    width: columns.len(),
                    targets: self.tiling.columns.targets,
                    lines: self.tiling.lines_of(line),
                    to: c.wrapping_add(self.tiling.target(line) * stride + columns.start),
                    step: stride,
                    bias,
                    relu: self.finish.relu,
                });
            }
        }
    }

    /// Of a panel of weights: its columns, and where it starts among those of a place.
    fn panel(&self, index: usize) -> (Range<usize>, usize) {
        let (_, columns, _) = self.weights.panel(index);
        let start = columns.start * self.channels;
        (columns, start)
    }
}

impl TileTask for Chunk<'_, WinogradConvolution> {
    type Output = ();

    unsafe fn run<V: Tiles>(self) {
        let Chunk { kernel, phase, chunk, operands, private } = self;
        // SAFETY: the caller's.
        unsafe {
            match phase {
                0 => kernel.transform_weights::<V>(chunk as usize, operands, private),
                _ => kernel.compute::<V>(chunk as usize, operands, private),
            }
        }
    }
}

impl Kernel for WinogradConvolution {
    fn name(&self) -> &'static str {
        match self.direction {
            Direction::Forward => "convolutionWinograd",
            Direction::Backward => "convolutionInputGradientWinograd",
        }
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        self.finish.cost(Cost { flops: self.geometry.flops(), bytes: self.geometry.bytes() })
    }

    fn scratch(&self) -> Scratch {
        let block = self.transformed.size() + self.products.size() + self.finish.scratch();
        Scratch {
            shared: PLACES * self.channels * self.padded,
            private: block.max(self.weights.panel_size(0)),
        }
    }

    fn may_alias(&self, output: usize, input: usize) -> bool {
        self.finish.may_alias(output, input)
    }

    fn written(&self, phase: u32, chunk: u32) -> Option<Range<usize>> {
        if phase == 0 || self.finish.is_pooled() {
            return None;
        }
        let blocks = self.chunks.part(chunk as usize);
        let line = |block: usize| self.tiling.blocks.part(block).start;
        let targets = self.tiling.targets(&(line(blocks.start)..line(blocks.end)));
        Some(targets.start * self.shape.n..targets.end * self.shape.n)
    }

    fn run(
        &self,
        phase: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError> {
        assert!(chunk < self.phases[phase as usize], "the chunk is one of its phase");
        operands.require_input(0, self.sources, "the sources");
        operands.require_input(1, self.geometry.weights(), "the weights");
        self.finish.check(&self.shape, operands);
        self.scratch().require(operands, private);
        // SAFETY: the sizes were just checked, and the instruction set in `new`.
        unsafe { with_tiles(self.isa, Chunk { kernel: self, phase, chunk, operands, private }) };
        Ok(())
    }
}
