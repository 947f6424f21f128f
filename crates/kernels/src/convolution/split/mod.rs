//! Convolutions and their gradients by bf16 parts on AMX, as [`crate::matmul`] has products; [`kernel_gradient`] has those by the kernel.
//!
//! In a first phase the weights are split, tap after tap. Then each chunk splits the sources of its bands once, with zeros around them:
//! the parts of a pixel lie together, so that the tiles of every tap are read where they lie, rows that overlap. The lines of a band are
//! one stretch of rows with the zeros between them, where these are few.
//!
//! Where a line of sources or a panel of weights holds numbers without parts, the panels of targets that read it fall back to chains of
//! multiply-adds: which ones do follows from the data and the shape alone.

mod band;
mod kernel_gradient;
mod pass;
#[cfg(test)]
mod tests;

use super::geometry::{Class, Geometry};
use super::source::Reading;
use super::weights::{Direction, Sides, Weights};
use crate::arch::amx::{Configured, DEPTH, Layout, Lines, PANEL, Side, pack, row_elements};
use crate::isa::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands, Scratch};
use crate::matmul::{
    ALIGNMENT_SLACK, BLOCK_DEPTH, Epilogue, Finish, PACK_CHUNK, Parts, Precision, Shape, Split, aligned,
};
use band::{Band, Private};
pub(super) use kernel_gradient::kernel_gradient;
use pass::{Pass, filled_rows};
use std::ops::Range;
use std::ptr::null;

/// Multiply-adds of a chunk below which another thread is not worth its wake-up, and the most chunks: as for products by parts.
const CHUNK_WORK: u64 = 1 << 22;
const MOST_CHUNKS: u64 = 16;
/// The fewest channels of sources and of targets, and the fewest targets, that fill tiles.
const LEAST_CHANNELS: usize = 32;
const LEAST_TARGETS: usize = 64;
/// Three parts take six products, which are at most 1.6 times as fast as multiply-adds: for so many products of a source, over which the
/// cost of its splitting is spread, and if so many tenths of the rows of tiles are targets.
const LEAST_PRODUCTS: usize = 256;
const LEAST_FILLED: usize = 7;

/// The parts by which a convolution is computed, if any are precise enough and it fills the tiles.
pub(super) fn parts(precision: Precision, geometry: &Geometry, direction: Direction) -> Option<Parts> {
    let Sides { classes, channels, columns, targets, .. } = direction.sides(geometry);
    let fills = channels.min(columns) >= LEAST_CHANNELS && targets / columns >= LEAST_TARGETS;
    // The channels of each tap are filled up to whole tiles.
    let filled = channels.next_multiple_of(DEPTH) - channels;
    if geometry.groups != 1 || !fills || filled > channels / 3 {
        return None;
    }
    let pays = |class: Class| {
        let products = columns * class.axes.iter().map(|axis| axis.taps.len()).product::<usize>();
        let [targets, rows] = filled_rows(&reading(geometry, class, channels, columns));
        products >= LEAST_PRODUCTS && 10 * targets >= LEAST_FILLED * rows
    };
    parts_below(precision).or_else(|| classes.into_iter().all(pays).then_some(Parts::Three))
}

/// The fewest parts that are precise enough, if they are fewer than all.
fn parts_below(precision: Precision) -> Option<Parts> {
    match precision {
        Precision::Highest => None,
        Precision::High => Some(Parts::Two),
        Precision::Medium => Some(Parts::One),
    }
}

/// How many chunks a convolution had better have.
fn wanted_chunks(geometry: &Geometry) -> usize {
    (geometry.work() / CHUNK_WORK).clamp(1, MOST_CHUNKS) as usize
}

/// How the sources of a class of targets are read, in bands that are enough for all chunks.
fn reading(geometry: &Geometry, class: Class, channels: usize, columns: usize) -> Reading {
    let planes = geometry.batch * class.axes[0].count;
    Reading::copied(class, channels, columns, wanted_chunks(geometry).div_ceil(planes.max(1)))
}

/// A convolution or its gradient by the input, without groups, where there is something to compute.
#[derive(Debug)]
pub(super) struct SplitConvolution {
    geometry: Geometry,
    direction: Direction,
    parts: Parts,
    passes: Vec<Pass>,
    /// What comes after the sums; only where the targets are one class.
    finish: Option<Finish>,
    sides: [usize; 2],
    /// The channels of the sources and the targets.
    channels: usize,
    columns: usize,
    /// The elements of all weights by parts; the marks that panels of them have parts follow.
    weights: usize,
    panels: usize,
    pack_chunks: Split,
    chunks: Split,
    phases: [u32; 2],
}

impl SplitConvolution {
    /// # Panics
    /// When the machine lacks AMX, the geometry is none, there is nothing to compute, or there are groups.
    pub fn new(geometry: Geometry, direction: Direction, parts: Parts, epilogue: Epilogue) -> Self {
        assert!(Isa::Amx.is_available(), "the machine has the instruction set");
        geometry.check();
        assert!(epilogue.can_follow(direction.outputs(&geometry)), "the pooling is of the outputs");
        assert_eq!(geometry.groups, 1, "all channels are one group");
        let Sides { classes, channels, columns, sources, targets } = direction.sides(&geometry);
        assert!(sources > 0 && targets > 0, "there is something to compute");
        let (mut weights, mut panels, mut units) = (0, 0, 0);
        let mut passes = Vec::new();
        for class in classes {
            let matrix = Weights::new(&geometry, &class, direction, PANEL, 1);
            let reading = reading(&geometry, class, channels, columns);
            let ends = (matrix.panels(), reading.units(geometry.batch));
            let pass = Pass::new(reading, matrix, channels, parts, [weights, panels, units]);
            weights += ends.0 * pass.panel_size();
            panels += ends.0;
            units += ends.1;
            passes.push(pass);
        }
        let finish = if let [pass] = &passes[..] {
            let rows = pass.reading.bands.most() * pass.reading.axes[2].count;
            let shape = shape(targets, columns, pass);
            Some(Finish::new(epilogue, &shape, rows, pass.weights.panels(), PANEL))
        } else {
            assert!(epilogue.is_nothing(), "only targets that are one matrix have an epilogue");
            None
        };
        let pack_chunks = Split::new(panels, weights / PACK_CHUNK);
        let chunks = Split::new(units, wanted_chunks(&geometry));
        SplitConvolution {
            geometry,
            direction,
            parts,
            passes,
            finish,
            sides: [sources, targets],
            channels,
            columns,
            weights,
            panels,
            pack_chunks,
            chunks,
            phases: [pack_chunks.parts as u32, chunks.parts as u32],
        }
    }

    /// The targets as the product of one matrix by another.
    fn shape(&self) -> Shape {
        shape(self.sides[1], self.columns, &self.passes[0])
    }

    /// The weights of a tap, some of their rows and columns.
    ///
    /// # Safety
    /// `kernel` holds the weights, and rows and columns are some of theirs.
    unsafe fn lines(
        weights: &Weights,
        kernel: *const f32,
        tap: usize,
        rows: Range<usize>,
        columns: &Range<usize>,
    ) -> Lines {
        let (start, contiguous, stride) = weights.tap(tap, rows.start, columns.start);
        // SAFETY: the caller's.
        let from = unsafe { kernel.add(start) };
        Lines { from, contiguous, stride, count: columns.len(), depth: rows.len() }
    }

    /// Splits the panels of weights of a chunk.
    ///
    /// # Safety
    /// The operands have their sizes, and the shared scratch its own.
    unsafe fn split_weights(&self, chunk: usize, operands: &Operands<'_>, shared: *mut f32) {
        let parts = self.parts as usize;
        for index in self.pack_chunks.part(chunk) {
            let pass = &self.passes[self.passes.partition_point(|pass| pass.first_panel <= index) - 1];
            let panel = index - pass.first_panel;
            let (_, columns, _) = pass.weights.panel(panel);
            let to = shared.wrapping_add(pass.first_weight + panel * pass.panel_size());
            let mut whole = true;
            for tap in 0..pass.weights.taps() {
                // SAFETY: the panel and its mark are the chunk's own, the rest is the caller's.
                unsafe {
                    let kernel = operands.inputs[1].pointer();
                    let lines = Self::lines(&pass.weights, kernel, tap, 0..self.channels, &columns);
                    let to = to.add(tap * pass.tap_size());
                    whole &= pack(parts, Side::B, &lines, to, &Layout::packed(parts), pass.tap_size());
                }
            }
            // SAFETY: as above.
            unsafe { shared.add(self.weights + index).cast::<u32>().write(u32::from(whole)) };
        }
    }

    /// Computes the bands of a chunk.
    ///
    /// # Safety
    /// The operands and the scratch have their sizes, and the weights are split.
    unsafe fn compute(&self, chunk: usize, operands: &Operands<'_>, shared: *const f32, private: &mut [f32]) {
        let (scratch, finishing) = private.split_at_mut(self.band_scratch());
        let (plain, scratch) = scratch.split_at_mut(self.plain_scratch());
        let private = self.private(scratch);
        // SAFETY: the machine has AMX, as `new` found.
        let _configured = unsafe { Configured::new() };
        for index in self.chunks.part(chunk) {
            let pass = &self.passes[self.passes.partition_point(|pass| pass.first_unit <= index) - 1];
            let (image, plane, lines) = pass.reading.unit(index - pass.first_unit);
            let [_, across, pixels] = &pass.reading.axes;
            let row = pass.reading.first_row(image, plane, lines.start);
            let bias = match &self.finish {
                Some(finish) if finish.bias => operands.inputs[2].pointer::<f32>().cast_const(),
                _ => null(),
            };
            let mut band = Band {
                pass,
                parts: self.parts as usize,
                channels: self.channels,
                sources: operands.inputs[0].pointer(),
                kernel: operands.inputs[1].pointer(),
                image,
                plane,
                lines: lines.clone(),
                weights: shared.wrapping_add(pass.first_weight),
                marks: shared.wrapping_add(self.weights + pass.first_panel).cast(),
                bias,
                relu: self.finish.as_ref().is_some_and(|finish| finish.relu),
                private: &private,
                plain: &mut *plain,
                rows: None,
            };
            // SAFETY: the band is the chunk's own, the rest is the caller's.
            unsafe {
                band.split();
                let mut compute = |panels: Range<usize>, c: *mut f32, stride: usize| {
                    let c = c.wrapping_add(row * stride);
                    let steps = [across.step * pixels.targets * stride, pixels.step * stride];
                    panels.for_each(|panel| band.panel(panel, c, steps));
                };
                let panels = 0..pass.weights.panels();
                match &self.finish {
                    Some(finish) => {
                        let rows = row..row + lines.len() * pixels.count;
                        finish.block(&self.shape(), 0, rows, panels, PANEL, operands, finishing, compute);
                    }
                    None => compute(panels, operands.outputs[0].pointer(), self.columns),
                }
            }
        }
    }

    /// The most elements of the sources of a band, as they are and by parts, and the most of its lines.
    fn plain_scratch(&self) -> usize {
        self.passes.iter().map(|pass| pass.reading.scratch()).max().unwrap_or(0)
    }

    fn split_scratch(&self) -> usize {
        let pixel = row_elements(self.parts as usize, self.channels);
        self.passes.iter().map(|pass| pass.pixels() * pixel).max().unwrap_or(0)
    }

    fn lines_scratch(&self) -> usize {
        self.passes.iter().map(Pass::copied_lines).max().unwrap_or(0)
    }

    /// Elements of a thread's scratch memory besides what the epilogue needs.
    fn band_scratch(&self) -> usize {
        let panels = BLOCK_DEPTH * PANEL + PANEL * PANEL;
        self.plain_scratch() + self.split_scratch() + panels + self.lines_scratch() + ALIGNMENT_SLACK
    }

    /// The scratch memory of a thread, from the first cache line on.
    fn private(&self, memory: &mut [f32]) -> Private {
        let sources = aligned(memory.as_mut_ptr());
        let plain_b = sources.wrapping_add(self.split_scratch());
        let sums = plain_b.wrapping_add(BLOCK_DEPTH * PANEL);
        let whole = sums.wrapping_add(PANEL * PANEL).cast();
        Private { sources, plain_b, sums, whole }
    }
}

fn shape(targets: usize, columns: usize, pass: &Pass) -> Shape {
    let (m, k) = (targets / columns, pass.reading.terms);
    Shape { batch: 1, m, n: columns, k, transpose_a: false, transpose_b: false }
}

impl Kernel for SplitConvolution {
    fn name(&self) -> &'static str {
        match (self.direction, self.parts) {
            (Direction::Forward, Parts::One) => "convolutionBf16",
            (Direction::Forward, Parts::Two) => "convolutionBf16x3",
            (Direction::Forward, Parts::Three) => "convolutionBf16x6",
            (Direction::Backward, Parts::One) => "convolutionInputGradientBf16",
            (Direction::Backward, Parts::Two) => "convolutionInputGradientBf16x3",
            (Direction::Backward, Parts::Three) => "convolutionInputGradientBf16x6",
        }
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        let cost = Cost { flops: self.geometry.flops(), bytes: self.geometry.bytes() };
        self.finish.as_ref().map_or(cost, |finish| finish.cost(cost))
    }

    fn scratch(&self) -> Scratch {
        Scratch {
            shared: self.weights + self.panels + ALIGNMENT_SLACK,
            private: self.band_scratch() + self.finish.as_ref().map_or(0, Finish::scratch),
        }
    }

    fn may_alias(&self, output: usize, input: usize) -> bool {
        self.finish.as_ref().is_some_and(|finish| finish.may_alias(output, input))
    }

    /// Of targets that are one class, which are then computed in the order of rows.
    fn written(&self, phase: u32, chunk: u32) -> Option<Range<usize>> {
        let [Pass { reading, .. }] = &self.passes[..] else { return None };
        if phase == 0 || self.finish.as_ref().is_some_and(Finish::is_pooled) {
            return None;
        }
        reading.written(self.chunks.part(chunk as usize), self.columns)
    }

    fn run(
        &self,
        phase: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError> {
        assert!(chunk < self.phases[phase as usize], "the chunk is one of its phase");
        let [sources, targets] = self.sides;
        operands.require_input(0, sources, "the sources");
        operands.require_input(1, self.geometry.weights(), "the weights");
        match &self.finish {
            Some(finish) => finish.check(&self.shape(), operands),
            None => operands.require_output(targets, "the targets"),
        }
        self.scratch().require(operands, private);
        let shared = aligned(operands.shared.pointer());
        // SAFETY: the sizes were just checked, and the instruction set in `new`.
        unsafe {
            match phase {
                0 => self.split_weights(chunk as usize, operands, shared),
                _ => self.compute(chunk as usize, operands, shared, private),
            }
        }
        Ok(())
    }
}
