//! Convolutions, their gradients, and pooling, over one to three axes with the channels last.

mod bands;
mod depthwise;
mod geometry;
mod kernel_gradient;
mod pool;
mod precision;
mod product;
mod source;
#[cfg(target_arch = "x86_64")]
mod split;
#[cfg(test)]
mod tests;
mod weights;
mod winograd;

pub use depthwise::{Depthwise, DepthwiseKernelGradient};
pub use geometry::{Axis, Geometry};
pub use kernel_gradient::ConvolutionKernelGradient;
pub use pool::{MaxPool, MaxPooling};
pub use precision::{convolution, convolution_input_gradient, convolution_kernel_gradient};
pub use product::Convolution;
