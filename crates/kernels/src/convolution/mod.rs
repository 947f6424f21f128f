//! Convolutions, their gradients, and pooling, over one to three axes with the channels last.

mod geometry;
mod kernel_gradient;
mod product;
mod source;
#[cfg(test)]
mod tests;
mod weights;

pub use geometry::{Axis, Geometry};
pub use kernel_gradient::ConvolutionKernelGradient;
pub use product::Convolution;
