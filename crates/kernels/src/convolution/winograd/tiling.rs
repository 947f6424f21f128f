//! How the targets of a convolution are cut into tiles of two by two, and these into blocks.

use super::transforms::TransformSources;
use crate::arch::{MAX_LANES, Vector};
use crate::convolution::geometry::{Class, Positions};
use crate::matmul::Split;
use std::ops::Range;

/// Targets of a tile along an axis, ...
pub(super) const TARGETS: usize = 2;
/// ... and the sources that they read, which are as many as a transformed tile has.
pub(super) const SOURCES: usize = 4;
/// The elements of a transformed tile, each of which is multiplied apart from the others.
pub(super) const PLACES: usize = SOURCES * SOURCES;

/// An axis along which target `i` reads the sources from `i + start` on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub sources: usize,
    pub targets: usize,
    pub start: isize,
}

impl Extent {
    fn new(axis: &Positions) -> Self {
        Extent { sources: axis.sources, targets: axis.targets, start: axis.start() }
    }

    pub fn tiles(&self) -> usize {
        self.targets.div_ceil(TARGETS)
    }

    /// The source at a place of a tile, if it exists.
    #[inline(always)]
    pub fn source(&self, tile: usize, place: usize) -> Option<usize> {
        let source = (tile * TARGETS + place) as isize + self.start;
        (0..self.sources as isize).contains(&source).then_some(source as usize)
    }
}

/// The tiles of all images: lines of them, which one after the other make blocks.
#[derive(Debug)]
pub(super) struct Tiling {
    pub lines: Extent,
    pub columns: Extent,
    /// The channels of the sources.
    pub channels: usize,
    pub blocks: Split,
}

impl Tiling {
    /// Blocks of about so many tiles, but at least as many as wanted. There are images and targets.
    pub fn new(class: &Class, batch: usize, channels: usize, tiles: usize, wanted: usize) -> Self {
        let [_, lines, columns] = &class.axes;
        let (lines, columns) = (Extent::new(lines), Extent::new(columns));
        let all = batch * lines.tiles();
        let within = (tiles / columns.tiles()).min(all.div_ceil(wanted));
        Tiling { lines, columns, channels, blocks: Split::by_size(all, within.max(1)) }
    }

    /// The most tiles of a block.
    pub fn tiles(&self) -> usize {
        self.blocks.part(0).len() * self.columns.tiles()
    }

    /// The image of a line of tiles, and which of its lines it is.
    pub fn place(&self, line: usize) -> (usize, usize) {
        (line / self.lines.tiles(), line % self.lines.tiles())
    }

    /// The first target of a line of tiles, counted over all images.
    pub fn target(&self, line: usize) -> usize {
        let (image, line) = self.place(line);
        (image * self.lines.targets + line * TARGETS) * self.columns.targets
    }

    /// The targets of some lines of tiles.
    pub fn targets(&self, lines: &Range<usize>) -> Range<usize> {
        self.target(lines.start)..self.target(lines.end)
    }

    /// The lines of targets of a line of tiles.
    pub fn lines_of(&self, line: usize) -> usize {
        (self.lines.targets - self.place(line).1 * TARGETS).min(TARGETS)
    }

    /// Bᵀ d B of all tiles d of some lines, a row for each.
    ///
    /// # Safety
    /// The machine has the instruction set, and `sources` holds all images.
    pub unsafe fn transform_sources<V: Vector>(
        &self,
        lines: &Range<usize>,
        sources: *const f32,
        planes: &Planes,
        to: &mut [f32],
    ) {
        let Tiling { columns, channels, .. } = *self;
        let row = columns.tiles() * planes.width;
        assert!(
            lines.len() * row <= planes.stride && planes.size() <= to.len(),
            "there is room for the tiles"
        );
        for (index, line) in lines.clone().enumerate() {
            let (image, line) = self.place(line);
            // SAFETY: the lines of sources exist, and the tiles have their rows.
            unsafe {
                let start = |line: usize| {
                    sources.add((image * self.lines.sources + line) * columns.sources * channels)
                };
                planes.transform::<V>(TransformSources {
                    lines: [0, 1, 2, 3].map(|place| self.lines.source(line, place).map(start)),
                    columns,
                    channels,
                    to: to.as_mut_ptr().add(index * row),
                    row: planes.width,
                });
            }
        }
    }
}

/// Elements from the matrix of a place of transformed tiles to that of the next one: constants, with which the code of the transformations
/// is short. By five cache lines more than a power of two, stores to the same tile, and to those beside it, have addresses that
/// differ in their last twelve bits, by which processors tell stores apart at first.
pub(super) const STRIDES: [usize; 2] = [(1 << 12) + 80, (1 << 14) + 80];

/// A matrix for each place of transformed tiles. It has a row for each tile, filled up to whole vectors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planes {
    pub width: usize,
    /// One of the strides.
    pub stride: usize,
}

impl Planes {
    /// The rows that matrices can have.
    pub fn most(columns: usize) -> usize {
        STRIDES[1] / columns.next_multiple_of(MAX_LANES)
    }

    /// # Panics
    /// When the matrices have too many rows.
    pub fn new(tiles: usize, columns: usize, lanes: usize) -> Self {
        let width = columns.next_multiple_of(lanes);
        let fits = |stride: &usize| tiles.checked_mul(width).is_some_and(|elements| elements <= *stride);
        Planes { width, stride: STRIDES.into_iter().find(fits).expect("a stride is long enough") }
    }

    pub fn size(&self) -> usize {
        PLACES * self.stride
    }
}
