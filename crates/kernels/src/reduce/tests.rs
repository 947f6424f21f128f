use super::*;
use crate::testing::run_kernel;

/// Pseudorandom numbers of both signs and many magnitudes.
fn numbers(count: usize) -> Vec<f32> {
    let mut state = 0x1234_5678u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    (0..count).map(|_| (next() as f32 / 8_388_608.0 - 1.0) * (next() % 7) as f32).collect()
}

/// For each output element of a reduction, the input elements that belong to it, in order.
fn groups(shape: &[usize], axes: &[usize]) -> Vec<Vec<usize>> {
    let kept: usize =
        shape.iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, n)| n).product();
    let mut groups = vec![Vec::new(); kept];
    for flat in 0..shape.iter().product() {
        let (mut rest, mut output, mut step) = (flat, 0, 1);
        for (axis, &extent) in shape.iter().enumerate().rev() {
            if !axes.contains(&axis) {
                output += rest % extent * step;
                step *= extent;
            }
            rest /= extent;
        }
        groups[output].push(flat);
    }
    groups
}

fn shapes() -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut shapes: Vec<(Vec<usize>, Vec<usize>)> = vec![
        (vec![], vec![]),
        (vec![5], vec![]),
        (vec![1, 1], vec![0, 1]),
        (vec![2, 3, 4], vec![0, 1, 2]),
        (vec![2, 3, 4], vec![1]),
        (vec![7, 5, 6], vec![0, 2]),
        (vec![3, 2, 5, 2, 4, 3, 2, 2], vec![0, 2, 5, 7]),
        (vec![4, 300, 3, 70], vec![1, 3]),
        (vec![600, 33, 40], vec![0, 2]),
        (vec![300_001], vec![0]),
        (vec![2, 100_000], vec![1]),
        (vec![100_000, 3], vec![0]),
        (vec![3, 20_000, 5], vec![1]),
        (vec![30_000, 10], vec![1]),
        (vec![300, 1000], vec![0]),
        (vec![300, 1000], vec![1]),
        (vec![33, 5000], vec![0]),
    ];
    for extent in [1, 2, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 130, 1023, 1025, 2049] {
        shapes.push((vec![extent], vec![0]));
        shapes.push((vec![3, extent], vec![1]));
        shapes.push((vec![extent, 3], vec![0]));
        shapes.push((vec![37, extent], vec![0]));
        shapes.push((vec![extent, 67], vec![0]));
    }
    shapes
}

#[test]
fn sums_agree_with_f64() {
    for (shape, axes) in shapes() {
        let input = numbers(shape.iter().product());
        let groups = groups(&shape, &axes);
        let mut first: Option<Vec<f32>> = None;
        for isa in Isa::available() {
            let mut output = vec![f32::NAN; groups.len()];
            run_kernel(&Reduce::sum(isa, Dtype::Float32, &shape, &axes), &[&input], &mut [&mut output])
                .unwrap();
            for (result, group) in output.iter().zip(&groups) {
                let exact: f64 = group.iter().map(|&index| f64::from(input[index])).sum();
                let size: f64 = group.iter().map(|&index| f64::from(input[index].abs())).sum();
                let error = (f64::from(*result) - exact).abs();
                assert!(error <= 5e-7 * size, "{shape:?} {axes:?} {isa:?}: {result} for {exact}");
            }
            assert_eq!(
                first.get_or_insert_with(|| output.clone()),
                &output,
                "the same bits on every instruction set"
            );
        }
    }
}

#[test]
fn products_agree_with_f64() {
    for (shape, axes) in shapes() {
        let near_one = |value: &f32| if *value < 0.0 { -1.0 + value / 1e4 } else { 1.0 + value / 1e4 };
        let input: Vec<f32> = numbers(shape.iter().product()).iter().map(near_one).collect();
        let groups = groups(&shape, &axes);
        for isa in Isa::available() {
            let mut output = vec![f32::NAN; groups.len()];
            run_kernel(&Reduce::product(isa, Dtype::Float32, &shape, &axes), &[&input], &mut [&mut output])
                .unwrap();
            for (result, group) in output.iter().zip(&groups) {
                let exact: f64 = group.iter().map(|&index| f64::from(input[index])).product();
                let bound = group.len() as f64 * 2f64.powi(-24) * exact.abs();
                assert!((f64::from(*result) - exact).abs() <= bound, "{shape:?} {axes:?} {isa:?}");
            }
        }
    }
}

#[test]
fn long_sums_stay_accurate() {
    let elements = 10_000_000;
    let input = vec![0.1f32; elements];
    for (shape, axes) in [(vec![elements], vec![0]), (vec![elements / 10, 10], vec![0])] {
        let mut output = vec![0f32; if axes.len() == shape.len() { 1 } else { 10 }];
        run_kernel(&Reduce::sum(Isa::best(), Dtype::Float32, &shape, &axes), &[&input], &mut [&mut output])
            .unwrap();
        let exact = f64::from(0.1f32) * (elements / output.len()) as f64;
        assert!(
            output.iter().all(|sum| (f64::from(*sum) / exact - 1.0).abs() < 1e-6),
            "{output:?} for {exact}"
        );
    }
}

#[test]
fn integers_are_exact() {
    for (shape, axes) in shapes() {
        let input: Vec<i32> =
            (0..shape.iter().product::<usize>() as u32).map(|i| i.wrapping_mul(0x9E37_79B9) as i32).collect();
        let groups = groups(&shape, &axes);
        for isa in Isa::available() {
            let mut output = vec![0i32; groups.len()];
            run_kernel(&Reduce::sum(isa, Dtype::Int32, &shape, &axes), &[&input], &mut [&mut output])
                .unwrap();
            let sum =
                |group: &Vec<usize>| group.iter().fold(0i32, |sum, &index| sum.wrapping_add(input[index]));
            assert_eq!(output, groups.iter().map(sum).collect::<Vec<_>>(), "{shape:?} {axes:?} {isa:?}");
            run_kernel(&Reduce::max(isa, Dtype::Int32, &shape, &axes), &[&input], &mut [&mut output])
                .unwrap();
            let max = |group: &Vec<usize>| group.iter().map(|&index| input[index]).max().unwrap();
            assert_eq!(output, groups.iter().map(max).collect::<Vec<_>>(), "{shape:?} {axes:?} {isa:?}");
            run_kernel(&Reduce::min(isa, Dtype::Int32, &shape, &axes), &[&input], &mut [&mut output])
                .unwrap();
            let min = |group: &Vec<usize>| group.iter().map(|&index| input[index]).min().unwrap();
            assert_eq!(output, groups.iter().map(min).collect::<Vec<_>>(), "{shape:?} {axes:?} {isa:?}");
            run_kernel(&Reduce::product(isa, Dtype::Int32, &shape, &axes), &[&input], &mut [&mut output])
                .unwrap();
            let product =
                |group: &Vec<usize>| group.iter().fold(1i32, |all, &index| all.wrapping_mul(input[index]));
            assert_eq!(output, groups.iter().map(product).collect::<Vec<_>>(), "{shape:?} {axes:?} {isa:?}");
        }
    }
}

#[test]
fn greatest_of_floats() {
    for (shape, axes) in shapes() {
        let mut input = numbers(shape.iter().product());
        for nan in [false, true] {
            if nan {
                input.iter_mut().step_by(37).for_each(|value| *value = f32::NAN);
            }
            for isa in Isa::available() {
                let groups = groups(&shape, &axes);
                let mut output = vec![0f32; groups.len()];
                run_kernel(&Reduce::max(isa, Dtype::Float32, &shape, &axes), &[&input], &mut [&mut output])
                    .unwrap();
                for (result, group) in output.iter().zip(&groups) {
                    let propagate =
                        |a: f32, b: f32| if a.is_nan() || b.is_nan() { f32::NAN } else { a.max(b) };
                    let expected = group.iter().map(|&index| input[index]).reduce(propagate).unwrap();
                    assert!(
                        *result == expected || (result.is_nan() && expected.is_nan()),
                        "{shape:?} {axes:?} {isa:?}: {result} for {expected}"
                    );
                }
                let negative: Vec<f32> = input.iter().map(|value| -value).collect();
                let mut least = vec![0f32; groups.len()];
                run_kernel(&Reduce::min(isa, Dtype::Float32, &shape, &axes), &[&negative], &mut [&mut least])
                    .unwrap();
                assert!(output.iter().zip(&least).all(|(a, b)| *a == -b || (a.is_nan() && b.is_nan())));
            }
        }
    }
}

#[test]
fn infinities() {
    let input = vec![f32::NEG_INFINITY; 100];
    let mut output = vec![0f32];
    run_kernel(&Reduce::max(Isa::best(), Dtype::Float32, &[100], &[0]), &[&input], &mut [&mut output])
        .unwrap();
    assert_eq!(output, [f32::NEG_INFINITY]);
}

#[test]
fn empty_tensors() {
    let empty: Vec<f32> = Vec::new();
    for (shape, axes, results) in [
        (vec![0], vec![0], 1),
        (vec![3, 0], vec![1], 3),
        (vec![0, 3], vec![0], 3),
        (vec![2, 0, 3], vec![1], 6),
        (vec![0, 3], vec![1], 0),
    ] {
        let mut output = vec![f32::NAN; results];
        run_kernel(&Reduce::sum(Isa::best(), Dtype::Float32, &shape, &axes), &[&empty], &mut [&mut output])
            .unwrap();
        assert_eq!(output, vec![0.0; results], "{shape:?} {axes:?}");
    }
    run_kernel(
        &ArgMax::new(Isa::best(), Dtype::Float32, &[0, 3], 1),
        &[&empty],
        &mut [&mut Vec::<i32>::new()],
    )
    .unwrap();
    let none = || Reduce::max(Isa::best(), Dtype::Float32, &[3, 0], &[1]);
    assert!(std::panic::catch_unwind(none).is_err());
}

#[test]
fn argmax_is_the_first() {
    let shapes = [
        (vec![1], 0),
        (vec![10], 0),
        (vec![200, 10], 1),
        (vec![10, 200], 0),
        (vec![5, 7, 300], 1),
        (vec![2, 3000], 1),
        (vec![3000, 2], 0),
        (vec![40_000, 10], 1),
        (vec![3, 63], 1),
        (vec![3, 64], 1),
        (vec![3, 65], 1),
    ];
    for (shape, axis) in shapes {
        let count = shape.iter().product();
        let few: Vec<f32> = numbers(count).into_iter().map(f32::round).collect();
        let mut with_nan = few.clone();
        with_nan.iter_mut().step_by(13).for_each(|value| *value = f32::NAN);
        for input in [few, with_nan] {
            let first = |group: Vec<usize>| -> i32 {
                let value = |at: usize| input[group[at]];
                let best = (0..group.len()).find(|&at| value(at).is_nan()).unwrap_or_else(|| {
                    (0..group.len()).fold(0, |best, at| if value(at) > value(best) { at } else { best })
                });
                best as i32
            };
            let expected: Vec<i32> = groups(&shape, &[axis]).into_iter().map(first).collect();
            for isa in Isa::available() {
                let mut output = vec![-1i32; expected.len()];
                run_kernel(&ArgMax::new(isa, Dtype::Float32, &shape, axis), &[&input], &mut [&mut output])
                    .unwrap();
                assert_eq!(output, expected, "{shape:?} {axis} {isa:?}");
            }
        }
    }
    let input = vec![3i32, i32::MIN, 7, 7];
    let mut output = vec![0i32];
    run_kernel(&ArgMax::new(Isa::best(), Dtype::Int32, &[4], 0), &[&input], &mut [&mut output]).unwrap();
    assert_eq!(output, [2]);
}

#[test]
fn memory_is_checked() {
    let (short, mut output) = (vec![0f32; 99], vec![0f32; 10]);
    for axes in [[0], [1]] {
        let kernel = Reduce::sum(Isa::best(), Dtype::Float32, &[10, 10], &axes);
        let run = std::panic::AssertUnwindSafe(|| run_kernel(&kernel, &[&short], &mut [&mut output]));
        assert!(std::panic::catch_unwind(run).is_err());
    }
}

#[test]
fn a_chain_has_the_bits_of_its_reduction() {
    use crate::{Access, Binary, LaneOp, Segment, Source, TapeOp};
    let step = |op, operands: [Source; 2], register| TapeOp {
        op: LaneOp::Binary(op),
        operands: operands.to_vec(),
        register,
    };
    let tape = || {
        vec![
            step(Binary::Subtract, [Source::Input(0), Source::Input(1)], 0),
            step(Binary::Multiply, [Source::Register(0), Source::Register(0)], 1),
        ]
    };
    for (shape, axes) in shapes() {
        let elements: usize = shape.iter().product();
        let (input, other) = (numbers(elements), numbers(elements.max(7)).split_off(elements.max(7) - 1));
        let squares: Vec<f32> = input.iter().map(|value| (value - other[0]) * (value - other[0])).collect();
        let results = groups(&shape, &axes).len();
        for isa in Isa::available() {
            for reduce in [Reduce::sum, Reduce::max] {
                let segment =
                    Segment { rows: 1, columns: elements, access: vec![Access::Full, Access::Scalar] };
                let float = Dtype::Float32;
                let chain = Elementwise::new(isa, tape(), vec![float; 2], vec![(float, 1)], vec![segment]);
                let (mut expected, mut output) = (vec![f32::NAN; results], vec![f32::NAN; results]);
                run_kernel(&reduce(isa, float, &shape, &axes), &[&squares], &mut [&mut expected]).unwrap();
                let kernel = reduce(isa, float, &shape, &axes).of_chain(chain);
                run_kernel(&kernel, &[&input, &other], &mut [&mut output]).unwrap();
                assert_eq!(output, expected, "{shape:?} {axes:?} {isa:?}");
            }
        }
    }
}

#[test]
fn squared_deviations_agree_with_f64() {
    for (shape, axes) in shapes() {
        for shift in [0.0, 1000.0] {
            let input: Vec<f32> = numbers(shape.iter().product()).iter().map(|value| value + shift).collect();
            let groups = groups(&shape, &axes);
            let mut first: Option<Vec<f32>> = None;
            for isa in Isa::available() {
                let mut output = vec![f32::NAN; groups.len()];
                run_kernel(&SquaredDeviations::new(isa, &shape, &axes), &[&input], &mut [&mut output])
                    .unwrap();
                for (result, group) in output.iter().zip(&groups) {
                    let value = |&index: &usize| f64::from(input[index]);
                    let mean = group.iter().map(value).sum::<f64>() / group.len() as f64;
                    let exact: f64 = group.iter().map(|index| (value(index) - mean).powi(2)).sum();
                    // The mean is rounded, to the multiples that numbers of its size have.
                    let rounding = group.len() as f64 * (mean.abs() * 1e-7).powi(2);
                    let error = (f64::from(*result) - exact).abs();
                    assert!(
                        error <= 1e-6 * exact + rounding,
                        "{shape:?} {axes:?} {isa:?}: {result} for {exact}"
                    );
                }
                let first = first.get_or_insert_with(|| output.clone());
                assert_eq!(first, &output, "the same bits on every instruction set");
            }
        }
    }
}

#[test]
fn nothing_deviates_from_nothing() {
    for (shape, axes, results) in
        [(vec![0], vec![0], 1), (vec![0, 3], vec![0], 3), (vec![2, 0, 3, 2, 0], vec![1, 3, 4], 6)]
    {
        let (input, mut output) = (Vec::<f32>::new(), vec![f32::NAN; results]);
        run_kernel(&SquaredDeviations::new(Isa::best(), &shape, &axes), &[&input], &mut [&mut output])
            .unwrap();
        assert_eq!(output, vec![0.0; results]);
    }
    let (input, mut output) = (vec![1.0, 7.0, f32::INFINITY], vec![f32::NAN; 3]);
    run_kernel(&SquaredDeviations::new(Isa::best(), &[3], &[]), &[&input], &mut [&mut output]).unwrap();
    assert!(output[..2] == [0.0, 0.0] && output[2].is_nan());
}

#[test]
fn sums_of_squares_that_are_too_large_are_infinite() {
    for (shape, axis) in [([3, 1], 0), ([1, 3], 1)] {
        for isa in Isa::available() {
            let mut output = vec![f32::NAN];
            let kernel = SquaredDeviations::new(isa, &shape, &[axis]);
            // Its mean is rounded by so much that its square is infinite too.
            let input = vec![1.5e30f32, -1.5e30, 1.5e30];
            run_kernel(&kernel, &[&input], &mut [&mut output]).unwrap();
            assert_eq!(output, [f32::INFINITY], "{shape:?}");
        }
    }
}
