/// The greater of two numbers, +0 above -0; NaN if either is NaN.
#[inline(always)]
pub fn maximum(x: f32, y: f32) -> f32 {
    let greater = if x > y { x } else { y };
    // Equal numbers have equal bits, but for zeros: there the sign bit must be in both.
    let ordered = if x == y { f32::from_bits(x.to_bits() & y.to_bits()) } else { greater };
    if x.is_nan() || y.is_nan() { x + y } else { ordered }
}

/// The lesser of two numbers, -0 below +0; NaN if either is NaN.
#[inline(always)]
pub fn minimum(x: f32, y: f32) -> f32 {
    let lesser = if x < y { x } else { y };
    let ordered = if x == y { f32::from_bits(x.to_bits() | y.to_bits()) } else { lesser };
    if x.is_nan() || y.is_nan() { x + y } else { ordered }
}

/// The greater of two numbers in f64, the oracle of the f32 one.
pub(crate) fn maximum_f64(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        f64::NAN
    } else if x == y {
        if x.is_sign_positive() { x } else { y }
    } else {
        x.max(y)
    }
}
