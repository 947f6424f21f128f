//! Sums of products as tiles compute them, but for their rounding and denormals, so that tests on machines without AMX check what lies
//! around them.

use super::{DEPTH, Layout, PANEL, ROWS, Steps, TILE};

/// The parts of A and B whose products are summed, in the order of the assembly.
const PRODUCTS: [&[(usize, usize)]; 3] =
    [&[(0, 0)], &[(1, 0), (0, 0), (0, 1)], &[(0, 2), (0, 1), (1, 1), (1, 0), (2, 0), (0, 0)]];

type Square = [[f32; PANEL]; PANEL];

/// As [`multiply`](super::multiply) with tiles.
///
/// # Safety
/// A, B and C are as they are there.
pub(super) unsafe fn multiply(
    parts: usize,
    a: *const f32,
    layout: &Layout,
    b: *const f32,
    steps: Steps,
    c: *mut f32,
) {
    let mut sums: Square = [[0.0; PANEL]; PANEL];
    for step in 0..steps.times * steps.count {
        let (time, place) = (step / steps.count, step % steps.count);
        let a = a.wrapping_byte_add(time * steps.next + place * layout.step);
        let b = b.wrapping_byte_add(step * 2 * parts * TILE);
        for &(part_a, part_b) in PRODUCTS[parts - 1] {
            // SAFETY: the tiles of this step and these parts, by the contract above.
            let (a, b) = unsafe {
                let a = a.byte_add(part_a * layout.part);
                let b = b.byte_add(part_b * 2 * TILE);
                (
                    square(|line, k| widened(a.byte_add(line * layout.row), k)),
                    square(|k, column| {
                        let tile = b.byte_add(column / ROWS * TILE);
                        widened(tile, k / 2 * DEPTH + column % ROWS * 2 + k % 2)
                    }),
                )
            };
            for (sums, a) in sums.iter_mut().zip(&a) {
                for (a, b) in a.iter().zip(&b) {
                    sums.iter_mut().zip(b).for_each(|(sum, b)| *sum += a * b);
                }
            }
        }
    }
    // SAFETY: the caller's.
    unsafe { c.cast::<Square>().write_unaligned(sums) };
}

fn square(element: impl Fn(usize, usize) -> f32) -> Square {
    std::array::from_fn(|row| std::array::from_fn(|column| element(row, column)))
}

/// A bf16 number.
///
/// # Safety
/// The place is valid for reads.
unsafe fn widened(from: *const f32, place: usize) -> f32 {
    // SAFETY: the caller's.
    let word = unsafe { from.cast::<u16>().add(place).read_unaligned() };
    f32::from_bits(u32::from(word) << 16)
}
