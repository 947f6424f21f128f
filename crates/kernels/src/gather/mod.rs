//! Rows and elements chosen by index, put where an index says, and combined by index.

mod scatter;
mod segment_reduce;
mod take;
mod take_along_axis;

pub use scatter::{ScatterPlaces, ScatterUpdate};
pub use segment_reduce::SegmentReduce;
pub use take::Take;
pub use take_along_axis::TakeAlongAxis;

use crate::kernel::KernelError;

/// The bytes of an index.
const INDEX: usize = size_of::<i32>();

/// # Errors
/// When the index is not one of `size` rows.
#[inline(always)]
fn checked_index(op: &'static str, index: i32, size: usize) -> Result<usize, KernelError> {
    match usize::try_from(index) {
        Ok(index) if index < size => Ok(index),
        _ => Err(KernelError::IndexOutOfRange { op, index: index.into(), size: size as i64 }),
    }
}

#[cfg(test)]
mod tests;
