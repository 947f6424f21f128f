//! Code that names an instruction set: everything else is generic.

mod portable;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86_64;

/// The f32 elements of a cache line.
pub(crate) const CACHE_LINE: usize = 16;

pub(crate) use portable::Portable8;
pub(crate) use vector::{MAX_LANES, Task, Vector};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::{Avx2x8, Avx512x16, amx};

/// Runs a task with the vectors of an instruction set.
///
/// # Safety
/// The machine has the instruction set, and as for [`Task::run`].
pub(crate) unsafe fn with_vectors<T: Task>(isa: crate::Isa, task: T) {
    // SAFETY: the caller's.
    unsafe {
        match isa.vectors() {
            #[cfg(target_arch = "x86_64")]
            crate::Isa::Avx512 => Avx512x16::enter(task),
            #[cfg(target_arch = "x86_64")]
            crate::Isa::Avx2 => Avx2x8::enter(task),
            _ => Portable8::enter(task),
        }
    }
}
