use super::*;
use crate::Dtype;
use crate::kernel::Kernel;
use crate::testing::{numbers, run_kernel};
use std::cmp::Ordering;

/// Numbers with ties, both zeros, infinities and NaN.
fn mixed(count: usize) -> Vec<f32> {
    let special = [f32::NAN, -0.0, 0.0, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE, -f32::NAN];
    let numbers = numbers(count, 5).into_iter().enumerate();
    numbers.map(|(i, x)| if i % 3 == 0 { special[i / 3 % 7] } else { (x * 20.0).round() }).collect()
}

fn compare(a: f32, b: f32) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

#[test]
fn orders_are_stable_with_nan_last() {
    for (rows, columns) in [(0, 3), (1, 1), (3, 17), (40, 300), (2, 5000), (3, 0)] {
        let input = mixed(rows * columns);
        for descending in [false, true] {
            for count in [0, 1, columns / 2, columns] {
                let count = count.min(columns);
                let mut expected = Vec::new();
                for row in input.chunks_exact(columns.max(1)) {
                    let mut places: Vec<i32> = (0..columns as i32).collect();
                    places.sort_by(|&a, &b| {
                        let order = compare(row[a as usize], row[b as usize]);
                        if descending { order.reverse() } else { order }
                    });
                    expected.extend(&places[..count]);
                }
                let mut output = vec![-1i32; rows * count];
                let kernel = Argsort::new(Dtype::Float32, rows, columns, count, descending);
                run_kernel(&kernel, &[&input], &mut [&mut output]).unwrap();
                assert_eq!(output, expected, "{rows} {columns} {count} {descending}");
            }
        }
    }
}

#[test]
fn integers_have_their_whole_range() {
    let input = vec![3i32, i32::MIN, i32::MAX, -1, 3];
    for (descending, expected) in [(false, [1, 3, 0, 4, 2]), (true, [2, 0, 4, 3, 1])] {
        let mut output = vec![-1i32; 5];
        run_kernel(&Argsort::new(Dtype::Int32, 1, 5, 5, descending), &[&input], &mut [&mut output]).unwrap();
        assert_eq!(output, expected);
    }
}

#[test]
fn places_in_a_list() {
    for length in [0, 1, 7, 1000] {
        let mut sorted = mixed(length);
        sorted.sort_by(|a, b| compare(*a, *b));
        let values = mixed(20_000);
        for right in [false, true] {
            let before = |element: f32, value: f32| {
                let order = compare(element, value);
                order == Ordering::Less || (right && order == Ordering::Equal)
            };
            let mut output = vec![-1i32; values.len()];
            let kernel = Searchsorted::new(Dtype::Float32, length, values.len(), right);
            run_kernel(&kernel, &[&sorted, &values], &mut [&mut output]).unwrap();
            for (value, output) in values.iter().zip(output).step_by(7) {
                let expected = sorted.iter().filter(|element| before(**element, *value)).count();
                assert_eq!(output, expected as i32, "{value} {length} {right}");
            }
        }
    }
}

#[test]
fn memory_is_checked() {
    let (short, mut output) = (vec![0f32; 9], vec![0i32; 10]);
    let mut check = |kernel: &dyn Kernel| {
        let run = std::panic::AssertUnwindSafe(|| run_kernel(kernel, &[&short, &short], &mut [&mut output]));
        assert!(std::panic::catch_unwind(run).is_err());
    };
    check(&Argsort::new(Dtype::Float32, 2, 5, 5, false));
    check(&Searchsorted::new(Dtype::Float32, 10, 9, false));
    check(&Searchsorted::new(Dtype::Float32, 9, 10, false));
    assert!(std::panic::catch_unwind(|| Argsort::new(Dtype::Float32, 1, 5, 6, false)).is_err());
}
