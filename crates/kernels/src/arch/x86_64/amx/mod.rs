//! AMX: tiles of 16 rows of 64 bytes, and products of bf16 tiles in f32. Rust has no intrinsics for it, so what follows
//! is assembly (Intel SDM volume 1, chapter 18).

mod available;
mod multiply;
mod pack;
#[cfg(test)]
mod software;

pub(crate) use available::is_available;
#[cfg(test)]
pub(crate) use available::tiles_are_available;
pub(crate) use multiply::{Configured, Layout, Steps, multiply};
pub(crate) use pack::{Lines, Side, pack, split_rows};

/// Rows of a tile, and columns of a tile of C.
const ROWS: usize = 16;
/// Elements along k of a tile of A or B.
pub(crate) const DEPTH: usize = 32;
/// Rows or columns of a panel: two tiles side by side, so that each tile that is loaded is used twice.
pub(crate) const PANEL: usize = 2 * ROWS;
/// Bytes of a tile.
const TILE: usize = 1024;

/// The f32 elements that the parts of so many elements of a row take: of [`DEPTH`] elements, filled up with zeros, the parts follow one
/// another.
pub(crate) const fn row_elements(parts: usize, elements: usize) -> usize {
    elements.div_ceil(DEPTH) * parts * DEPTH / 2
}

/// The f32 elements that a panel's parts take for each tile's depth.
pub(crate) const fn step_elements(parts: usize) -> usize {
    2 * parts * TILE / size_of::<f32>()
}
