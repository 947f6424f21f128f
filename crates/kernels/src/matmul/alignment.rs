//! Where scratch memory begins with a cache line.

/// f32 elements to move the start of scratch memory to a cache line.
pub(crate) const ALIGNMENT_SLACK: usize = 16;

/// The first cache line at or after an address.
pub(crate) fn aligned(memory: *mut f32) -> *mut f32 {
    memory.wrapping_add(memory.align_offset(64).min(ALIGNMENT_SLACK))
}
