use super::*;
use crate::kernel::Kernel;
use crate::testing::{numbers, run_kernel};
use crate::{Dtype, Isa};

const SHAPES: [(&[usize], usize); 9] = [
    (&[1], 0),
    (&[1000], 0),
    (&[3, 7], 1),
    (&[3, 7], 0),
    (&[5, 9, 130], 1),
    (&[2, 3, 4, 5], 2),
    (&[4, 0, 3], 1),
    (&[500, 300], 1),
    (&[300, 500], 0),
];

/// The places of each line, in the order in which it runs.
fn lines(shape: &[usize], axis: usize, reverse: bool) -> Vec<Vec<usize>> {
    let (outer, inner): (usize, usize) = (shape[..axis].iter().product(), shape[axis + 1..].iter().product());
    let line = |outer: usize, inner_place: usize| {
        let mut places: Vec<usize> =
            (0..shape[axis]).map(|i| (outer * shape[axis] + i) * inner + inner_place).collect();
        if reverse {
            places.reverse();
        }
        places
    };
    (0..outer)
        .flat_map(|outer| (0..inner).map(move |place| (outer, place)))
        .map(|(o, i)| line(o, i))
        .collect()
}

#[test]
fn floats_run_in_f64() {
    for (shape, axis) in SHAPES {
        let input: Vec<f32> = numbers(shape.iter().product(), 1).into_iter().map(|x| x + 0.9).collect();
        for reverse in [false, true] {
            let (mut sums, mut products, mut maxima) = (input.clone(), input.clone(), input.clone());
            for line in lines(shape, axis, reverse) {
                let (mut sum, mut product, mut max) = (0f64, 1f64, f32::NEG_INFINITY);
                for place in line {
                    let x = input[place];
                    (sum, product, max) = (sum + f64::from(x), product * f64::from(x), max.max(x));
                    (sums[place], products[place], maxima[place]) = (sum as f32, product as f32, max);
                }
            }
            for isa in Isa::available() {
                for (make, expected) in [
                    (Running::sum as fn(Isa, Dtype, &[usize], usize, bool) -> Running, &sums),
                    (Running::product, &products),
                    (Running::max, &maxima),
                ] {
                    let mut output = vec![f32::NAN; input.len()];
                    let kernel = make(isa, Dtype::Float32, shape, axis, reverse);
                    run_kernel(&kernel, &[&input], &mut [&mut output]).unwrap();
                    assert_eq!(&output, expected, "{} {shape:?} {axis} {isa:?}", kernel.name());
                }
            }
        }
    }
}

#[test]
fn integers_wrap() {
    let input = vec![i32::MAX, 1, i32::MIN, -7, 3];
    for (kernel, expected) in [
        (Running::sum(Isa::best(), Dtype::Int32, &[5], 0, false), [i32::MAX, i32::MIN, 0, -7, -4]),
        (Running::product(Isa::best(), Dtype::Int32, &[5], 0, true), [i32::MIN, i32::MIN, i32::MIN, -21, 3]),
        (Running::max(Isa::best(), Dtype::Int32, &[5], 0, true), [i32::MAX, 3, 3, 3, 3]),
    ] {
        let mut output = vec![0; 5];
        run_kernel(&kernel, &[&input], &mut [&mut output]).unwrap();
        assert_eq!(output, expected);
    }
}

#[test]
fn a_maximum_stays_nan() {
    let mut output = vec![0f32; 4];
    let kernel = Running::max(Isa::best(), Dtype::Float32, &[4], 0, false);
    run_kernel(&kernel, &[&vec![-1f32, f32::NEG_INFINITY, f32::NAN, 5.0]], &mut [&mut output]).unwrap();
    assert_eq!(output[..2], [-1.0, -1.0]);
    assert!(output[2..].iter().all(|x| x.is_nan()));
}

#[test]
fn recurrences_follow_the_definition() {
    for (shape, axis) in SHAPES {
        let count = shape.iter().product();
        let (a, b) = (numbers(count, 2), numbers(count, 3));
        for reverse in [false, true] {
            let mut expected = vec![0f64; count];
            for line in lines(shape, axis, reverse) {
                for (step, &place) in line.iter().enumerate() {
                    let before = if step == 0 {
                        0.0
                    } else {
                        f64::from(a[if reverse { line[step - 1] } else { place }]) * expected[line[step - 1]]
                    };
                    expected[place] = before + f64::from(b[place]);
                }
            }
            for isa in Isa::available() {
                let mut output = vec![f32::NAN; count];
                let kernel = LinearRecurrence::new(isa, shape, axis, reverse);
                run_kernel(&kernel, &[&a, &b], &mut [&mut output]).unwrap();
                for (output, expected) in output.iter().zip(&expected) {
                    let error = (f64::from(*output) - expected).abs();
                    assert!(error <= 6e-8 * expected.abs() + 1e-12, "{shape:?} {axis} {isa:?}");
                }
            }
        }
    }
}

#[test]
fn memory_is_checked() {
    let (short, mut output) = (vec![0f32; 9], vec![0f32; 10]);
    let mut check = |kernel: &dyn Kernel| {
        let run = std::panic::AssertUnwindSafe(|| run_kernel(kernel, &[&short, &short], &mut [&mut output]));
        assert!(std::panic::catch_unwind(run).is_err());
    };
    check(&Running::sum(Isa::best(), Dtype::Float32, &[2, 5], 0, false));
    check(&LinearRecurrence::new(Isa::best(), &[10], 0, false));
}
