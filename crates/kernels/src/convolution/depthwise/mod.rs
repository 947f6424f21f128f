//! Convolutions of each channel by itself, and their gradients: sums over windows that run along the channels.

mod kernel_gradient;
mod product;

use super::geometry::{Class, Tap};

pub use kernel_gradient::DepthwiseKernelGradient;
pub use product::Depthwise;

/// Targets side by side, and vectors of their channels, that share registers: as many as chains of multiply-adds keep busy.
const PIXELS: usize = 4;
const VECTORS: usize = 2;
/// Vectors of a target alone.
const ALONE: usize = 8;

/// A line of targets.
struct Line<'a, T> {
    class: &'a Class,
    plane: usize,
    line: usize,
    /// The taps of planes and lines that read sources that exist.
    taps: [&'a [Tap]; 2],
    /// The sources of the image.
    sources: &'a [f32],
    targets: T,
}
