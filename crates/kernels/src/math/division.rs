//! Division with a remainder that has the sign of the divisor, as in Python.

use super::rounding::floor64;

/// The greatest integer that is not above x / y. By Python's rules for infinities; x / y where y is zero.
#[inline(always)]
pub fn floor_divide(x: f32, y: f32) -> f32 {
    let quotient = f64::from(x) / f64::from(y);
    let floor = floor64(quotient) as f32;
    // A finite number is a little less than none of an infinite one of the other sign.
    let of_infinity = if x * y < 0.0 { -1.0 } else { floor };
    let finite = if y.abs() == f32::INFINITY { of_infinity } else { floor };
    if x.abs() == f32::INFINITY && y != 0.0 { f32::NAN } else { finite }
}

/// What remains of x after the division, exactly but for the last rounding, with the sign of y; NaN where y is zero or x is infinite.
///
/// In f64, which holds remainders below the normal numbers of f32; by a call of fmod, so it is not vectorised.
#[inline(always)]
pub fn modulo(x: f32, y: f32) -> f32 {
    let (x, y) = (f64::from(x), f64::from(y));
    let remainder = x % y;
    let moved = if remainder * y < 0.0 { remainder + y } else { remainder };
    (if remainder == 0.0 { remainder.copysign(y) } else { moved }) as f32
}

/// The same for integers; 0 where y is 0, as in NumPy.
#[inline(always)]
pub fn floor_divide_i32(x: i32, y: i32) -> i32 {
    let divisor = if y == 0 { 1 } else { y };
    let (quotient, remainder) = (x.wrapping_div(divisor), x.wrapping_rem(divisor));
    let floor = quotient.wrapping_sub((remainder != 0 && (remainder < 0) != (y < 0)) as i32);
    if y == 0 { 0 } else { floor }
}

/// The same for integers; 0 where y is 0, as in NumPy.
#[inline(always)]
pub fn modulo_i32(x: i32, y: i32) -> i32 {
    let divisor = if y == 0 { 1 } else { y };
    let remainder = x.wrapping_rem(divisor);
    if remainder != 0 && (remainder < 0) != (divisor < 0) { remainder + divisor } else { remainder }
}

/// The oracle of [`floor_divide`].
pub(crate) fn floor_divide_f64(x: f64, y: f64) -> f64 {
    let remainder = x % y;
    if y == 0.0 {
        return x / y;
    }
    if y.is_infinite() && x.is_finite() {
        let below = x != 0.0 && x.is_sign_negative() != y.is_sign_negative();
        return if below { -1.0 } else { (x / y).floor() };
    }
    if remainder.is_nan() { f64::NAN } else { (x / y).floor() }
}

/// The oracle of [`modulo`].
pub(crate) fn modulo_f64(x: f64, y: f64) -> f64 {
    let remainder = x % y;
    if remainder == 0.0 {
        0f64.copysign(y)
    } else if remainder.is_sign_negative() != y.is_sign_negative() {
        remainder + y
    } else {
        remainder
    }
}
