use super::*;
use crate::testing::run_kernel;

fn oracle<T: Copy>(input: &[T], shape: &[usize], strides: &[usize]) -> Vec<T> {
    let elements = shape.iter().product();
    (0..elements)
        .map(|flat: usize| {
            let mut rest = flat;
            let mut offset = 0;
            for (&extent, &stride) in shape.iter().zip(strides).rev() {
                offset += rest % extent * stride;
                rest /= extent;
            }
            input[offset]
        })
        .collect()
}

fn check(shape: &[usize], strides: &[usize]) {
    let elements: usize = shape.iter().product();
    let read = if elements == 0 {
        0
    } else {
        1 + shape.iter().zip(strides).map(|(&extent, &stride)| (extent - 1) * stride).sum::<usize>()
    };
    let words: Vec<u32> = (0..read as u32).map(|i| i.wrapping_mul(0x9E37_79B9)).collect();
    let mut output = vec![0u32; elements];
    run_kernel(&StridedCopy::new(4, shape, strides), &[&words], &mut [&mut output]).unwrap();
    assert_eq!(output, oracle(&words, shape, strides), "{shape:?} {strides:?}");

    let bytes: Vec<u8> = words.iter().map(|word| (word >> 24) as u8).collect();
    let mut output = vec![0u8; elements];
    run_kernel(&StridedCopy::new(1, shape, strides), &[&bytes], &mut [&mut output]).unwrap();
    assert_eq!(output, oracle(&bytes, shape, strides), "{shape:?} {strides:?}");
}

#[test]
fn broadcasts() {
    check(&[], &[]);
    check(&[5], &[0]);
    check(&[300_000], &[0]);
    check(&[7, 13], &[0, 1]);
    check(&[7, 13], &[1, 0]);
    check(&[1000, 257], &[0, 1]);
    check(&[1000, 257], &[1, 0]);
    check(&[3, 1, 5, 7], &[7, 0, 0, 1]);
    check(&[2, 3, 2, 3, 2, 3, 2, 3], &[0, 1, 0, 3, 0, 9, 0, 27]);
    check(&[4, 0, 3], &[0, 3, 1]);
}

#[test]
fn transposes() {
    for rows in [1, 2, 7, 8, 9, 10, 63, 64, 65, 130, 1000] {
        for columns in [1, 3, 8, 15, 16, 17, 64, 100, 129] {
            check(&[columns, rows], &[1, columns]);
        }
    }
    check(&[2, 3, 40, 50], &[6000, 2000, 1, 40]);
    check(&[40, 3, 2, 50], &[1, 2000, 6000, 40]);
    check(&[5, 4, 3, 2], &[1, 5, 20, 60]);
    check(&[9, 20, 11], &[11, 99, 1]);
    check(&[6, 5], &[7, 2]);
}

#[test]
fn contiguous_is_a_plain_copy() {
    assert_eq!(merged(&[4, 1, 5, 6], &[30, 999, 6, 1]), [Dimension { extent: 120, stride: 1 }]);
    check(&[100, 1000], &[1000, 1]);
}

#[test]
fn memory_is_checked() {
    let copy = StridedCopy::new(4, &[8, 8], &[1, 8]);
    let (short, mut output) = (vec![0u32; 63], vec![0u32; 64]);
    let run = std::panic::AssertUnwindSafe(|| run_kernel(&copy, &[&short], &mut [&mut output]));
    assert!(std::panic::catch_unwind(run).is_err());
    assert!(std::panic::catch_unwind(|| StridedCopy::new(4, &[usize::MAX, 2], &[0, 0])).is_err());
    assert!(std::panic::catch_unwind(|| StridedCopy::new(4, &[3, 3], &[usize::MAX, 1])).is_err());
}
