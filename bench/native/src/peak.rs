//! Loops of nothing but multiply-adds: the rates that no kernel can exceed.

use std::hint::black_box;

use layerwise_kernels::Isa;

/// Independent chains, enough to hide the latency of a multiply-add on two units.
const CHAINS: usize = 12;

/// Takes so many steps.
///
/// Unsafe because the machine must have the instruction set.
type Loop = unsafe fn(usize);

/// A loop over registers, of an instruction set that the machine has.
pub struct Peak {
    pub name: &'static str,
    run: Loop,
    flops_per_step: usize,
}

impl Peak {
    /// Multiply-adds of f32 on an instruction set that the machine has. Matrix units multiply other types, so `amx` has the
    /// loop of its vectors.
    pub fn of(isa: Isa) -> Peak {
        assert!(isa.is_available(), "the machine has the instruction set");
        let peak = |name, run, lanes: usize| Peak { name, run, flops_per_step: 2 * CHAINS * lanes };
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 | Isa::Amx => peak("avx512", x86_64::avx512 as Loop, 16),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => peak("avx2", x86_64::avx2, 8),
            _ => peak("portable", portable, 4),
        }
    }

    /// Every loop that the machine can run.
    pub fn all() -> Vec<Peak> {
        let vectors = Isa::available().into_iter().filter(|&isa| isa != Isa::Amx);
        let mut peaks: Vec<Peak> = vectors.map(Peak::of).collect();
        #[cfg(target_arch = "x86_64")]
        if Isa::Avx512.is_available() && is_x86_feature_detected!("avx512bf16") {
            let flops_per_step = 2 * CHAINS * 32;
            peaks.push(Peak { name: "avx512-bf16", run: x86_64::avx512_bf16, flops_per_step });
        }
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if Isa::Amx.is_available() {
            // The permission to use it was given when it was found.
            peaks.push(Peak { name: "amx-bf16", run: x86_64::amx, flops_per_step: x86_64::AMX_FLOPS });
        }
        peaks
    }

    /// Runs for some ten microseconds and returns how many flops that were.
    pub fn run(&self) -> usize {
        const STEPS: usize = 10_000;
        // SAFETY: the machine has the instruction set, as `of` asserts and `all` asks.
        unsafe { (self.run)(STEPS) };
        STEPS * self.flops_per_step
    }
}

fn portable(steps: usize) {
    let mut sums = [[1.0f32; 4]; CHAINS];
    let half = black_box([0.5f32; 4]);
    for _ in 0..steps {
        for sum in &mut sums {
            for lane in 0..4 {
                sum[lane] = sum[lane] * half[lane] + half[lane];
            }
        }
    }
    black_box(sums);
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::CHAINS;
    use std::arch::x86_64::*;
    use std::hint::black_box;

    #[target_feature(enable = "avx512f")]
    pub fn avx512(steps: usize) {
        let mut sums = [_mm512_set1_ps(1.0); CHAINS];
        let half = black_box(_mm512_set1_ps(0.5));
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(*sum, half, half);
            }
        }
        black_box(sums);
    }

    /// Each lane adds the products of two pairs of bf16 numbers.
    #[target_feature(enable = "avx512f,avx512bf16")]
    pub fn avx512_bf16(steps: usize) {
        let mut sums = [_mm512_set1_ps(1.0); CHAINS];
        let halves = _mm512_set1_ps(0.5);
        let halves = black_box(_mm512_cvtne2ps_pbh(halves, halves));
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm512_dpbf16_ps(*sum, halves, halves);
            }
        }
        black_box(sums);
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn avx2(steps: usize) {
        let mut sums = [_mm256_set1_ps(1.0); CHAINS];
        let half = black_box(_mm256_set1_ps(0.5));
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, half, half);
            }
        }
        black_box(sums);
    }

    /// Four products of 16 × 32 by 32 × 16 numbers.
    #[cfg(target_os = "linux")]
    pub const AMX_FLOPS: usize = 4 * 2 * 16 * 32 * 16;

    /// Tile products into four tiles.
    ///
    /// # Safety
    /// The process may use AMX.
    #[cfg(target_os = "linux")]
    pub unsafe fn amx(steps: usize) {
        // Palette 1: each of the eight tiles has 16 rows of 64 bytes.
        let mut configuration = [0u8; 64];
        configuration[0] = 1;
        for tile in 0..8 {
            configuration[16 + 2 * tile] = 64;
            configuration[48 + tile] = 16;
        }
        // SAFETY: the configuration is valid, no tile is loaded from memory, and the tiles are released again.
        unsafe {
            std::arch::asm!(
                "ldtilecfg [{configuration}]",
                "tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
                "tilezero tmm4", "tilezero tmm5", "tilezero tmm6", "tilezero tmm7",
                "2:",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "dec {steps}",
                "jnz 2b",
                "tilerelease",
                configuration = in(reg) configuration.as_ptr(),
                steps = inout(reg) steps => _,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack, readonly),
            );
        }
    }
}
