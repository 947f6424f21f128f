//! The gradient of a convolution by its kernel, by bf16 parts on AMX: for each tap the product of the sources that it reads, transposed,
//! with the outputs' gradients.
//!
//! The products are summed over stretches of targets, in which zeros part lines and images. The parts of a channel's sources follow one
//! another in a row, laid out as the targets are: the tiles of every tap are read where they lie, from the place of its first source on.
//! Each chunk adds up a part of the targets for some of the channels, and a second phase adds the parts in their order.
//!
//! Where the sources of a panel of channels, or the gradients of a panel of filters, hold numbers without parts, all products of this panel
//! over the stretch fall back to chains of multiply-adds.

mod product;
mod stretch;
#[cfg(test)]
mod tests;

use super::{CHUNK_WORK, LEAST_CHANNELS, LEAST_TARGETS, MOST_CHUNKS};
use crate::arch::Avx512x16;
use crate::arch::amx::{Configured, DEPTH, Layout, PANEL, step_elements};
use crate::chunks::Chunks;
use crate::convolution::geometry::{Class, Geometry};
use crate::convolution::kernel_gradient::{MOST_PARTS, MOST_SUMS, total};
use crate::isa::Isa;
use crate::kernel::{Cost, Kernel, KernelError, Operands, Scratch};
use crate::matmul::{ALIGNMENT_SLACK, BLOCK_DEPTH, Parts, Precision, Split, aligned};
use product::{Private, Product};
use std::ops::Range;
use stretch::{Arrangement, Stretch};

/// The gradients of a stretch by one part, which stay in the L2 cache ...
const GRADIENTS: usize = 1 << 19;
/// ... and the fewest targets, over which the cost of reading and writing the sums is spread, and the most.
const TARGETS: (usize, usize) = (256, 2048);
/// The most places of the sources of a stretch, and the most for each target: others are mostly zeros.
const MOST_SOURCES: usize = 1 << 13;
const MOST_PLACES: usize = 4;
/// The fewest targets of a part, whose sums are added to those of the others.
const PART: usize = 512;
/// The fewest panels of channels of a chunk, over which the cost of splitting the gradients is spread.
const LEAST_PANELS: usize = 4;

/// From inputs [batch, …input, channels] and the gradients of the outputs [batch, …output, filters] to the gradient of the kernel
/// [...window, channels, filters], where there is something to add up, without groups.
#[derive(Debug)]
pub(in crate::convolution) struct SplitKernelGradient {
    geometry: Geometry,
    parts: Parts,
    class: Class,
    arrangement: Arrangement,
    /// The lines of each plane in bands, and the planes that are added up at once.
    bands: Split,
    together: usize,
    /// The most lines and pixels of a stretch.
    at_once: [usize; 2],
    /// Where each tap along the lines and the pixels finds the source of the first target.
    taps: Vec<usize>,
    /// The bands whose sums are kept apart.
    sums: Split,
    /// The panels of channels in those of a chunk.
    slices: Split,
    sum_chunks: Chunks,
    phases: [u32; 2],
}

/// The parts by which the gradient by the kernel is computed, if any are precise enough and it fills the tiles.
pub(in crate::convolution) fn kernel_gradient(
    precision: Precision,
    geometry: &Geometry,
) -> Option<SplitKernelGradient> {
    // Six products of three parts are no faster than multiply-adds.
    let parts = super::parts_below(precision)?;
    let Geometry { channels, filters, groups, .. } = *geometry;
    let fills =
        |extent: usize| extent >= LEAST_CHANNELS && extent.next_multiple_of(PANEL) - extent <= extent / 3;
    let targets = geometry.outputs() / filters.max(1);
    if groups != 1 || !fills(channels) || !fills(filters) || targets < LEAST_TARGETS || geometry.inputs() == 0
    {
        return None;
    }
    let kernel = SplitKernelGradient::new(*geometry, parts);
    let [images, lines, pixels] = kernel.extents();
    let is_dense =
        kernel.arrangement.targets([images, lines, pixels]) <= MOST_PLACES * images * lines * pixels;
    (is_dense && kernel.row() <= MOST_SOURCES).then_some(kernel)
}

impl SplitKernelGradient {
    /// # Panics
    /// When the machine lacks AMX, the geometry is none, there is nothing to add up, or there are groups.
    pub fn new(geometry: Geometry, parts: Parts) -> Self {
        assert!(Isa::Amx.is_available(), "the machine has the instruction set");
        geometry.check();
        let Geometry { batch, channels, filters, groups, .. } = geometry;
        assert_eq!(groups, 1, "all channels are one group");
        let weights = geometry.weights();
        assert!(weights > 0 && geometry.outputs() > 0, "there is something to add up");
        let [class] = <[_; 1]>::try_from(geometry.forward()).expect("all outputs read alike");
        let [planes, lines, columns] = class.axes.each_ref().map(|axis| axis.count);

        let wanted = (geometry.work() / CHUNK_WORK).clamp(1, MOST_CHUNKS) as usize;
        let most_sums = MOST_PARTS.min(MOST_SUMS / weights).min(batch * planes * lines * columns / PART);
        let wanted_sums = wanted.min(most_sums).max(1);
        let bands = Split::new(lines, wanted_sums.div_ceil(batch * planes));
        let sums = Split::new(batch * planes * bands.parts, wanted_sums);
        let panels = channels.div_ceil(PANEL);
        let slices = Split::new(panels, (wanted / sums.parts).min(panels / LEAST_PANELS));

        let targets = (GRADIENTS / filters).clamp(TARGETS.0, TARGETS.1);
        let is_whole = bands.parts == 1 && planes == 1;
        let together = if is_whole { (targets / lines.saturating_mul(columns)).max(1) } else { 1 };
        let together = together.min(sums.part(0).len());
        let at_once = [(targets / columns).max(1).min(bands.part(0).len()), columns.min(targets)];
        let arrangement = Arrangement::new(&class, [together, at_once[0], at_once[1]]);
        let taps = arrangement.taps(&class);

        let sum_chunks = Chunks::new(weights, 4 * (sums.parts + 1));
        let phases =
            [(sums.parts * slices.parts) as u32, if sums.parts == 1 { 0 } else { sum_chunks.count() }];
        SplitKernelGradient {
            geometry,
            parts,
            class,
            arrangement,
            bands,
            together,
            at_once,
            taps,
            sums,
            slices,
            sum_chunks,
            phases,
        }
    }

    /// The images, lines and pixels of the longest stretch.
    fn extents(&self) -> [usize; 3] {
        [self.together, self.at_once[0], self.at_once[1]]
    }

    /// The farthest place of a tap.
    fn reach(&self) -> usize {
        self.taps.iter().copied().max().unwrap_or(0)
    }

    /// The tiles along k of the longest stretch.
    fn steps(&self) -> usize {
        self.arrangement.targets(self.extents()).div_ceil(DEPTH)
    }

    /// The places of a row of sources: all, and what the tiles of the last tap read beyond them. Rows are an odd number of cache lines
    /// apart, so that those of a tile do not exclude one another from the L1 cache.
    fn row(&self) -> usize {
        let read = self.reach().saturating_add(self.steps().saturating_mul(DEPTH));
        let lines = self.arrangement.sources().max(read).div_ceil(DEPTH);
        (lines | 1).saturating_mul(DEPTH)
    }

    /// How a panel of sources by parts lies.
    fn layout(&self) -> Layout {
        let row = self.row() * size_of::<u16>();
        Layout { row, part: PANEL * row, step: DEPTH * size_of::<u16>() }
    }

    /// The stretches of a part of the targets.
    fn stretches(&self, part: usize) -> impl Iterator<Item = Stretch> {
        let [planes, _, columns] = &self.class.axes;
        let (units, [most_lines, most_pixels]) = (self.sums.part(part), self.at_once);
        let pixels = Split::by_size(columns.count, most_pixels);
        units.clone().step_by(self.together).flat_map(move |first| {
            let (plane, band) = (first / self.bands.parts, self.bands.part(first % self.bands.parts));
            let lines = Split::by_size(band.len(), most_lines);
            let blocks =
                (0..lines.parts).flat_map(move |line| (0..pixels.parts).map(move |pixel| (line, pixel)));
            let end = units.end;
            blocks.map(move |(line, pixel)| {
                let lines = lines.part(line);
                Stretch {
                    image: plane / planes.count,
                    images: self.together.min(end - first),
                    plane: plane % planes.count,
                    lines: band.start + lines.start..band.start + lines.end,
                    pixels: pixels.part(pixel),
                }
            })
        })
    }

    /// Adds up the gradients of a chunk: those of some channels by a part of the targets.
    ///
    /// # Safety
    /// The operands and the scratch have their sizes.
    unsafe fn add_up(&self, chunk: usize, operands: &Operands<'_>, private: &mut [f32]) {
        let Geometry { channels, filters, .. } = self.geometry;
        let (part, panels) = (chunk / self.slices.parts, self.slices.part(chunk % self.slices.parts));
        let rows = panels.start * PANEL..channels.min(panels.end * PANEL);
        let sums = match self.phases[1] {
            0 => operands.outputs[0].pointer::<f32>(),
            _ => operands.shared.pointer::<f32>().wrapping_add(part * self.geometry.weights()),
        };
        for place in 0..self.geometry.window() {
            // SAFETY: these rows are the chunk's own.
            unsafe {
                sums.add((place * channels + rows.start) * filters).write_bytes(0, rows.len() * filters)
            };
        }
        let private = self.private(private);
        // SAFETY: the machine has AMX, as `new` found.
        let _configured = unsafe { Configured::new() };
        for stretch in self.stretches(part) {
            let product = Product {
                kernel: self,
                stretch: &stretch,
                sources: operands.inputs[0].pointer(),
                gradients: operands.inputs[1].pointer(),
                sums,
                private: &private,
            };
            // SAFETY: the caller's.
            unsafe { product.add(panels.clone()) };
        }
    }

    /// The elements of a panel of gradients by parts.
    fn gradients_panel(&self) -> usize {
        self.steps() * step_elements(self.parts as usize)
    }

    /// The elements of a thread's scratch memory, one after the other: the gradients by parts, a panel of sources by parts, a block of
    /// sums, a panel of gradients in f32, a copy of a panel of sources or of gradients, and a mark for each panel of gradients.
    fn private_sizes(&self) -> [usize; 6] {
        let panels = self.geometry.filters.div_ceil(PANEL);
        let row = self.row();
        [
            panels * self.gradients_panel(),
            self.parts as usize * PANEL * row / 2,
            PANEL * PANEL,
            BLOCK_DEPTH * PANEL,
            PANEL * row,
            panels,
        ]
    }

    /// The scratch memory of a thread, from the first cache line on.
    fn private(&self, memory: &mut [f32]) -> Private {
        let mut next = aligned(memory.as_mut_ptr());
        let [split_gradients, split_sources, sums, plain, copies, whole] = self.private_sizes().map(|size| {
            let start = next;
            next = start.wrapping_add(size);
            start
        });
        Private { split_gradients, split_sources, sums, plain, copies, whole: whole.cast() }
    }
}

/// The lines of a panel.
fn panel(index: usize, lines: usize) -> Range<usize> {
    index * PANEL..lines.min((index + 1) * PANEL)
}

impl Kernel for SplitKernelGradient {
    fn name(&self) -> &'static str {
        match self.parts {
            Parts::One => "convolutionKernelGradientBf16",
            Parts::Two => "convolutionKernelGradientBf16x3",
            Parts::Three => "convolutionKernelGradientBf16x6",
        }
    }

    fn phases(&self) -> &[u32] {
        &self.phases
    }

    fn cost(&self) -> Cost {
        Cost { flops: self.geometry.flops(), bytes: self.geometry.bytes() }
    }

    fn scratch(&self) -> Scratch {
        Scratch {
            shared: if self.phases[1] == 0 { 0 } else { self.sums.parts * self.geometry.weights() },
            private: self.private_sizes().iter().sum::<usize>() + ALIGNMENT_SLACK,
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
        // SAFETY: the sizes were just checked; the chunks' ranges are disjoint, only the first phase writes sums, and a machine with AMX has
        // AVX-512.
        unsafe {
            match phase {
                0 => self.add_up(chunk as usize, operands, private),
                _ => total::<Avx512x16>(operands, self.sums.parts, self.sum_chunks.range(chunk)),
            }
        }
        Ok(())
    }
}
