//! Generic loops compiled once for every instruction set.

use crate::Isa;
use crate::arch::{Portable8, Task, Vector};
use crate::lanes::{Arithmetic, Portable};

#[cfg(target_arch = "x86_64")]
use crate::arch::{Avx2x8, Avx512x16};
#[cfg(target_arch = "x86_64")]
use crate::lanes::Fused;

/// A loop that the compiler vectorises for whatever instruction set it is compiled for.
///
/// `run` and whatever it calls must be `#[inline(always)]`: only then does the code end up inside the function that
/// switches the instruction set on.
pub(crate) trait Loop {
    type Output;

    fn run<I: Arithmetic>(self) -> Self::Output;
}

/// An instruction set that this machine is known to have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target(Isa);

impl Target {
    /// # Panics
    /// When the machine does not have it.
    pub fn new(isa: Isa) -> Self {
        assert!(isa.is_available(), "the machine has the instruction set");
        Target(isa)
    }

    #[inline]
    pub fn run<L: Loop>(self, work: L) -> L::Output {
        match self.0.vectors() {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` found the instruction set on this machine.
            Isa::Avx2 => unsafe { avx2(work) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Isa::Avx512 => unsafe { avx512(work) },
            _ => work.run::<Portable>(),
        }
    }

    /// Runs a task with its vectors.
    ///
    /// # Safety
    /// What the task does with its pointers is sound.
    #[inline]
    pub unsafe fn enter<T: Task>(self, task: T) {
        // SAFETY: the caller's; `new` found the instruction set on this machine.
        unsafe {
            match self.0.vectors() {
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => Avx2x8::enter(task),
                #[cfg(target_arch = "x86_64")]
                Isa::Avx512 => Avx512x16::enter(task),
                _ => Portable8::enter(task),
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<L: Loop>(work: L) -> L::Output {
    work.run::<Fused>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<L: Loop>(work: L) -> L::Output {
    work.run::<Fused>()
}
