//! Elementwise operations of one operand: one line each.

use crate::Isa;
use crate::lanes::{InPlace, formulas};

/// A list of f32 operations. A line ends in the f64 oracle that defines the true value, and in the error bound in ulp: the
/// tests of this file and the example `exhaustive` hold every line to it on every instruction set.
macro_rules! unary {
    (($x:ident) $($variant:ident, $name:literal, $flops:literal, $formula:expr, $oracle:expr, $bound:literal;)+) => {
        formulas! {
            /// An elementwise operation on f32 of one operand.
            enum Unary, mod float, ($x: f32) -> f32;
            $($variant, $name, $flops, $formula;)+
        }

        impl Unary {
            /// The true value.
            pub fn oracle(self, $x: f64) -> f64 {
                match self {
                    $(Unary::$variant => $oracle,)+
                }
            }

            /// The greatest error in units in the last place of the true value.
            pub const fn bound(self) -> f64 {
                match self {
                    $(Unary::$variant => $bound,)+
                }
            }

            /// The loop that applies it in place, for an instruction set that the machine has.
            pub fn in_place(self, isa: Isa) -> InPlace {
                match self {
                    $(Unary::$variant => crate::lanes::in_place::<float::$variant>(isa),)+
                }
            }
        }
    };
}

unary! {
    (x)
    Negative, "negative", 1, -x, -x, 0.0;
    Absolute, "absolute", 1, x.abs(), x.abs(), 0.0;
    Sign, "sign", 2, if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x }, if x == 0.0 { x } else { x.signum() }, 0.0;
    Exp, "exp", 12, crate::math::exp::<I>(x), x.exp(), 1.5;
    Log, "log", 16, crate::math::log::<I>(x), x.ln(), 1.0;
    Expm1, "expm1", 14, crate::math::expm1::<I>(x), x.exp_m1(), 2.0;
    Log1p, "log1p", 24, crate::math::log1p::<I>(x), x.ln_1p(), 2.0;
    Log2, "log2", 22, crate::math::log2::<I>(x), x.log2(), 1.5;
    Log10, "log10", 22, crate::math::log10::<I>(x), x.log10(), 1.5;
    Sqrt, "sqrt", 6, x.sqrt(), x.sqrt(), 0.5;
    Tanh, "tanh", 22, crate::math::tanh::<I>(x), x.tanh(), 3.0;
    Sigmoid, "sigmoid", 18, crate::math::sigmoid::<I>(x), 1.0 / (1.0 + (-x).exp()), 3.0;
    Sin, "sin", 80, crate::math::sin::<I>(x), x.sin(), 0.55;
    Cos, "cos", 80, crate::math::cos::<I>(x), x.cos(), 0.55;
    Arcsin, "arcsin", 90, crate::math::arcsin::<I>(x), x.asin(), 0.51;
    Arccos, "arccos", 90, crate::math::arccos::<I>(x), x.acos(), 0.51;
    Arctan, "arctan", 80, crate::math::arctan::<I>(x), x.atan(), 0.51;
    Sinh, "sinh", 70, crate::math::sinh::<I>(x), x.sinh(), 0.51;
    Cosh, "cosh", 60, crate::math::cosh::<I>(x), x.cosh(), 0.51;
    Arcsinh, "arcsinh", 40, crate::math::arcsinh::<I>(x), x.asinh(), 3.0;
    Arccosh, "arccosh", 40, crate::math::arccosh::<I>(x), x.acosh(), 3.0;
    Arctanh, "arctanh", 32, crate::math::arctanh::<I>(x), x.atanh(), 3.0;
    Floor, "floor", 6, crate::math::floor(x), x.floor(), 0.0;
    Ceil, "ceil", 6, crate::math::ceil(x), x.ceil(), 0.0;
    Round, "round", 4, crate::math::round(x), x.round_ties_even(), 0.0;
    Trunc, "trunc", 6, crate::math::trunc(x), x.trunc(), 0.0;
    Erf, "erf", 40, crate::math::erf::<I>(x), crate::math::erf_f64(x), 2.0;
    Relu, "relu", 1, (if x < 0.0 { 0.0 } else { x }) + 0.0, if x <= 0.0 { 0.0 } else { x }, 0.0;
    Erfinv, "erfinv", 50, crate::math::erfinv::<I>(x), crate::math::erfinv_f64(x), 3.0;
}

impl Unary {
    /// Applies it in place.
    ///
    /// # Panics
    /// When the machine lacks the instruction set.
    pub fn apply(self, isa: Isa, values: &mut [f32]) {
        // SAFETY: `in_place` checks the instruction set; the slice is valid memory.
        unsafe { self.in_place(isa)(values.as_mut_ptr(), values.len()) }
    }
}

formulas! {
    /// An elementwise operation on i32 of one operand, wrapping at the ends of the range.
    enum UnaryI32, mod integer, (x: i32) -> i32;
    Negative, "negative", 1, x.wrapping_neg();
    Absolute, "absolute", 1, x.wrapping_abs();
    Sign, "sign", 2, x.signum();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy;
    use crate::lanes::OPERANDS;

    #[test]
    fn every_operation_keeps_its_bound_on_a_sample_of_all_inputs() {
        let isas = Isa::available();
        let mut broken = vec![];
        for op in Unary::ALL {
            let worst = accuracy::worst(*op, &isas, (0..=u32::MAX).step_by(1009));
            for (worst, isa) in worst.iter().zip(&isas) {
                println!("{} {}: {:.4} ulp at {:e}", op.name(), isa.name(), worst.ulp, worst.input);
                if worst.ulp > op.bound() + 1e-6 {
                    broken.push((op.name(), isa.name(), *worst));
                }
            }
        }
        assert!(broken.is_empty(), "{broken:?}");
    }

    #[test]
    fn integers_wrap() {
        let xs = [i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX].repeat(20);
        let expected = |op: UnaryI32, x: i64| match op {
            UnaryI32::Negative => -x as i32,
            UnaryI32::Absolute => x.abs() as i32,
            UnaryI32::Sign => x.signum() as i32,
        };
        for op in UnaryI32::ALL {
            for isa in Isa::available() {
                let mut results = vec![0i32; xs.len()];
                let x = xs.as_ptr().cast();
                // SAFETY: the vectors have the same length, of more than a group.
                unsafe { op.block(isa)([x; OPERANDS], results.as_mut_ptr().cast(), results.len()) };
                for (x, result) in xs.iter().zip(&results) {
                    assert_eq!(*result, expected(*op, (*x).into()), "{op:?} {x}");
                }
            }
        }
    }

    #[test]
    fn any_length_in_place_has_the_same_values() {
        let xs: Vec<f32> = (0..300).map(|i| i as f32 / 150.0 - 1.0).collect();
        for op in Unary::ALL {
            for isa in Isa::available() {
                let mut all = xs.clone();
                op.apply(isa, &mut all);
                for lanes in [0, 1, 15, 16, 17, 63, 64, 65, 200] {
                    let mut some = xs.clone();
                    op.apply(isa, &mut some[..lanes]);
                    let bits =
                        |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&some[..lanes]), bits(&all[..lanes]), "{op:?} {isa:?}");
                    assert_eq!(some[lanes..], xs[lanes..]);
                }
            }
        }
    }
}
