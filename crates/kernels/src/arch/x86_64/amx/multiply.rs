//! Products of panels of bf16 parts.

use super::{PANEL, ROWS, TILE};
use std::arch::asm;

/// The thread's tiles are configured while it lives: all eight of 16 rows of 64 bytes.
pub(crate) struct Configured(());

/// What LDTILECFG reads: palette 1, then the bytes of a row and the rows of each tile.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

static CONFIGURATION: Configuration = Configuration {
    palette: 1,
    start_row: 0,
    reserved: [0; 14],
    row_bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

impl Configured {
    /// # Safety
    /// The machine has AMX and the process may use it.
    pub unsafe fn new() -> Self {
        #[cfg(test)]
        if !super::tiles_are_available() {
            return Configured(());
        }
        // SAFETY: reads the 64 bytes of the configuration; no compiled code keeps anything in tiles.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &CONFIGURATION, options(nostack, preserves_flags)) };
        Configured(())
    }
}

impl Drop for Configured {
    fn drop(&mut self) {
        #[cfg(test)]
        if !super::tiles_are_available() {
            return;
        }
        // SAFETY: whoever made this has AMX. Released tiles need not be saved when the thread leaves its core.
        unsafe { asm!("tilerelease", options(nostack, preserves_flags, nomem)) };
    }
}

/// The four products of the tiles that are loaded: two of A in tmm4 and tmm5, two of B in tmm6 and tmm7.
macro_rules! products {
    () => {
        "tdpbf16ps tmm0, tmm4, tmm6
         tdpbf16ps tmm1, tmm4, tmm7
         tdpbf16ps tmm2, tmm5, tmm6
         tdpbf16ps tmm3, tmm5, tmm7
         "
    };
}

/// Where the tiles of a panel lie, in bytes. The second tile of a part has the rows that follow the first one's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// From one row to the next.
    pub row: usize,
    /// From one part to the next.
    pub part: usize,
    /// From one step along k to the next.
    pub step: usize,
}

impl Layout {
    /// Tile after tile, as a panel of B of so many parts is read.
    pub const fn packed(parts: usize) -> Self {
        Layout { row: TILE / ROWS, part: 2 * TILE, step: 2 * parts * TILE }
    }
}

/// The tiles along k of a sum of products: some that follow one another, and that several times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    /// At least one, at least once.
    pub count: usize,
    pub times: usize,
    /// From one time to the next in A, in bytes. Those of B all follow one another.
    pub next: usize,
}

impl Steps {
    /// So many that follow one another.
    pub const fn of(count: usize) -> Self {
        Steps { count, times: 1, next: 0 }
    }
}

/// Loads both tiles of a part of A, or of B, where a step's parts follow one another.
macro_rules! load {
    (a, high) => {
        load!(a, "lea {place}, [{a}]")
    };
    (a, middle) => {
        load!(a, "lea {place}, [{a} + {part}]")
    };
    (a, low) => {
        load!(a, "lea {place}, [{a} + 2*{part}]")
    };
    (a, $place:literal) => {
        concat!(
            $place,
            "
            tileloadd tmm4, [{place} + {row_a}]
            lea {place}, [{place} + 8*{row_a}]
            lea {place}, [{place} + 8*{row_a}]
            tileloadd tmm5, [{place} + {row_a}]
            "
        )
    };
    (b, high) => {
        load!("0", "1024")
    };
    (b, middle) => {
        load!("2048", "3072")
    };
    (b, low) => {
        load!("4096", "5120")
    };
    ($first:literal, $second:literal) => {
        concat!(
            "tileloadd tmm6, [{b} + {row_b} + ",
            $first,
            "]
            tileloadd tmm7, [{b} + {row_b} + ",
            $second,
            "]
            "
        )
    };
}

/// A function that sums the products of so many parts over all steps along k, with the assembly of a step.
macro_rules! sum_products {
    ($name:ident, $parts:literal, [$($part:ident)?], $($step:expr),*) => {
        /// # Safety
        /// As for [`multiply`].
        unsafe fn $name(a: *const f32, layout: &Layout, b: *const f32, steps: Steps, c: *mut f32) {
            // SAFETY: by the contract of `multiply`. Every tile is written before it is read.
            unsafe {
                asm!(
                    "tilezero tmm0
                     tilezero tmm1
                     tilezero tmm2
                     tilezero tmm3
                     3:
                     mov {left}, {count}
                     2:",
                    concat!($($step),*),
                    "add {a}, {step_a}
                     add {b}, {step_b}
                     dec {left}
                     jnz 2b
                     add {a}, {skip}
                     dec {times}
                     jnz 3b
                     tilestored [{c} + 2*{row_b}], tmm0
                     tilestored [{c} + 2*{row_b} + 64], tmm1
                     tilestored [{c} + 2*{row_b} + {half}], tmm2
                     tilestored [{c} + 2*{row_b} + {half} + 64], tmm3",
                    a = inout(reg) a => _,
                    b = inout(reg) b => _,
                    count = in(reg) steps.count,
                    left = out(reg) _,
                    times = inout(reg) steps.times => _,
                    skip = in(reg) steps.next.wrapping_sub(steps.count * layout.step),
                    c = in(reg) c,
                    row_a = in(reg) layout.row,
                    $($part = in(reg) layout.part,)?
                    step_a = in(reg) layout.step,
                    // A row of C is twice as long.
                    row_b = in(reg) TILE / ROWS,
                    step_b = const 2 * $parts * TILE,
                    place = out(reg) _,
                    half = const ROWS * PANEL * size_of::<f32>(),
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                    options(nostack),
                );
            }
        }
    };
}

sum_products!(one_part, 1, [], load!(a, high), load!(b, high), products!());

// Small products first, and one operand loaded between two of them.
sum_products!(
    two_parts,
    2,
    [part],
    load!(a, middle),
    load!(b, high),
    products!(),
    load!(a, high),
    products!(),
    load!(b, middle),
    products!()
);

sum_products!(
    three_parts,
    3,
    [part],
    load!(a, high),
    load!(b, low),
    products!(),
    load!(b, middle),
    products!(),
    load!(a, middle),
    products!(),
    load!(b, high),
    products!(),
    load!(a, low),
    products!(),
    load!(a, high),
    products!()
);

/// C = A · B for a panel of A and a panel of B of so many parts, over some steps along k. C has [`PANEL`] rows and columns, without
/// gaps.
///
/// # Safety
/// The machine has AMX and this thread's tiles are [`Configured`]; the tiles of A lie as the layout has them, B is packed, both with
/// so many parts and steps, and C is valid for writes.
pub(crate) unsafe fn multiply(
    parts: usize,
    a: *const f32,
    layout: &Layout,
    b: *const f32,
    steps: Steps,
    c: *mut f32,
) {
    debug_assert!(steps.count > 0 && steps.times > 0);
    #[cfg(test)]
    if !super::tiles_are_available() {
        // SAFETY: the caller's.
        return unsafe { super::software::multiply(parts, a, layout, b, steps, c) };
    }
    // SAFETY: the caller's.
    unsafe {
        match parts {
            1 => one_part(a, layout, b, steps, c),
            2 => two_parts(a, layout, b, steps, c),
            _ => three_parts(a, layout, b, steps, c),
        }
    }
}
