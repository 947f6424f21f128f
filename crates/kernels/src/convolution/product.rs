//! A convolution, or its gradient by the input, as a sum of matrix products.
//!
//! In a first phase the weights are packed into panels of columns. Then each chunk computes bands of targets, a few lines of one
//! image: it makes their sources readable ([`Reading`]), and adds up, panel by panel of columns and run by run of terms, the tiles of
//! each line with the micro-kernels of matrix products. An element is one chain of multiply-adds a run, in the order of the runs.

mod band;
mod panel;
mod pass;

use super::geometry::Geometry;
use super::source::{Reading, Rows};
use super::weights::{Direction, Sides, Weights};
use crate::isa::Isa;
use crate::kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch};
use crate::matmul::{
    CHUNK_WORK, Chunk, Epilogue, Finish, MOST_CHUNKS, PACK_CHUNK, Shape, Split, TileSize, TileSizes,
    TileTask, Tiles, with_tiles,
};
use band::{Band, Beside};
use panel::Panel;
use pass::Pass;
use std::ops::Range;
use std::ptr::null;

/// The most operands that are asked for beside the targets.
const MOST_BESIDE: usize = 6;
/// The bytes by which sources and targets are asked ahead: a page, at whose end the processor's own prefetching stops.
const AHEAD: usize = 4096;

/// A convolution: from inputs and a kernel its outputs. Or the gradient by the inputs: from outputs' gradients and the kernel.
#[derive(Debug)]
pub struct Convolution {
    isa: Isa,
    geometry: Geometry,
    direction: Direction,
    tile: TileSize,
    passes: Vec<Pass>,
    /// What comes after the sums; only where the targets are one class and one group.
    finish: Option<Finish>,
    /// Elements and channels of sources and targets.
    sources: usize,
    targets: usize,
    columns: usize,
    pack_chunks: Split,
    chunks: Split,
    phases: [u32; 2],
}

impl Convolution {
    /// From [batch, …input, channels] and a kernel [...window, channels / groups, filters] to [batch, …output, filters], and what
    /// an epilogue makes of that. Only without groups can there be one.
    ///
    /// # Panics
    /// When the machine lacks the instruction set, or the geometry is not one.
    pub fn forward(isa: Isa, geometry: Geometry, epilogue: Epilogue) -> Self {
        Self::new(isa, geometry, Direction::Forward, epilogue)
    }

    /// From the gradients of the outputs [batch, …output, filters] and the kernel to those of the inputs. Only with strides of one and
    /// without groups can there be an epilogue.
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
        let Geometry { batch, groups, .. } = geometry;
        let Sides { classes, channels: from, columns, sources, targets } = direction.sides(&geometry);
        let sizes = TileSizes::of(isa);
        let (tile, lanes) = (sizes.tallest(columns / groups), sizes.lanes());
        let wanted = wanted_chunks(&geometry);
        let (mut first_weight, mut first_panel, mut first_unit) = (0, 0, 0);
        let mut passes = Vec::new();
        for class in classes {
            let weights = Weights::new(&geometry, &class, direction, tile.columns, lanes);
            let planes = batch * class.axes[0].count;
            let reading = Reading::new(class, from, from / groups, columns, wanted.div_ceil(planes.max(1)));
            let ends = (weights.size(), weights.panels(), reading.units(batch));
            passes.push(Pass::new(reading, weights, [first_weight, first_panel, first_unit]));
            first_weight += ends.0;
            first_panel += ends.1;
            first_unit += ends.2;
        }
        let finish = if let ([pass], 1) = (&passes[..], groups) {
            let [planes, lines, pixels] = &pass.reading.axes;
            let m = batch * planes.count * lines.count * pixels.count;
            let k = pass.reading.terms;
            let shape = Shape { batch: 1, m, n: columns, k, transpose_a: false, transpose_b: false };
            let rows = pass.reading.bands.most() * pixels.count;
            Some(Finish::new(epilogue, &shape, rows, pass.weights.panels(), tile.columns))
        } else {
            assert!(epilogue.is_nothing(), "only targets that are one matrix have an epilogue");
            None
        };
        let chunks = Split::new(first_unit, wanted);
        let pack_chunks = Split::new(first_panel, first_weight / PACK_CHUNK);
        let phases = match first_unit {
            0 => [0, 0],
            _ => [if first_panel == 0 { 0 } else { pack_chunks.parts as u32 }, chunks.parts as u32],
        };
        Convolution {
            isa,
            geometry,
            direction,
            tile,
            passes,
            finish,
            sources,
            targets,
            columns,
            pack_chunks,
            chunks,
            phases,
        }
    }

    /// Packs the panels of weights of a chunk.
    fn pack(&self, chunk: usize, operands: &Operands<'_>) {
        // SAFETY: the kernel has its size, as `run` checked, and nobody writes it.
        let kernel = unsafe { operands.inputs[1].slice::<f32>() };
        for index in self.pack_chunks.part(chunk) {
            let pass = &self.passes[self.passes.partition_point(|pass| pass.first_panel <= index) - 1];
            let panel = index - pass.first_panel;
            let start = pass.first_weight + pass.weights.panel(panel).2;
            // SAFETY: every panel is packed by one chunk.
            let to = unsafe { operands.shared.slice_mut(start..start + pass.weights.panel_size(panel)) };
            pass.weights.pack(panel, kernel, to);
        }
    }

    /// Computes the bands of a chunk.
    ///
    /// # Safety
    /// The machine has the instruction set, and the operands and `private` have their sizes.
    unsafe fn compute<V: Tiles>(&self, chunk: usize, operands: &Operands<'_>, private: &mut [f32]) {
        let (scratch, private) = private.split_at_mut(self.band_scratch());
        let beside = self.beside::<V>(operands);
        for index in self.chunks.part(chunk) {
            let pass = &self.passes[self.passes.partition_point(|pass| pass.first_unit <= index) - 1];
            let (image, plane, lines) = pass.reading.unit(index - pass.first_unit);
            let [_, across, pixels] = &pass.reading.axes;
            let row = pass.reading.first_row(image, plane, lines.start);
            // SAFETY: the operands have their sizes; the rows are used while the scratch is.
            unsafe {
                let rows =
                    pass.reading.rows(operands.inputs[0].pointer(), image, plane, lines.clone(), scratch);
                let compute = |panels: Range<usize>, c: *mut f32, stride: usize| {
                    let band = Band {
                        rows,
                        lines: lines.clone(),
                        width: rows.pixels,
                        c: c.wrapping_add(row * stride),
                        start: c,
                        beside: if stride == self.columns { &beside } else { &[] },
                        line_step: across.step * pixels.targets * stride,
                        pixel_step: pixels.step * stride,
                    };
                    let band = if pass.ends.is_empty() { band.merged() } else { band };
                    panels.for_each(|panel| self.panel::<V>(pass, panel, &band, operands));
                };
                match &self.finish {
                    Some(finish) => {
                        let shape = self.shape();
                        let rows = row..row + lines.len() * pixels.count;
                        let panels = 0..pass.weights.panels();
                        finish.block(&shape, 0, rows, panels, self.tile.columns, operands, private, compute);
                    }
                    None => compute(0..pass.weights.panels(), operands.outputs[0].pointer(), self.columns),
                }
            }
        }
    }

    /// What is read and written at the places of the targets, right after them: by an epilogue and by who comes next, and the sources and
    /// targets of the bands that follow.
    fn beside<V: Tiles>(&self, operands: &Operands<'_>) -> [Beside; MOST_BESIDE] {
        let of_tape = self.finish.as_ref().map_or([&[][..]; 2], |finish| finish.beside(operands));
        let at_targets = of_tape.into_iter().flatten().chain(operands.ahead).map(|buffer| (buffer, 0));
        // The sources of the lines that the next windows read beside those of this one.
        let window = self.passes[0].reading.window_bytes();
        let sources = (&operands.inputs[0], window + AHEAD);
        let is_direct = self.finish.as_ref().is_none_or(Finish::writes_sums);
        let targets = operands.outputs.first().filter(|_| is_direct).map(|buffer| (buffer, AHEAD));
        let all = at_targets.chain([sources].into_iter().chain(targets).filter(|_| V::ASKS_AHEAD));
        let has_all = |(buffer, _): &(&Buffer, usize)| buffer.bytes() >= self.targets;
        let mut beside = [Beside::NOTHING; MOST_BESIDE];
        for (beside, (buffer, ahead)) in beside.iter_mut().zip(all.filter(has_all)) {
            *beside = Beside::new(buffer.pointer::<u8>().wrapping_add(ahead), buffer.bytes(), self.targets);
        }
        beside
    }

    /// Computes one panel of columns of a band.
    ///
    /// # Safety
    /// As for `compute`; nobody else uses the band.
    unsafe fn panel<V: Tiles>(&self, pass: &Pass, panel: usize, band: &Band<'_>, operands: &Operands<'_>) {
        let (group, columns, start) = pass.weights.panel(panel);
        let column = group * (self.columns / self.geometry.groups) + columns.start;
        let (bias, relu) = match &self.finish {
            Some(finish) if finish.bias => {
                (operands.inputs[2].pointer::<f32>().cast_const().wrapping_add(column), finish.relu)
            }
            Some(finish) => (null(), finish.relu),
            None => (null(), false),
        };
        let panel = Panel {
            pass,
            tile_rows: self.tile.rows,
            weights: operands.shared.pointer::<f32>().wrapping_add(pass.first_weight + start),
            columns: columns.len(),
            c: band.c.wrapping_add(column),
            first_channel: group * (self.channels() / self.geometry.groups),
            bias,
            relu,
        };
        // SAFETY: windows, weights and targets lie within their memory, which is the chunk's own.
        unsafe { panel.compute::<V>(band) };
    }

    /// The channels of the sources.
    fn channels(&self) -> usize {
        match self.direction {
            Direction::Forward => self.geometry.channels,
            Direction::Backward => self.geometry.filters,
        }
    }

    /// The targets as the product of one matrix by another.
    fn shape(&self) -> Shape {
        let n = self.columns;
        let m = self.targets / n.max(1);
        Shape { batch: 1, m, n, k: self.passes[0].reading.terms, transpose_a: false, transpose_b: false }
    }

    /// Elements of private memory for the sources of a band.
    fn band_scratch(&self) -> usize {
        self.passes.iter().map(|pass| pass.reading.scratch()).max().unwrap_or(0)
    }
}

impl TileTask for Chunk<'_, Convolution> {
    type Output = ();

    unsafe fn run<V: Tiles>(self) {
        let Chunk { kernel, phase, chunk, operands, private } = self;
        match phase {
            0 => kernel.pack(chunk as usize, operands),
            // SAFETY: the caller's.
            _ => unsafe { kernel.compute::<V>(chunk as usize, operands, private) },
        }
    }
}

/// How many chunks a convolution had better have.
pub(super) fn wanted_chunks(geometry: &Geometry) -> usize {
    (geometry.work() / CHUNK_WORK).clamp(1, MOST_CHUNKS as u64) as usize
}

/// Whether the outputs' lines are computed in pairs, by whatever kernel: no other cuts them into shorter bands than this one.
pub(super) fn makes_pairs(geometry: &Geometry) -> bool {
    let Geometry { batch, channels, filters, groups, .. } = *geometry;
    let wanted = wanted_chunks(geometry);
    geometry.forward().into_iter().all(|class| {
        let planes = batch * class.axes[0].count;
        let reading =
            Reading::new(class, channels, channels / groups, filters, wanted.div_ceil(planes.max(1)));
        reading.bands.are_of_pairs()
    })
}

impl Kernel for Convolution {
    fn name(&self) -> &'static str {
        match self.direction {
            Direction::Forward => "convolution",
            Direction::Backward => "convolutionInputGradient",
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
            shared: self.passes.iter().map(|pass| pass.weights.size()).sum(),
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
        operands.require_input(0, self.sources, "the sources");
        operands.require_input(1, self.geometry.weights(), "the weights");
        match &self.finish {
            Some(finish) => finish.check(&self.shape(), operands),
            None => operands.require_output(self.targets, "the targets"),
        }
        self.scratch().require(operands, private);
        // SAFETY: the sizes were just checked, and the instruction set in `new`.
        unsafe { with_tiles(self.isa, Chunk { kernel: self, phase, chunk, operands, private }) };
        Ok(())
    }
}
