//! What every planned instruction is to the executor: phases of chunks over raw buffers.

use std::fmt;
use std::ops::Range;

/// One planned instruction: how much work it is, and how to do one chunk of it.
///
/// The number of chunks follows from the shape and the instruction set alone, never from the number of
/// threads, so the result has the same bits for any team.
pub trait Kernel: Send + Sync + fmt::Debug {
    /// The name under which plans and profiles list the kernel.
    fn name(&self) -> &'static str;

    /// Chunks in each phase. A phase begins when every chunk of the one before is complete.
    fn phases(&self) -> &[u32];

    /// The work of the whole instruction, from which the executor decides whether threads pay.
    fn cost(&self) -> Cost;

    /// Working memory beyond the operands.
    fn scratch(&self) -> Scratch {
        Scratch::default()
    }

    /// Whether `output` may be the same memory as `input`.
    fn may_alias(&self, _output: usize, _input: usize) -> bool {
        false
    }

    /// The elements that a chunk writes of every output, if they follow one another and are the same of all. Nobody writes them
    /// before or after.
    fn written(&self, _phase: u32, _chunk: u32) -> Option<Range<usize>> {
        None
    }

    /// Does one chunk of one phase. `private` holds `scratch().private` elements and belongs to the calling thread.
    fn run(
        &self,
        phase: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError>;
}

/// The arithmetic and the memory traffic of an instruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    pub flops: u64,
    pub bytes: u64,
}

/// Working memory in f32 elements: shared by all threads for one instruction, and private to each thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scratch {
    pub shared: usize,
    pub private: usize,
}

impl Scratch {
    /// # Panics
    /// When an instruction is given less.
    pub(crate) fn require(&self, operands: &Operands<'_>, private: &[f32]) {
        let shared = operands.shared.elements::<f32>();
        assert!(shared >= self.shared && private.len() >= self.private, "the scratch has its size");
    }
}

/// What can go wrong inside a kernel for reasons that only the data can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KernelError {
    IndexOutOfRange { op: &'static str, index: i64, size: i64 },
}

/// The memory that an instruction reads and writes.
#[derive(Clone, Copy, Debug)]
pub struct Operands<'a> {
    pub inputs: &'a [Buffer],
    pub outputs: &'a [Buffer],
    pub shared: Buffer,
    /// Others with an element for each that is written, which are read at the same places right after a chunk: a kernel that is bound by
    /// arithmetic may ask for them meanwhile.
    pub ahead: &'a [Buffer],
}

impl Operands<'_> {
    /// # Panics
    /// When there is no input of that number, or it has not so many numbers.
    pub(crate) fn require_input(&self, index: usize, elements: usize, what: &str) {
        let found = self.inputs.get(index).map(Buffer::elements::<f32>);
        assert_eq!(found, Some(elements), "the elements of {what}");
    }

    /// # Panics
    /// When there is no output, or the first has not so many numbers.
    pub(crate) fn require_output(&self, elements: usize, what: &str) {
        let found = self.outputs.first().map(Buffer::elements::<f32>);
        assert_eq!(found, Some(elements), "the elements of {what}");
    }
}

/// A stretch of memory that several threads may use at once, each within the elements of its own chunk.
///
/// JavaScript memory is aligned to 8 bytes only, so vector code loads and stores unaligned.
#[derive(Clone, Copy, Debug)]
pub struct Buffer {
    pointer: *mut u8,
    bytes: usize,
}

// SAFETY: a buffer is an address; `Buffer::new` puts the duty to share it soundly on its caller.
unsafe impl Send for Buffer {}
// SAFETY: as for Send.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// A buffer of nothing, for kernels without shared scratch.
    pub const EMPTY: Buffer = Buffer { pointer: std::ptr::dangling_mut::<u64>().cast(), bytes: 0 };

    /// # Safety
    /// `pointer` is valid for reads and writes of `bytes` bytes while any copy of the buffer is used, is aligned to
    /// its elements, and nobody else writes there meanwhile.
    pub unsafe fn new(pointer: *mut u8, bytes: usize) -> Self {
        Buffer { pointer, bytes }
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of whole elements of type `T`.
    pub fn elements<T>(&self) -> usize {
        self.bytes / size_of::<T>()
    }

    pub fn pointer<T>(&self) -> *mut T {
        debug_assert!(self.pointer.cast::<T>().is_aligned());
        self.pointer.cast()
    }

    /// Part of the buffer as a buffer, for instance one matrix of a batch.
    ///
    /// # Panics
    /// When the range leaves the buffer.
    pub fn part(&self, bytes: Range<usize>) -> Buffer {
        assert!(bytes.start <= bytes.end && bytes.end <= self.bytes, "a part lies within its buffer");
        // SAFETY: the start lies within the buffer, as asserted above.
        Buffer { pointer: unsafe { self.pointer.add(bytes.start) }, bytes: bytes.end - bytes.start }
    }

    /// Whether two buffers share memory.
    pub fn overlaps(&self, other: &Buffer) -> bool {
        let (start, other_start) = (self.pointer.addr(), other.pointer.addr());
        start < other_start + other.bytes && other_start < start + self.bytes
    }

    /// All elements, to read.
    ///
    /// # Safety
    /// Every bit pattern of `T` is valid, and nobody writes these elements while the slice lives.
    pub unsafe fn slice<'a, T>(&self) -> &'a [T] {
        // SAFETY: valid memory by the contract of `new`, not written by the contract above.
        unsafe { std::slice::from_raw_parts(self.pointer(), self.elements::<T>()) }
    }

    /// The elements of `range`, to write.
    ///
    /// # Safety
    /// Every bit pattern of `T` is valid, and nobody else touches these elements while the slice lives.
    ///
    /// # Panics
    /// When the range leaves the buffer.
    pub unsafe fn slice_mut<'a, T>(&self, range: Range<usize>) -> &'a mut [T] {
        assert!(
            range.start <= range.end && range.end <= self.elements::<T>(),
            "a range lies within its buffer"
        );
        // SAFETY: within valid memory as asserted, and exclusive by the contract above.
        unsafe {
            std::slice::from_raw_parts_mut(self.pointer::<T>().add(range.start), range.end - range.start)
        }
    }
}

/// Requires that memory can have so many bytes: the product of the factors, of which those that are zero count as one, so
/// that products of some of them fit as well.
///
/// # Panics
/// When it cannot.
pub(crate) fn require_size(factors: &[usize]) {
    let size = factors.iter().try_fold(1usize, |size, &factor| size.checked_mul(factor.max(1)));
    assert!(size.is_some_and(|size| size <= isize::MAX as usize), "a size fits");
}
