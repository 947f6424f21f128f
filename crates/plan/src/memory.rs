//! Aligned memory whose allocation can fail without ending the process.

use std::alloc::{Layout, dealloc};
use std::ptr::NonNull;

use layerwise_kernels::Buffer;

use crate::arena::ALIGNMENT;

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
        let (pointer, layout) = allocate(bytes)?;
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

/// Zeroed memory, one byte or more. Much of it lies on huge pages where the system has them: the rows of a large matrix lie on as many small
/// pages, of which the processor remembers too few places.
#[cfg(target_os = "linux")]
fn allocate(bytes: usize) -> Option<(NonNull<u8>, Layout)> {
    /// Of x86-64, and of arm64 with pages of 4 KiB.
    const HUGE_PAGE: usize = 1 << 21;
    let alignment = if bytes < HUGE_PAGE { ALIGNMENT } else { HUGE_PAGE };
    let layout = Layout::from_size_align(bytes, alignment).ok()?;
    // SAFETY: the layout has a size, and the pages and bytes are those that were allocated. A system that refuses keeps small pages.
    unsafe {
        let pointer = NonNull::new(std::alloc::alloc(layout))?;
        if bytes >= HUGE_PAGE {
            // Before the first touch, which brings the pages.
            libc::madvise(pointer.as_ptr().cast(), bytes / HUGE_PAGE * HUGE_PAGE, libc::MADV_HUGEPAGE);
        }
        pointer.write_bytes(0, bytes);
        Some((pointer, layout))
    }
}

/// Zeroed memory, one byte or more.
#[cfg(not(target_os = "linux"))]
fn allocate(bytes: usize) -> Option<(NonNull<u8>, Layout)> {
    let layout = Layout::from_size_align(bytes, ALIGNMENT).ok()?;
    // SAFETY: the layout has a size.
    let pointer = NonNull::new(unsafe { std::alloc::alloc_zeroed(layout) })?;
    Some((pointer, layout))
}

impl Drop for AlignedBytes {
    fn drop(&mut self) {
        if self.len() > 0 {
            // SAFETY: it was allocated with this layout.
            unsafe { dealloc(self.pointer.as_ptr(), self.layout) };
        }
    }
}
