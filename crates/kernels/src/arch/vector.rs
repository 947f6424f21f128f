//! A vector of f32 lanes, which generic kernels are written with.

/// The most lanes that any [`Vector`] has.
pub(crate) const MAX_LANES: usize = 16;

/// Work that is compiled once for every kind of vector.
///
/// `run` and whatever it calls on vectors must be `#[inline(always)]`: only then does the code end up inside
/// [`Vector::enter`], where the instruction set is switched on.
pub(crate) trait Task {
    /// # Safety
    /// What the task does with its pointers is sound, and it runs inside `V::enter`.
    unsafe fn run<V: Vector>(self);
}

/// The f32 lanes of one register of an instruction set.
///
/// # Safety
/// Every method but `LANES` needs a machine that has the instruction set, and memory valid for the lanes it
/// names; none needs alignment.
pub(crate) trait Vector: Copy + 'static {
    const LANES: usize;
    /// Whether a sum of products asks for its rows ahead. It pays where vectors are long; with 8 lanes it only takes up load slots (measured:
    /// 2 % of a matrix product, 3 % of a convolution, 5 to 8 % of its gradient by the kernel).
    const ASKS_AHEAD: bool;
    /// The first lanes of a vector, any number of them up to all.
    type Mask: Copy;

    /// Runs a task in a function that is compiled for the instruction set.
    unsafe fn enter<T: Task>(task: T);

    unsafe fn mask(count: usize) -> Self::Mask;
    unsafe fn zero() -> Self;
    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    /// Loads the lanes of the mask and touches no other memory; the other lanes are zero.
    unsafe fn load_masked(from: *const f32, mask: Self::Mask) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// Stores the lanes of the mask and touches no other memory.
    unsafe fn store_masked(self, to: *mut f32, mask: Self::Mask);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn subtract(self, other: Self) -> Self;
    /// `self * factor + addend`, rounded once where the instruction set can.
    unsafe fn multiply_add(self, factor: Self, addend: Self) -> Self;
    /// `0 > x ? 0 : x` in every lane, so NaN stays NaN.
    unsafe fn relu(self) -> Self;
    /// Asks for the cache line of an address, which need not be valid, in the L1 cache.
    unsafe fn prefetch(address: *const f32);
    /// The same in the L2 cache.
    unsafe fn prefetch_next(address: *const f32);
    /// Transposes the square of the first `LANES` vectors.
    unsafe fn transpose(square: &mut [Self; MAX_LANES]);
}

/// The lanes of whole vectors, or else the first ones of a vector.
#[derive(Clone, Copy)]
pub(crate) struct Lanes<V: Vector, const WHOLE: bool>(V::Mask);

impl<V: Vector, const WHOLE: bool> Lanes<V, WHOLE> {
    /// So many, or all.
    ///
    /// # Safety
    /// As for the methods of [`Vector`]; so is the memory of the others.
    #[inline(always)]
    pub unsafe fn new(count: usize) -> Self {
        // SAFETY: the caller's.
        Lanes(unsafe { V::mask(count.min(V::LANES)) })
    }

    #[inline(always)]
    pub unsafe fn load(self, from: *const f32) -> V {
        // SAFETY: the caller's.
        unsafe { if WHOLE { V::load(from) } else { V::load_masked(from, self.0) } }
    }

    #[inline(always)]
    pub unsafe fn store(self, lanes: V, to: *mut f32) {
        // SAFETY: the caller's.
        unsafe { if WHOLE { lanes.store(to) } else { lanes.store_masked(to, self.0) } }
    }
}
