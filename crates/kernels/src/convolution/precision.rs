//! How exact a convolution must be, and so which kernel computes it.

use super::geometry::Geometry;
use super::product::Convolution;
use super::weights::Direction;
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

fn kernel(
    isa: Isa,
    precision: Precision,
    geometry: Geometry,
    direction: Direction,
    epilogue: Epilogue,
) -> Box<dyn Kernel> {
    #[cfg(target_arch = "x86_64")]
    if isa == Isa::Amx
        && let Some(parts) = super::split::parts(precision, &geometry, direction)
    {
        return Box::new(super::split::SplitConvolution::new(geometry, direction, parts, epilogue));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = precision;
    Box::new(match direction {
        Direction::Forward => Convolution::forward(isa, geometry, epilogue),
        Direction::Backward => Convolution::input_gradient(isa, geometry, epilogue),
    })
}
