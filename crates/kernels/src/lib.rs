//! The kernels of layerwise: planned instructions over raw buffers, each written once and compiled for every
//! instruction set, plus the ISA-specific parts in [`arch`].

pub mod accuracy;
mod arch;
mod binary;
mod chunks;
mod compare;
mod convolution;
mod copy;
mod cumulative;
mod denormals;
mod dtype;
mod elementwise;
mod gather;
mod isa;
mod kernel;
mod lanes;
mod math;
mod matmul;
mod random;
mod reduce;
mod reduced;
mod resample;
mod select;
mod several;
mod softmax;
mod sort;
mod target;
#[cfg(test)]
mod testing;
mod unary;

pub use binary::{Binary, BinaryI32};
pub use compare::{Compare, CompareI32};
pub use convolution::{
    Axis, Convolution, ConvolutionKernelGradient, Depthwise, DepthwiseKernelGradient, Geometry, MaxPool,
    MaxPooling, convolution, convolution_input_gradient, convolution_kernel_gradient,
};
pub use copy::{Concatenate, DynamicSlice, Embed, StridedCopy};
pub use cumulative::{LinearRecurrence, Running};
pub use denormals::FlushDenormals;
pub use dtype::Dtype;
pub use elementwise::{Access, Elementwise, LaneOp, Segment, Source, TapeOp};
pub use gather::{ScatterPlaces, ScatterUpdate, SegmentReduce, Take, TakeAlongAxis};
pub use isa::Isa;
pub use kernel::{Buffer, Cost, Kernel, KernelError, Operands, Scratch};
pub use matmul::{Epilogue, Matmul, Precision, Shape as MatmulShape, is_symmetric, matmul};
pub use random::{RandomGamma, RandomPermutation, RandomUniform};
pub use reduce::{ArgMax, Reduce, SquaredDeviations};
pub use reduced::{ByParts, Origin, Reduced};
pub use resample::{AxisMap, Resample, Resampling};
pub use several::Several;
pub use softmax::{Factor, Softmax, SparseSoftmaxCrossentropy};
pub use sort::{Argsort, Searchsorted};
pub use unary::{Unary, UnaryI32};
