//! What is reduced by: associative operations on one element type.

/// An associative operation with an identity.
pub(crate) trait Operation<T> {
    const IDENTITY: T;

    fn combine(a: T, b: T) -> T;
}

/// The element types of reductions: any bits are a valid number of four bytes.
pub(crate) trait Element: Copy + PartialOrd + 'static {
    fn is_nan(self) -> bool;
}

impl Element for f32 {
    #[inline(always)]
    fn is_nan(self) -> bool {
        self.is_nan()
    }
}

impl Element for i32 {
    #[inline(always)]
    fn is_nan(self) -> bool {
        false
    }
}

/// The sum; integers wrap.
pub(crate) struct Sum;

/// The product; integers wrap.
pub(crate) struct Product;

/// The greatest; a NaN wins.
pub(crate) struct Max;

/// The least; a NaN wins.
pub(crate) struct Min;

impl Operation<f32> for Sum {
    const IDENTITY: f32 = 0.0;

    #[inline(always)]
    fn combine(a: f32, b: f32) -> f32 {
        a + b
    }
}

impl Operation<i32> for Sum {
    const IDENTITY: i32 = 0;

    #[inline(always)]
    fn combine(a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }
}

impl Operation<f32> for Product {
    const IDENTITY: f32 = 1.0;

    #[inline(always)]
    fn combine(a: f32, b: f32) -> f32 {
        a * b
    }
}

impl Operation<i32> for Product {
    const IDENTITY: i32 = 1;

    #[inline(always)]
    fn combine(a: i32, b: i32) -> i32 {
        a.wrapping_mul(b)
    }
}

impl Operation<f32> for Max {
    const IDENTITY: f32 = f32::NEG_INFINITY;

    #[inline(always)]
    fn combine(a: f32, b: f32) -> f32 {
        if (b > a) | b.is_nan() { b } else { a }
    }
}

impl Operation<i32> for Max {
    const IDENTITY: i32 = i32::MIN;

    #[inline(always)]
    fn combine(a: i32, b: i32) -> i32 {
        a.max(b)
    }
}

impl Operation<f32> for Min {
    const IDENTITY: f32 = f32::INFINITY;

    #[inline(always)]
    fn combine(a: f32, b: f32) -> f32 {
        if (b < a) | b.is_nan() { b } else { a }
    }
}

impl Operation<i32> for Min {
    const IDENTITY: i32 = i32::MAX;

    #[inline(always)]
    fn combine(a: i32, b: i32) -> i32 {
        a.min(b)
    }
}
