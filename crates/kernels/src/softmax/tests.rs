use super::*;
use crate::testing::run_kernel;

const SIZES: [(usize, usize); 14] = [
    (1, 1),
    (3, 1),
    (32, 10),
    (1, 10),
    (1000, 10),
    (20_000, 10),
    (5, 63),
    (70, 64),
    (5, 65),
    (9, 300),
    (3, 1023),
    (3, 1024),
    (3, 1025),
    (2, 100_000),
];

fn logits(count: usize) -> Vec<f32> {
    (0..count as u32).map(|i| (i.wrapping_mul(0x9E37_79B9) >> 8) as f32 / 1e6 - 8.0).collect()
}

fn softmax(isa: Isa, rows: usize, columns: usize, input: Vec<f32>) -> Vec<f32> {
    let mut output = vec![0f32; rows * columns];
    run_kernel(&Softmax::new(isa, rows, columns), &[&input], &mut [&mut output]).unwrap();
    output
}

fn losses(isa: Isa, columns: usize, logits: Vec<f32>, labels: Vec<i32>) -> Vec<f32> {
    let mut output = vec![0f32; labels.len()];
    let kernel = SparseSoftmaxCrossentropy::new(isa, labels.len(), columns);
    run_kernel(&kernel, &[&logits, &labels], &mut [&mut output]).unwrap();
    output
}

#[test]
fn agree_with_f64() {
    for (rows, columns) in SIZES {
        let input = logits(rows * columns);
        let labels: Vec<i32> = (0..rows).map(|row| (row * 7 % columns) as i32).collect();
        for isa in Isa::available() {
            let outputs = softmax(isa, rows, columns, input.clone());
            let losses = losses(isa, columns, input.clone(), labels.clone());
            for (row, input) in input.chunks_exact(columns).enumerate() {
                let greatest = f64::from(input.iter().copied().fold(f32::NEG_INFINITY, f32::max));
                let sum: f64 = input.iter().map(|&x| (f64::from(x) - greatest).exp()).sum();
                for (&x, &y) in input.iter().zip(&outputs[row * columns..]) {
                    let exact = (f64::from(x) - greatest).exp() / sum;
                    assert!(
                        (f64::from(y) - exact).abs() <= 2e-6 * exact + 1e-37,
                        "{columns} {isa:?}: {y} for {exact}"
                    );
                }
                let exact = greatest - f64::from(input[labels[row] as usize]) + sum.ln();
                let loss = f64::from(losses[row]);
                assert!(
                    (loss - exact).abs() <= 1e-6 * exact.abs() + 1e-7,
                    "{columns} {isa:?}: {loss} for {exact}"
                );
            }
        }
    }
}

#[test]
fn huge_logits_do_not_overflow() {
    for isa in Isa::available() {
        assert_eq!(softmax(isa, 1, 3, vec![3e38, -3e38, 3e38]), [0.5, 0.0, 0.5]);
        assert_eq!(losses(isa, 2, vec![3e38, -1e38], vec![0]), [0.0]);
    }
}

#[test]
fn rows_without_an_answer_are_nan() {
    const NAN: f32 = f32::NAN;
    const LOW: f32 = f32::NEG_INFINITY;
    for columns in [2, 3, 10, 64, 100, 2000] {
        for isa in Isa::available() {
            for at in [0, columns / 2, columns - 1] {
                let mut input = logits(3 * columns);
                input[columns + at] = NAN;
                let output = softmax(isa, 3, columns, input.clone());
                assert!(output[columns..2 * columns].iter().all(|y| y.is_nan()), "{columns} {at} {isa:?}");
                assert!(output[..columns].iter().chain(&output[2 * columns..]).all(|y| !y.is_nan()));
                let output = losses(isa, columns, input, vec![0; 3]);
                assert!(!output[0].is_nan() && output[1].is_nan() && !output[2].is_nan());
            }
            assert!(softmax(isa, 1, columns, vec![LOW; columns]).iter().all(|y| y.is_nan()));
            assert!(losses(isa, columns, vec![LOW; columns], vec![0])[0].is_nan());
            let mut input = vec![LOW; columns];
            input[columns - 1] = 2.0;
            let output = softmax(isa, 1, columns, input.clone());
            assert!(output[..columns - 1].iter().all(|y| *y == 0.0) && output[columns - 1] == 1.0);
            let labels = vec![columns as i32 - 1, 0, -1, columns as i32, i32::MIN];
            let output = losses(isa, columns, input.repeat(5), labels);
            assert_eq!(output[..2], [0.0, f32::INFINITY]);
            assert!(output[2..].iter().all(|loss| loss.is_nan()));
        }
    }
}

#[test]
fn empty_rows() {
    assert!(softmax(Isa::best(), 0, 10, vec![]).is_empty());
    assert!(softmax(Isa::best(), 10, 0, vec![]).is_empty());
    assert!(losses(Isa::best(), 10, vec![], vec![]).is_empty());
    assert!(losses(Isa::best(), 0, vec![], vec![0])[0].is_nan());
}

#[test]
fn memory_is_checked() {
    let (short, mut output) = (vec![0f32; 99], vec![0f32; 100]);
    let softmax = Softmax::new(Isa::best(), 10, 10);
    let run = std::panic::AssertUnwindSafe(|| run_kernel(&softmax, &[&short], &mut [&mut output]));
    assert!(std::panic::catch_unwind(run).is_err());
}

#[test]
fn the_gradient_has_the_bits_of_its_parts() {
    for (rows, columns) in SIZES.into_iter().chain([(40, 32), (40, 33), (3, 16), (17, 7)]) {
        let mut input = logits(rows * columns);
        input[rows * columns / 2] = f32::NAN;
        // Some labels are no column.
        let labels: Vec<i32> = (0..rows).map(|row| (row * 7 % (columns + 2)) as i32 - 1).collect();
        let factors: Vec<f32> = (0..rows).map(|row| row as f32 / 3.0 - 1.0).collect();
        for isa in Isa::available() {
            let probabilities = softmax(isa, rows, columns, input.clone());
            let expected_losses = losses(isa, columns, input.clone(), labels.clone());
            for (factor, factors) in [(Factor::Scalar, &factors[rows - 1..]), (Factor::Column, &factors[..])]
            {
                let kernel = SparseSoftmaxCrossentropy::with_gradient(isa, rows, columns, factor);
                let (mut losses, mut gradient) = (vec![0f32; rows], vec![0f32; rows * columns]);
                let factors = factors.to_vec();
                run_kernel(&kernel, &[&input, &labels, &factors], &mut [&mut losses, &mut gradient]).unwrap();
                let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&losses), bits(&expected_losses), "{columns} {isa:?}");
                let expected: Vec<f32> = probabilities
                    .iter()
                    .enumerate()
                    .map(|(at, probability)| {
                        let (row, column) = (at / columns, at % columns);
                        let hot = if labels[row] == column as i32 { 1.0 } else { 0.0 };
                        (probability - hot) * factors[row % factors.len()]
                    })
                    .collect();
                let same = gradient.iter().zip(&expected);
                let same =
                    same.into_iter().all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()));
                assert!(same, "{rows} × {columns} {factor:?} {isa:?}");
            }
        }
    }
}
