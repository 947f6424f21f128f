/// √(x² + y²) in f64 lanes, where no square overflows; infinite where either is, even beside NaN.
#[inline(always)]
pub fn hypot(x: f32, y: f32) -> f32 {
    let (wide, high) = (f64::from(x), f64::from(y));
    let finite = (wide * wide + high * high).sqrt() as f32;
    if x.abs() == f32::INFINITY || y.abs() == f32::INFINITY { f32::INFINITY } else { finite }
}
