//! Aligned memory whose allocation can fail without ending the process.

use std::alloc::{Layout, alloc, dealloc};
use std::ptr::NonNull;

use layerwise_kernels::Buffer;

use crate::arena::ALIGNMENT;

/// A huge page of x86-64, and of arm64 with pages of 4 KiB. The rows of a large matrix lie on as many small pages, of which the processor
/// remembers too few places, but on few of these.
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 1 << 21;

/// Zeroed bytes on a cache line of their own.
#[derive(Debug)]
pub struct AlignedBytes {
    pointer: NonNull<u8>,
    layout: Layout,
}

// SAFETY: it owns its memory; access through a shared reference is by raw buffers, whose users synchronise.
unsafe impl Send for AlignedBytes {}
// SAFETY: as for Send.
unsafe impl Sync for AlignedBytes {}

impl AlignedBytes {
    pub const EMPTY: AlignedBytes = AlignedBytes {
        pointer: NonNull::<u64>::dangling().cast(),
        // SAFETY: 1 is a power of two, and nothing is allocated.
        layout: unsafe { Layout::from_size_align_unchecked(0, 1) },
    };

    /// So many zeroed bytes, unless the system has none.
    pub fn new(bytes: usize) -> Option<Self> {
        if bytes == 0 {
            return Some(Self::EMPTY);
        }
        let layout = Layout::from_size_align(bytes, alignment_of(bytes)).ok()?;
        // SAFETY: the layout has a size.
        let pointer = NonNull::new(unsafe { alloc(layout) })?;
        prefer_huge_pages(pointer, bytes);
        // SAFETY: it was allocated with so many bytes.
        unsafe { pointer.write_bytes(0, bytes) };
        Some(AlignedBytes { pointer, layout })
    }

    /// A copy, unless the system has no memory for it.
    pub fn copy_of(bytes: &[u8]) -> Option<Self> {
        let memory = AlignedBytes::new(bytes.len())?;
        // SAFETY: the memory is new, nobody else knows it.
        unsafe { memory.buffer().slice_mut::<u8>(0..bytes.len()) }.copy_from_slice(bytes);
        Some(memory)
    }

    pub fn len(&self) -> usize {
        self.layout.size()
    }

    /// All of it as a buffer for kernels, which must not outlive it.
    pub fn buffer(&self) -> Buffer {
        // SAFETY: the memory is valid for as long as `self`; whoever runs kernels over it holds the store's lock.
        unsafe { Buffer::new(self.pointer.as_ptr(), self.len()) }
    }
}

#[cfg(target_os = "linux")]
fn alignment_of(bytes: usize) -> usize {
    if bytes < HUGE_PAGE { ALIGNMENT } else { HUGE_PAGE }
}

#[cfg(not(target_os = "linux"))]
fn alignment_of(_bytes: usize) -> usize {
    ALIGNMENT
}

/// Asks the system for huge pages under memory of that alignment, which had better not be touched before.
#[cfg(target_os = "linux")]
fn prefer_huge_pages(memory: NonNull<u8>, bytes: usize) {
    let whole = bytes / HUGE_PAGE * HUGE_PAGE;
    if whole > 0 {
        // SAFETY: the pages are the caller's, and their contents stay. A system that refuses keeps the pages it has.
        unsafe { libc::madvise(memory.as_ptr().cast(), whole, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn prefer_huge_pages(_memory: NonNull<u8>, _bytes: usize) {}

impl Drop for AlignedBytes {
    fn drop(&mut self) {
        if self.len() > 0 {
            // SAFETY: it was allocated with this layout.
            unsafe { dealloc(self.pointer.as_ptr(), self.layout) };
        }
    }
}
