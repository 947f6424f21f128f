//! Where a reduction finds its elements: in memory, or in a chain of elementwise operations that it computes block by block.

use super::operation::Element;
use crate::Elementwise;
use crate::kernel::Buffer;

/// The elements of a reduction, by their place in the tensor.
pub(crate) trait Input<T> {
    /// Rows of `width` elements from `first` on, each `pitch` elements after the one before: a slice that begins with them, and
    /// its own pitch.
    fn rows(&mut self, first: usize, pitch: usize, count: usize, width: usize) -> (&[T], usize);

    /// Elements that follow one another.
    #[inline(always)]
    fn elements(&mut self, first: usize, count: usize) -> &[T] {
        &self.rows(first, count, 1, count).0[..count]
    }
}

impl<T: Element> Input<T> for &[T] {
    #[inline(always)]
    fn rows(&mut self, first: usize, pitch: usize, count: usize, width: usize) -> (&[T], usize) {
        (&self[first..first + (count - 1) * pitch + width], pitch)
    }
}

/// Elements in memory, of which others may be written while some are read.
#[derive(Clone, Copy)]
pub(super) struct Stored(Buffer);

impl Stored {
    /// # Safety
    /// Nobody writes the elements that are asked for while they are read, and any bits are valid ones.
    pub unsafe fn new(elements: Buffer) -> Self {
        Stored(elements)
    }
}

impl<T: Element> Input<T> for Stored {
    #[inline(always)]
    fn rows(&mut self, first: usize, pitch: usize, count: usize, width: usize) -> (&[T], usize) {
        let end = first + (count - 1) * pitch + width;
        // SAFETY: by the contract of `new`.
        (unsafe { self.0.part(first * size_of::<T>()..end * size_of::<T>()).slice() }, pitch)
    }
}

/// The results of a chain, which exist only while they are reduced.
pub(super) struct Computed<'a> {
    pub chain: &'a Elementwise,
    pub operands: &'a [Buffer],
    /// Room for the most elements that are asked for at once.
    pub values: &'a mut [f32],
    pub private: &'a mut [f32],
}

impl Input<f32> for Computed<'_> {
    fn rows(&mut self, first: usize, pitch: usize, count: usize, width: usize) -> (&[f32], usize) {
        // Rows without gaps are one.
        let (count, stretch) = if width == pitch { (1, count * width) } else { (count, width) };
        for row in 0..count {
            let values = &mut self.values[row * width..][..stretch];
            // SAFETY: the values are valid and borrowed for as long as the buffer lives, which is this call.
            let output = unsafe { Buffer::new(values.as_mut_ptr().cast(), size_of_val(values)) };
            let start = first + row * pitch;
            self.chain.compute(start..start + stretch, self.operands, output, self.private);
        }
        (self.values, width)
    }
}
