//! Convolutions, their gradients, and pooling, over one to three axes with the channels last.

mod depthwise;
mod geometry;
mod kernel_gradient;
mod pool;
mod product;
mod source;
#[cfg(test)]
mod tests;
mod weights;

pub use depthwise::{Depthwise, DepthwiseKernelGradient};
pub use geometry::{Axis, Geometry};
pub use kernel_gradient::ConvolutionKernelGradient;
pub use pool::{MaxPool, MaxPooling};
pub use product::Convolution;
