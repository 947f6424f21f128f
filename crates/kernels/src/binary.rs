//! Elementwise operations of two operands of one type: one line each.

use crate::lanes::formulas;

/// A list of f32 operations. A line ends in the f64 oracle that defines the true value, and in the error bound in ulp.
macro_rules! binary {
    (($x:ident, $y:ident) $($variant:ident, $name:literal, $flops:literal, $formula:expr, $oracle:expr, $bound:literal;)+) => {
        formulas! {
            /// An elementwise operation on f32 of two operands.
            enum Binary, mod float, ($x: f32, $y: f32) -> f32;
            $($variant, $name, $flops, $formula;)+
        }

        impl Binary {
            /// The true value.
            pub fn oracle(self, $x: f64, $y: f64) -> f64 {
                match self {
                    $(Binary::$variant => $oracle,)+
                }
            }

            /// The greatest error in units in the last place of the true value.
            pub const fn bound(self) -> f64 {
                match self {
                    $(Binary::$variant => $bound,)+
                }
            }
        }
    };
}

binary! {
    (x, y)
    Add, "add", 1, x + y, x + y, 0.5;
    Subtract, "subtract", 1, x - y, x - y, 0.5;
    Multiply, "multiply", 1, x * y, x * y, 0.5;
    Divide, "divide", 4, x / y, x / y, 0.5;
    Maximum, "maximum", 4, crate::math::maximum(x, y), crate::math::maximum_f64(x, y), 0.0;
    Minimum, "minimum", 4, crate::math::minimum(x, y), -crate::math::maximum_f64(-x, -y), 0.0;
    Power, "power", 80, crate::math::power::<I>(x, y), x.powf(y), 0.51;
    FloorDivide, "floorDivide", 12, crate::math::floor_divide(x, y), crate::math::floor_divide_f64(x, y), 1.0;
    Modulo, "mod", 30, crate::math::modulo(x, y), crate::math::modulo_f64(x, y), 0.5;
    Arctan2, "arctan2", 90, crate::math::arctan2::<I>(x, y), x.atan2(y), 0.51;
    Hypot, "hypot", 12, crate::math::hypot(x, y), x.hypot(y), 0.51;
}

formulas! {
    /// An elementwise operation on i32 of two operands, wrapping at the ends of the range.
    enum BinaryI32, mod integer, (x: i32, y: i32) -> i32;
    Add, "add", 1, x.wrapping_add(y);
    Subtract, "subtract", 1, x.wrapping_sub(y);
    Multiply, "multiply", 1, x.wrapping_mul(y);
    Maximum, "maximum", 1, x.max(y);
    Minimum, "minimum", 1, x.min(y);
    FloorDivide, "floorDivide", 20, crate::math::floor_divide_i32(x, y);
    Modulo, "mod", 20, crate::math::modulo_i32(x, y);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::{flushed, ulp_error};
    use crate::{FlushDenormals, Isa};

    /// Both operands at their special values, and bit patterns over the whole range.
    fn operands() -> (Vec<f32>, Vec<f32>) {
        let infinity = f32::INFINITY;
        let mut special =
            vec![0.0, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 0.999_999_94, 1.000_000_1, 1e-30, 1e30];
        special.extend([f32::MIN_POSITIVE, f32::MIN_POSITIVE / 2.0, f32::MAX, infinity, 8_388_607.5]);
        special.extend([
            8_388_609.0,
            16_777_215.0,
            16_777_216.0,
            2.5e9,
            1e9 + 64.0,
            -127.0,
            128.0,
            33.0,
            f32::NAN,
        ]);
        special.extend(special.clone().iter().map(|x| -x));
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        for x in &special {
            for y in &special {
                xs.push(*x);
                ys.push(*y);
            }
        }
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 32) as u32
        };
        for _ in 0..400_000 {
            xs.push(f32::from_bits(random()));
            ys.push(f32::from_bits(random()));
            // Moderate numbers, whose powers are finite.
            xs.push(f32::from_bits(0x3f80_0000 ^ random() >> 6));
            ys.push((random() as f32 / u32::MAX as f32 - 0.5) * 40.0);
            // Near one, with large exponents.
            xs.push(1.0 + (random() as f32 / u32::MAX as f32 - 0.5) * 1e-3);
            ys.push((random() as f32 / u32::MAX as f32 - 0.5) * 1e5);
        }
        (xs, ys)
    }

    #[test]
    fn every_operation_keeps_its_bound() {
        let _flush = FlushDenormals::new();
        let (xs, ys) = operands();
        for op in Binary::ALL {
            for isa in Isa::available() {
                let mut results = vec![0f32; xs.len()];
                let block = op.block(isa);
                let (x, y) = (xs.as_ptr().cast(), ys.as_ptr().cast());
                // SAFETY: the vectors have the same length, of more than a group.
                unsafe { block([x, y, x, x, x], results.as_mut_ptr().cast(), results.len()) };
                let mut worst = (0.0, 0);
                for (i, result) in results.iter().enumerate() {
                    let truth = op.oracle(f64::from(flushed(xs[i])), f64::from(flushed(ys[i])));
                    let error = ulp_error(*result, truth);
                    if error > worst.0 {
                        worst = (error, i);
                    }
                }
                let (ulp, i) = worst;
                let case = format!(
                    "{} {}: {ulp:.4} ulp at ({:e}, {:e}) = {:e}",
                    op.name(),
                    isa.name(),
                    xs[i],
                    ys[i],
                    results[i]
                );
                println!("{case}");
                assert!(ulp <= op.bound() + 1e-6, "{case}");
            }
        }
    }

    #[test]
    fn integers_wrap() {
        let xs = [i32::MAX, i32::MIN, -7, 5, 65_537, 6, -6, i32::MIN, 0].repeat(20);
        let ys = [1, -1, 3, -5, 65_537, -3, 3, 0, 0].repeat(20);
        let expected = |op: BinaryI32, x: i64, y: i64| match op {
            BinaryI32::Add => (x + y) as i32,
            BinaryI32::Subtract => (x - y) as i32,
            BinaryI32::Multiply => (x * y) as i32,
            BinaryI32::Maximum => x.max(y) as i32,
            BinaryI32::Minimum => x.min(y) as i32,
            BinaryI32::FloorDivide if y == 0 => 0,
            BinaryI32::FloorDivide => (x as f64 / y as f64).floor() as i64 as i32,
            BinaryI32::Modulo if y == 0 => 0,
            BinaryI32::Modulo => (x - y * (x as f64 / y as f64).floor() as i64) as i32,
        };
        for op in BinaryI32::ALL {
            for isa in Isa::available() {
                let mut results = vec![0i32; xs.len()];
                let (x, y) = (xs.as_ptr().cast(), ys.as_ptr().cast());
                // SAFETY: the vectors have the same length, of more than a group.
                unsafe { op.block(isa)([x, y, x, x, x], results.as_mut_ptr().cast(), results.len()) };
                for ((x, y), result) in xs.iter().zip(&ys).zip(&results) {
                    assert_eq!(*result, expected(*op, (*x).into(), (*y).into()), "{op:?} {x} {y}");
                }
            }
        }
    }
}
