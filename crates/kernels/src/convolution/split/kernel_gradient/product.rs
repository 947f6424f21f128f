//! What a stretch of targets adds to the sums.

use super::stretch::{CopyGradients, CopySources, Run, Stretch};
use super::{SplitKernelGradient, panel};
use crate::arch::amx::{DEPTH, Layout, Lines, PANEL, Side, Steps, multiply, pack, step_elements};
use crate::arch::{Avx512x16, Vector};
use crate::matmul::{AddBlock, Chains, PackPanel, Split};
use std::ops::Range;
use std::ptr::null;

/// Tiles along k that are summed in one chain, by the number of parts: both panels of this depth stay in the L1 cache.
const BLOCK_STEPS: [usize; 3] = [8, 6, 4];

/// The private scratch memory of a thread.
pub(super) struct Private {
    /// All panels of gradients by parts.
    pub split_gradients: *mut f32,
    /// A panel of sources by parts.
    pub split_sources: *mut f32,
    /// A block of sums.
    pub sums: *mut f32,
    /// Gradients in f32, where they are needed.
    pub plain: *mut f32,
    /// The sources or gradients of a panel, as they are split.
    pub copies: *mut f32,
    /// For each panel of gradients, whether its parts stand for all elements.
    pub whole: *mut u32,
}

/// A stretch, and what its products are made of.
pub(super) struct Product<'a> {
    pub kernel: &'a SplitKernelGradient,
    pub stretch: &'a Stretch,
    pub sources: *const f32,
    pub gradients: *const f32,
    /// The gradient of the kernel, as far as it is added up.
    pub sums: *mut f32,
    pub private: &'a Private,
}

/// Rows and columns of one tap's gradient.
struct Block {
    tap: usize,
    channels: Range<usize>,
    filters: Range<usize>,
}

impl Product<'_> {
    /// Adds the products of the sources of some panels of channels with all gradients.
    ///
    /// # Safety
    /// The machine has AMX and the thread's tiles are configured, the operands and the scratch memory have their sizes, and nobody else uses
    /// the sums of these channels.
    pub unsafe fn add(&self, panels: Range<usize>) {
        let [planes, _, _] = &self.kernel.class.axes;
        // SAFETY: the caller's.
        unsafe {
            self.split_gradients();
            for index in panels {
                let channels = panel(index, self.kernel.geometry.channels);
                for index in planes.existing_range(self.stretch.plane) {
                    let plane = planes.source(self.stretch.plane, &planes.taps[index]);
                    let whole = self.split_sources(plane, &channels);
                    self.add_taps(index, &channels, whole);
                }
            }
        }
    }

    /// The tiles along k.
    fn steps(&self) -> usize {
        self.kernel.arrangement.targets(self.stretch.extents()).div_ceil(DEPTH)
    }

    /// Splits the gradients of all filters.
    ///
    /// # Safety
    /// As for `add`.
    unsafe fn split_gradients(&self) {
        let kernel = self.kernel;
        let (parts, filters) = (kernel.parts as usize, kernel.geometry.filters);
        let depth = self.steps() * DEPTH;
        for index in 0..filters.div_ceil(PANEL) {
            let columns = panel(index, filters);
            let count = columns.len();
            // SAFETY: the copies have room for a panel, and the rest is the caller's.
            unsafe {
                Avx512x16::enter(CopyGradients {
                    arrangement: &kernel.arrangement,
                    class: &kernel.class,
                    stretch: self.stretch,
                    from: self.gradients.add(columns.start),
                    filters,
                    count,
                    to: std::slice::from_raw_parts_mut(self.private.copies, depth * count),
                });
                let from = self.private.copies;
                let lines = Lines { from, contiguous: false, stride: count, count, depth };
                let to = self.private.split_gradients.add(index * kernel.gradients_panel());
                let whole = pack(parts, Side::B, &lines, to, &Layout::packed(parts), 0);
                self.private.whole.add(index).write(u32::from(whole));
            }
        }
    }

    /// Splits some channels of the sources in a plane of each image. Returns whether the parts stand for all elements.
    ///
    /// # Safety
    /// As for `add`.
    unsafe fn split_sources(&self, plane: usize, channels: &Range<usize>) -> bool {
        let kernel = self.kernel;
        let (count, row) = (channels.len(), kernel.row());
        let depth = kernel.reach().next_multiple_of(DEPTH) + self.steps() * DEPTH;
        // SAFETY: the copies and the parts have room for rows, and the rest is the caller's.
        unsafe {
            Avx512x16::enter(CopySources {
                arrangement: &kernel.arrangement,
                class: &kernel.class,
                stretch: self.stretch,
                plane,
                from: self.sources.add(channels.start),
                channels: kernel.geometry.channels,
                count,
                to: std::slice::from_raw_parts_mut(self.private.copies, row * count),
            });
            let from = self.private.copies;
            let lines = Lines { from, contiguous: false, stride: count, count, depth };
            pack(kernel.parts as usize, Side::A, &lines, self.private.split_sources, &kernel.layout(), 0)
        }
    }

    /// Adds the products of a panel of channels, for all taps of one plane.
    ///
    /// # Safety
    /// As for `add`; the sources and gradients are split.
    unsafe fn add_taps(&self, plane: usize, channels: &Range<usize>, whole: bool) {
        let kernel = self.kernel;
        let parts = kernel.parts as usize;
        let steps = Split::by_size(self.steps(), BLOCK_STEPS[parts - 1]);
        let layout = kernel.layout();
        let filters = kernel.geometry.filters;
        for index in 0..filters.div_ceil(PANEL) {
            let block = |tap| Block {
                tap: plane * kernel.taps.len() + tap,
                channels: channels.clone(),
                filters: panel(index, filters),
            };
            // SAFETY: each panel of gradients has a mark, and the tiles of each tap lie within the rows.
            unsafe {
                if !whole || *self.private.whole.add(index) == 0 {
                    (0..kernel.taps.len()).for_each(|tap| self.by_chains(&block(tap)));
                    continue;
                }
                let gradients = self.private.split_gradients.add(index * kernel.gradients_panel());
                // Both panels of a block along k stay in the L1 cache for all taps.
                for part in 0..steps.parts {
                    let steps = steps.part(part);
                    let b = gradients.add(steps.start * step_elements(parts));
                    for (tap, first) in kernel.taps.iter().enumerate() {
                        let place = first + steps.start * DEPTH;
                        let a = self.private.split_sources.byte_add(place * size_of::<u16>());
                        multiply(parts, a, &layout, b, Steps::of(steps.len()), self.private.sums);
                        self.add_block(&block(tap));
                    }
                }
            }
        }
    }

    /// Adds the products of a block by chains of multiply-adds.
    ///
    /// # Safety
    /// As for `add`.
    unsafe fn by_chains(&self, block: &Block) {
        let kernel = self.kernel;
        let (channels, filters) = (kernel.geometry.channels, kernel.geometry.filters);
        let [planes, lines, pixels] = &kernel.class.axes;
        let (line, pixel) = (block.tap / pixels.taps.len(), block.tap % pixels.taps.len());
        let (plane, line) = (line / lines.taps.len(), line % lines.taps.len());
        let taps = [&planes.taps[plane], &lines.taps[line], &pixels.taps[pixel]];
        let columns = block.filters.len().next_multiple_of(Avx512x16::LANES);
        for Run { target, source, count } in self.stretch.runs(&kernel.class, taps) {
            // SAFETY: the targets and their sources exist.
            unsafe {
                Avx512x16::enter(PackPanel {
                    from: self.gradients.add(target * filters + block.filters.start),
                    transposed: false,
                    stride: filters,
                    depth: count,
                    width: block.filters.len(),
                    padded: columns,
                    to: self.private.plain,
                });
                let a = Lines {
                    from: self.sources.add(source * channels + block.channels.start),
                    contiguous: false,
                    stride: pixels.advance * channels,
                    count: block.channels.len(),
                    depth: count,
                };
                let (b, sums) = (self.private.plain, self.private.sums);
                Avx512x16::enter(Chains { a, b, columns, sums });
                self.add_block(block);
            }
        }
    }

    /// Adds a block of sums to the gradient of the kernel.
    ///
    /// # Safety
    /// As for `add`.
    unsafe fn add_block(&self, block: &Block) {
        let (channels, filters) = (self.kernel.geometry.channels, self.kernel.geometry.filters);
        let first = (block.tap * channels + block.channels.start) * filters + block.filters.start;
        // SAFETY: the block lies within the gradient, and the rest is the caller's.
        unsafe {
            let c = self.sums.add(first);
            Avx512x16::enter(AddBlock {
                sums: self.private.sums,
                before: c,
                stride_before: filters,
                c,
                stride_c: filters,
                rows: block.channels.len(),
                columns: block.filters.len(),
                bias: null(),
                relu: false,
            });
        }
    }
}
