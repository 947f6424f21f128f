//! Convolutions with windows of three by three, and their gradients, by Winograd's minimal filtering F(2×2, 3×3): Lavin and Gray,
//! "Fast Algorithms for Convolutional Neural Networks" (2015), sections 4.1 to 4.3.
//!
//! Tiles of 2 by 2 targets, which read 4 by 4 sources d of a channel through weights g, are Aᵀ (Σ (G g Gᵀ) ⊙ (Bᵀ d B)) A, summed over the
//! channels: 16 multiplications in place of 36. Each of the 16 places of transformed tiles is a matrix product of its own, of the
//! tiles' channels by the weights'. Blocks of tiles are transformed, multiplied and transformed back while they are in the cache.
//!
//! Sums of sources and differences of products are rounded, so an error is small beside the largest source and the largest weight of a
//! target's window, not beside its terms. The rows of Aᵀ have a zero each, which leave out what other windows read: a source disturbs the
//! targets that read it, and no others. Of the gradient by the kernel it disturbs all nine places.

mod kernel_gradient;
mod product;
#[cfg(test)]
mod tests;
mod tiling;
mod transforms;

use super::geometry::{Axis, Geometry};
use crate::matmul::Precision;
use tiling::{PLACES, Planes, TARGETS};

pub(super) use kernel_gradient::WinogradKernelGradient;
pub(super) use product::WinogradConvolution;

/// The fewest channels and filters, and the most weights of a place, ...
const LEAST_CHANNELS: usize = 16;
const MOST_WEIGHTS: usize = 1 << 17;
/// ... and the fewest tiles, over which the cost of transforming weights is spread.
const LEAST_TILES: u128 = 128;

/// Whether a convolution and its gradients can be computed so with the precision, faster than by multiply-adds.
///
/// # Panics
/// When the geometry is not one.
pub(super) fn is_faster(precision: Precision, geometry: &Geometry) -> bool {
    geometry.check();
    let Geometry { batch, axes: [_, lines, columns], channels, filters, .. } = *geometry;
    // One large number takes digits from the terms of others.
    if precision == Precision::Highest || !is_possible(geometry) {
        return false;
    }
    let product = |factors: [usize; 3]| factors.into_iter().map(|factor| factor as u128).product::<u128>();
    let tiles = product([batch, lines.output.div_ceil(TARGETS), columns.output.div_ceil(TARGETS)]);
    let targets = product([batch, lines.output, columns.output]);
    let is_deep = channels.min(filters) >= LEAST_CHANNELS && channels * filters <= MOST_WEIGHTS;
    is_deep && tiles >= LEAST_TILES && 3 * PLACES as u128 * tiles <= 2 * 9 * targets
}

/// Whether a convolution can be computed so: there is something to compute, and a line of tiles fits the memory for a block.
fn is_possible(geometry: &Geometry) -> bool {
    let Geometry { axes: [planes, lines, columns], channels, filters, groups, .. } = *geometry;
    let fits = |axis: Axis| axis.window == 3 && axis.stride == 1 && axis.dilation == 1;
    let is_something = geometry.inputs() > 0 && geometry.outputs() > 0;
    let tiles = columns.input.max(columns.output).div_ceil(TARGETS);
    let is_narrow = tiles <= Planes::most(channels.max(filters));
    planes == Axis::NONE && fits(lines) && fits(columns) && groups == 1 && is_something && is_narrow
}
