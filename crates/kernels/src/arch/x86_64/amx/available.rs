//! Whether the processor and the operating system let this process use AMX.

use std::sync::OnceLock;

/// Tests have tiles in software on machines that lack them.
pub(crate) fn is_available() -> bool {
    is_x86_feature_detected!("avx512bf16") && (cfg!(test) || tiles_are_available())
}

/// Asks once per process: Linux grants the use of tile registers on request (Documentation/arch/x86/xstate.rst).
pub(crate) fn tiles_are_available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| has_tiles() && permitted())
}

/// Whether the processor multiplies bf16 tiles (CPUID leaf 7: EDX bits 22 and 24) and the system saves their state
/// (XCR0 bits 17 and 18).
fn has_tiles() -> bool {
    use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};

    #[target_feature(enable = "xsave")]
    fn saved_state() -> u64 {
        // SAFETY: register 0 exists wherever XGETBV does.
        unsafe { _xgetbv(0) }
    }

    if !is_x86_feature_detected!("xsave") || __cpuid(0).eax < 7 {
        return false;
    }
    let features = __cpuid_count(7, 0).edx;
    // SAFETY: the processor has XSAVE, and with AVX detected the system uses it.
    let saved = unsafe { saved_state() };
    features & (1 << 22) != 0 && features & (1 << 24) != 0 && saved >> 17 & 3 == 3
}

#[cfg(target_os = "linux")]
fn permitted() -> bool {
    use std::arch::asm;

    const ARCH_PRCTL: u64 = 158;
    const ARCH_REQ_XCOMP_PERM: u64 = 0x1023;
    const XFEATURE_XTILEDATA: u64 = 18;
    let mut result = ARCH_PRCTL;
    // SAFETY: this system call changes a permission of the process and touches no memory of ours.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") result,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XFEATURE_XTILEDATA,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result == 0
}

#[cfg(not(target_os = "linux"))]
fn permitted() -> bool {
    false
}
