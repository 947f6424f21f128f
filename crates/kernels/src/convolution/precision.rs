//! How exact a convolution must be, and so which kernel computes it.

use super::geometry::Geometry;
use super::kernel_gradient::ConvolutionKernelGradient;
use super::product::Convolution;
use super::weights::Direction;
use super::winograd::{WinogradConvolution, WinogradKernelGradient, is_faster};
use crate::isa::Isa;
use crate::kernel::Kernel;
use crate::matmul::{Epilogue, Precision};

/// The kernel of a convolution, with at least the precision. Only without groups can there be an epilogue.
///
/// # Panics
/// When the machine lacks the instruction set, or the geometry is not one.
pub fn convolution(
    isa: Isa,
    precision: Precision,
    geometry: Geometry,
    epilogue: Epilogue,
) -> Box<dyn Kernel> {
    kernel(isa, precision, geometry, Direction::Forward, epilogue)
}

/// The kernel of a convolution's gradient by its input, with at least the precision. Only with strides of one and without groups can there
/// be an epilogue.
///
/// # Panics
/// As `convolution`.
pub fn convolution_input_gradient(
    isa: Isa,
    precision: Precision,
    geometry: Geometry,
    epilogue: Epilogue,
) -> Box<dyn Kernel> {
    kernel(isa, precision, geometry, Direction::Backward, epilogue)
}

/// The kernel of a convolution's gradient by its kernel, with at least the precision.
///
/// # Panics
/// As `convolution`.
pub fn convolution_kernel_gradient(isa: Isa, precision: Precision, geometry: Geometry) -> Box<dyn Kernel> {
    #[cfg(target_arch = "x86_64")]
    if isa == Isa::Amx
        && let Some(kernel) = super::split::kernel_gradient(precision, &geometry)
    {
        return Box::new(kernel);
    }
    match is_faster(precision, &geometry) {
        true => Box::new(WinogradKernelGradient::new(isa, geometry)),
        false => Box::new(ConvolutionKernelGradient::new(isa, geometry)),
    }
}

fn kernel(
    isa: Isa,
    precision: Precision,
    geometry: Geometry,
    direction: Direction,
    epilogue: Epilogue,
) -> Box<dyn Kernel> {
    geometry.check();
    #[cfg(target_arch = "x86_64")]
    if isa == Isa::Amx
        && let Some(parts) = super::split::parts(precision, &geometry, direction)
    {
        return Box::new(super::split::SplitConvolution::new(geometry, direction, parts, epilogue));
    }
    if is_faster(precision, &geometry) {
        return Box::new(match direction {
            Direction::Forward => WinogradConvolution::forward(isa, geometry, epilogue),
            Direction::Backward => WinogradConvolution::input_gradient(isa, geometry, epilogue),
        });
    }
    Box::new(match direction {
        Direction::Forward => Convolution::forward(isa, geometry, epilogue),
        Direction::Backward => Convolution::input_gradient(isa, geometry, epilogue),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convolution::Axis;

    /// The names of a convolution of square images and its gradients, with zeros around them.
    fn names(
        isa: Isa,
        precision: Precision,
        batch: usize,
        size: usize,
        channels: usize,
    ) -> [&'static str; 3] {
        let axis = Axis { input: size, output: size, window: 3, stride: 1, dilation: 1, low: 1 };
        let axes = [Axis::NONE, axis, axis];
        let geometry = Geometry { batch, axes, channels, filters: channels, groups: 1 };
        [
            convolution(isa, precision, geometry, Epilogue::default()).name(),
            convolution_input_gradient(isa, precision, geometry, Epilogue::default()).name(),
            convolution_kernel_gradient(isa, precision, geometry).name(),
        ]
    }

    #[test]
    fn precision_and_shape_choose_the_kernel() {
        let direct = ["convolution", "convolutionInputGradient", "convolutionKernelGradient"];
        let winograd =
            ["convolutionWinograd", "convolutionInputGradientWinograd", "convolutionKernelGradientWinograd"];
        for isa in Isa::available() {
            assert_eq!(names(isa, Precision::Highest, 2, 32, 16), direct);
            for precision in [Precision::High, Precision::Medium] {
                assert_eq!(names(isa, precision, 2, 32, 16), winograd);
                assert_eq!(names(isa, precision, 2, 32, 15), direct);
                assert_eq!(names(isa, precision, 1, 8, 16), direct);
                assert_eq!(names(isa, precision, 256, 3, 16), direct);
            }
        }
    }
}
