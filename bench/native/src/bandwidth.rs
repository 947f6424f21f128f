//! How fast memory of some size is read, written and copied.

use std::fs;
use std::hint::black_box;

use layerwise_kernels::Isa;

/// A part of the memory hierarchy, and how much memory each thread walks to stay within it.
pub struct Level {
    pub name: &'static str,
    pub bytes: usize,
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

impl Level {
    /// The caches that Linux reports, elsewhere those of a usual core, for so many threads.
    pub fn all(threads: usize) -> Vec<Level> {
        let l1 = cache(1).unwrap_or(32 * KIB);
        let l2 = cache(2).unwrap_or(MIB);
        let l3 = cache(3).unwrap_or(16 * MIB).max(4 * l2);
        // Guests see the whole of a cache that they share with others: an eighth of it at most is theirs.
        let l3_part = (l3 / 8).clamp(2 * l2, 32 * MIB);
        let memory = (2 * l3).clamp(256 * MIB, 1024 * MIB);
        vec![
            Level { name: "L1", bytes: l1 / 2 },
            Level { name: "L2", bytes: l2 / 2 },
            Level { name: "L3", bytes: l3_part / threads },
            Level { name: "memory", bytes: memory / threads },
        ]
    }
}

/// The data cache of a level of the first core, in bytes.
fn cache(level: u32) -> Option<usize> {
    (0..8).find_map(|index| {
        let read = |file: &str| {
            fs::read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{file}")).ok()
        };
        let is_it = read("level")?.trim() == level.to_string() && read("type")?.trim() != "Instruction";
        let kib = read("size")?.trim().strip_suffix('K')?.parse::<usize>().ok()?;
        is_it.then_some(kib * KIB)
    })
}

#[derive(Clone, Copy)]
pub enum Access {
    Read,
    Write,
    /// Half of the memory to the other half.
    Copy,
}

impl Access {
    pub const ALL: [Access; 3] = [Access::Read, Access::Write, Access::Copy];

    pub fn name(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::Write => "write",
            Access::Copy => "copy",
        }
    }

    /// Walks the memory once.
    pub fn walk(self, memory: &mut [u64], isa: Isa) {
        match isa {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the instruction set comes from those of the machine.
            Isa::Avx512 | Isa::Amx => unsafe { self.walk_avx512(memory) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the instruction set comes from those of the machine.
            Isa::Avx2 => unsafe { self.walk_avx2(memory) },
            _ => self.walk_lines(memory),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn walk_avx512(self, memory: &mut [u64]) {
        self.walk_lines(memory);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn walk_avx2(self, memory: &mut [u64]) {
        self.walk_lines(memory);
    }

    #[inline(always)]
    fn walk_lines(self, memory: &mut [u64]) {
        match self {
            Access::Read => {
                black_box(memory.iter().fold(0, |sum, word| sum ^ word));
            }
            Access::Write => {
                // A value that the compiler does not know: zeros would become a call of memset.
                let value = black_box(1);
                memory.iter_mut().for_each(|word| *word = value);
                black_box(memory);
            }
            Access::Copy => {
                let half = memory.len() / 2;
                let (from, to) = memory.split_at_mut(half);
                // What is written differs from what is read: else it would be a call of memcpy, which goes past the caches.
                for (to, from) in to.iter_mut().zip(from.iter()) {
                    *to = from.wrapping_add(1);
                }
                black_box(to);
            }
        }
    }
}
