//! The gradient of a convolution by its kernel, as a sum of matrix products over the targets.
//!
//! The sources that one place of all windows reads lie at a constant distance along a line. So each run of a window is some rows of the
//! gradient: the product of those sources, transposed, with the outputs' gradients. Each chunk adds up a part of the bands into sums of its
//! own, and a second phase adds these in their order.

use super::geometry::Geometry;
use super::product::tile_size;
use super::source::{Reading, Run};
use crate::chunks::Chunks;
use crate::isa::Isa;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch};
use crate::matmul::{
    Ahead, BLOCK_DEPTH, CHUNK_WORK, Chunk, Split, Tile, TileSize, TileTask, Tiles, with_tiles,
};
use std::ops::Range;
use std::ptr::null;

/// The most parts whose sums are kept apart, ...
const MOST_PARTS: usize = 16;
/// ... and their elements in all.
const MOST_SUMS: usize = 1 << 22;

/// Copying the rows of taps apart takes as long as so many multiply-adds for each.
const APART: usize = 4;

/// From inputs [batch, …input, channels] and the gradients of the outputs [batch, …output, filters] to the gradient of the kernel
/// [...window, channels / groups, filters].
#[derive(Debug)]
pub struct ConvolutionKernelGradient {
    isa: Isa,
    geometry: Geometry,
    tile: TileSize,
    reading: Reading,
    /// The rows of the gradient.
    runs: Vec<Run>,
    /// Targets from one line to the next where the lines of a band are one chain, with zeros between them.
    flat: Option<usize>,
    /// Whether the rows of each tap along the lines are copied apart, so that there is nothing between the lines.
    is_apart: bool,
    parts: Split,
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
        let wanted = (geometry.work() / CHUNK_WORK).clamp(1, MOST_PARTS as u64) as usize;
        let wanted = wanted.min(MOST_SUMS / weights.max(1)).max(1);
        let reading = Reading::new(class, channels, channels / groups, filters, wanted.div_ceil(planes));
        let units = reading.units(batch);
        let parts = Split::new(units, wanted);
        let rows = reading.steps();
        let is_even = rows.1 > 0 && rows.0.is_multiple_of(rows.1) && reading.bands.part(0).len() > 1;
        let width = reading.axes[2].count;
        let flat = is_even.then(|| rows.0 / rows.1).filter(|&pitch| pitch <= width + width / 2);
        // What is copied is read for each filter; what lies between the lines is multiplied for each.
        let between = flat.map_or(0, |pitch| pitch - width);
        let is_apart = reading.can_be_apart() && between.saturating_mul(filters) > APART * width;
        let flat = if is_apart { Some(width) } else { flat };
        let runs = if is_apart { reading.runs_apart() } else { reading.runs() };
        let sum_chunks = Chunks::new(weights, 4 * (parts.parts + 1));
        let sums = if weights == 0 || (units > 0 && parts.parts == 1) { 0 } else { sum_chunks.count() };
        let phases = [if weights == 0 || units == 0 { 0 } else { parts.parts as u32 }, sums];
        let tile = tile_size(isa).0;
        ConvolutionKernelGradient {
            isa,
            geometry,
            tile,
            reading,
            runs,
            flat,
            is_apart,
            parts,
            sum_chunks,
            phases,
        }
    }

    /// Adds up the bands of a part.
    ///
    /// # Safety
    /// The machine has the instruction set, and the operands and `private` have their sizes.
    unsafe fn add_up<V: Tiles>(&self, part: usize, operands: &Operands<'_>, private: &mut [f32]) {
        let (scratch, private) = private.split_at_mut(self.reading.scratch());
        let (apart, private) = private.split_at_mut(self.apart());
        let (packed, gradients) = private.split_at_mut(BLOCK_DEPTH * self.tile.columns);
        let weights = self.geometry.weights();
        let sums = match self.phases[1] {
            0 => operands.outputs[0].pointer::<f32>(),
            // SAFETY: each part has its sums there.
            _ => unsafe { operands.shared.pointer::<f32>().add(part * weights) },
        };
        let units = self.parts.part(part);
        for unit in units.clone() {
            let (image, plane, lines) = self.reading.unit(unit);
            // SAFETY: the operands have their sizes.
            unsafe {
                let rows =
                    self.reading.rows(operands.inputs[0].pointer(), image, plane, lines.clone(), scratch);
                let rows =
                    if self.is_apart { self.reading.copy_apart(&rows, lines.len(), apart) } else { rows };
                let gradient = self.gradients(operands, image, plane, &lines);
                let accumulate = unit > units.start;
                match self.flat {
                    Some(pitch) => {
                        let gradient = self.spread(gradient, lines.len(), pitch, gradients);
                        let depth = (lines.len() - 1) * pitch + rows.pixels;
                        let chain =
                            Chain { a: rows.from, step: rows.pixel_step, gradient, depth, pitch, lines };
                        self.chain::<V>(&chain, packed, sums, accumulate);
                    }
                    None => {
                        for line in 0..rows.lines {
                            let chain = Chain {
                                a: rows.from.add(line * rows.line_step),
                                step: rows.pixel_step,
                                gradient: gradient.add(line * rows.pixels * self.geometry.filters),
                                depth: rows.pixels,
                                pitch: rows.pixels,
                                lines: lines.start + line..lines.start + line + 1,
                            };
                            self.chain::<V>(&chain, packed, sums, accumulate || line > 0);
                        }
                    }
                }
            }
        }
    }

    /// Elements of private memory for the rows of the taps apart.
    fn apart(&self) -> usize {
        if self.is_apart { self.reading.apart() } else { 0 }
    }

    /// The outputs' gradients of some lines.
    ///
    /// # Safety
    /// The operands have their sizes.
    unsafe fn gradients(
        &self,
        operands: &Operands<'_>,
        image: usize,
        plane: usize,
        lines: &Range<usize>,
    ) -> *const f32 {
        let [planes, across, columns] = &self.reading.axes;
        let line = (image * planes.count + plane) * across.count + lines.start;
        // SAFETY: the line lies within the gradients.
        unsafe { operands.inputs[1].pointer::<f32>().add(line * columns.count * self.geometry.filters) }
    }

    /// Copies lines of gradients apart from one another, with zeros between them.
    ///
    /// # Safety
    /// The lines are valid.
    unsafe fn spread(&self, from: *const f32, lines: usize, pitch: usize, to: &mut [f32]) -> *const f32 {
        let line = self.reading.axes[2].count * self.geometry.filters;
        if line == pitch * self.geometry.filters {
            return from;
        }
        for (index, to) in to.chunks_exact_mut(pitch * self.geometry.filters).take(lines).enumerate() {
            // SAFETY: the line is one of those.
            let from = unsafe { std::slice::from_raw_parts(from.add(index * line), line) };
            to[..line].copy_from_slice(from);
            to[line..].fill(0.0);
        }
        to.as_ptr()
    }

    /// Adds the products of a chain to the sums, in pieces that stay in the cache.
    ///
    /// # Safety
    /// As for `add_up`.
    unsafe fn chain<V: Tiles>(&self, chain: &Chain, packed: &mut [f32], sums: *mut f32, accumulate: bool) {
        let pieces = Split::by_size(chain.depth, BLOCK_DEPTH);
        for piece in 0..pieces.parts {
            // SAFETY: the caller's.
            unsafe { self.multiply::<V>(chain, pieces.part(piece), packed, sums, accumulate || piece > 0) };
        }
    }

    /// Adds the products of some pixels of a chain to the sums.
    ///
    /// # Safety
    /// As for `add_up`.
    unsafe fn multiply<V: Tiles>(
        &self,
        chain: &Chain,
        pixels: Range<usize>,
        packed: &mut [f32],
        sums: *mut f32,
        accumulate: bool,
    ) {
        let Geometry { channels, filters, groups, .. } = self.geometry;
        let (channels, of_group) = (channels / groups, filters / groups);
        for group in 0..groups {
            for first in (0..of_group).step_by(self.tile.columns) {
                let columns = (of_group - first).min(self.tile.columns);
                let vectors = columns.div_ceil(V::LANES);
                let column = group * of_group + first;
                let (start, mut is_packed) = (pixels.start, false);
                for run in &self.runs {
                    let panels = Split::by_size(run.depth, self.tile.rows);
                    for panel in
                        (0..panels.parts).map(|panel| panels.part(panel)).filter(|panel| !panel.is_empty())
                    {
                        // The first tile packs all gradients, and first sums must be written.
                        let pixels = match is_packed && accumulate {
                            true => chain.existing(run, &pixels),
                            false => pixels.clone(),
                        };
                        if pixels.is_empty() {
                            continue;
                        }
                        // SAFETY: sources, gradients and sums lie within their memory.
                        unsafe {
                            let stride_packed = vectors * V::LANES;
                            let (b, stride_b) = match is_packed {
                                true => (
                                    packed.as_ptr().add((pixels.start - start) * stride_packed),
                                    stride_packed,
                                ),
                                false => (chain.gradient.add(pixels.start * filters + column), filters),
                            };
                            let a = chain.a.add(pixels.start * chain.step);
                            V::COMPUTE[panel.len() - 1][vectors - 1][usize::from(!is_packed)][0](&Tile {
                                depth: pixels.len(),
                                a: a.add(group * channels + run.source + panel.start),
                                stride_a: chain.step,
                                b,
                                stride_b,
                                stretches: 1,
                                next_a: 0,
                                next_b: 0,
                                packed_b: packed.as_mut_ptr(),
                                c: sums.add((run.row + panel.start) * filters + column),
                                stride_c: filters,
                                last_columns: columns - (vectors - 1) * V::LANES,
                                accumulate,
                                bias: null(),
                                relu: false,
                                ahead: [Ahead::NOTHING; 2],
                            });
                        }
                        is_packed = true;
                    }
                }
            }
        }
    }

    /// Adds the sums of the parts.
    fn sum(&self, chunk: u32, operands: &Operands<'_>) {
        let weights = self.geometry.weights();
        let range = self.sum_chunks.range(chunk);
        // SAFETY: the chunks' ranges are disjoint.
        let output = unsafe { operands.outputs[0].slice_mut::<f32>(range.clone()) };
        output.fill(0.0);
        let parts = if self.phases[0] == 0 { 0 } else { self.parts.parts };
        for part in 0..parts {
            let bytes = (part * weights + range.start) * 4..(part * weights + range.end) * 4;
            // SAFETY: nobody writes the sums in this phase.
            let sums = unsafe { operands.shared.part(bytes).slice::<f32>() };
            output.iter_mut().zip(sums).for_each(|(output, sum)| *output += sum);
        }
    }
}

/// Targets that follow one another at a constant distance: those of a line, or of lines with zeros between them.
struct Chain {
    /// The windows' sources, and from one target's to the next one's.
    a: *const f32,
    step: usize,
    gradient: *const f32,
    depth: usize,
    /// Targets, or zeros, from one line to the next, and which lines of their plane these are.
    pitch: usize,
    lines: Range<usize>,
}

impl Chain {
    /// The pixels among some whose sources of a run may be other than zeros.
    fn existing(&self, run: &Run, pixels: &Range<usize>) -> Range<usize> {
        let pixel = |line: usize| line.clamp(self.lines.start, self.lines.end) - self.lines.start;
        let [start, end] = [run.lines.0, run.lines.1].map(|line| pixel(line) * self.pitch);
        let start = pixels.start.max(start);
        start..pixels.end.min(end).max(start)
    }
}

impl TileTask for Chunk<'_, ConvolutionKernelGradient> {
    type Output = ();

    unsafe fn run<V: Tiles>(self) {
        let Chunk { kernel, phase, chunk, operands, private } = self;
        match phase {
            // SAFETY: the caller's.
            0 => unsafe { kernel.add_up::<V>(chunk as usize, operands, private) },
            _ => kernel.sum(chunk, operands),
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
        let spread =
            self.flat.map_or(0, |pitch| self.reading.bands.part(0).len() * pitch * self.geometry.filters);
        Scratch {
            shared: if self.phases == [0, 0] || self.phases[1] == 0 {
                0
            } else {
                self.phases[0] as usize * self.geometry.weights()
            },
            private: self.reading.scratch() + self.apart() + BLOCK_DEPTH * self.tile.columns + spread,
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
        let elements = |buffer: Option<&Buffer>| buffer.map(Buffer::elements::<f32>);
        assert_eq!(elements(operands.inputs.first()), Some(self.geometry.inputs()), "the inputs");
        assert_eq!(elements(operands.inputs.get(1)), Some(self.geometry.outputs()), "the outputs' gradients");
        assert_eq!(
            elements(operands.outputs.first()),
            Some(self.geometry.weights()),
            "the kernel's gradient"
        );
        let Scratch { shared, private: needed } = self.scratch();
        assert!(
            operands.shared.elements::<f32>() >= shared && private.len() >= needed,
            "the scratch has its size"
        );
        // SAFETY: the sizes were just checked, and the instruction set in `new`.
        unsafe { with_tiles(self.isa, Chunk { kernel: self, phase, chunk, operands, private }) };
        Ok(())
    }
}
