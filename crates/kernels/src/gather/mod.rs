//! Rows chosen by index, and their sums by index.

mod segment_sum;
mod take;

pub use segment_sum::SegmentSum;
pub use take::Take;

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
