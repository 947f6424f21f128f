//! Code that names an instruction set: everything else is generic.

mod portable;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86_64;

/// The f32 elements of a cache line.
pub(crate) const CACHE_LINE: usize = 16;

pub(crate) use portable::Portable8;
pub(crate) use vector::{Lanes, MAX_LANES, Task, Vector};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::{Avx2x8, Avx512x16, Group, amx};
