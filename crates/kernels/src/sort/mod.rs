//! Orders, and searches in what is ordered.

mod argsort;
mod searchsorted;

pub use argsort::Argsort;
pub use searchsorted::Searchsorted;

/// Every element and every index has four bytes.
const BYTES: usize = 4;

/// The elements of orders: their keys compare as they do, with all NaN greater than any number and equal, and zeros equal.
trait Ordered: Copy {
    fn key(self) -> u32;
}

const SIGN: u32 = 1 << 31;

impl Ordered for i32 {
    #[inline(always)]
    fn key(self) -> u32 {
        self.cast_unsigned() ^ SIGN
    }
}

impl Ordered for f32 {
    #[inline(always)]
    fn key(self) -> u32 {
        let bits = self.to_bits();
        if bits & !SIGN > f32::INFINITY.to_bits() {
            u32::MAX
        } else if bits & SIGN != 0 && bits != SIGN {
            !bits
        } else {
            bits | SIGN
        }
    }
}

#[cfg(test)]
mod tests;
