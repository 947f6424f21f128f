use super::*;
use crate::matmul::Matmul;
use crate::testing::{has_tiles, numbers, run_kernel};
use crate::{Access, Binary, Dtype, Elementwise, LaneOp, Segment, Source, TapeOp, Unary};

const PLAIN: Epilogue = Epilogue { bias: false, relu: false, tape: None, pool: None };
const PARTS: [Parts; 3] = [Parts::One, Parts::Two, Parts::Three];

fn shape(batch: usize, [m, n, k]: [usize; 3], form: usize) -> Shape {
    Shape { batch, m, n, k, transpose_a: form & 1 != 0, transpose_b: form & 2 != 0 }
}

fn by_parts(shape: Shape, parts: Parts, epilogue: Epilogue, operands: &[&Vec<f32>]) -> Vec<f32> {
    run(&SplitMatmul::new(shape, parts, epilogue), &shape, operands)
}

fn by_chains(shape: Shape, operands: &[&Vec<f32>]) -> Vec<f32> {
    run(&Matmul::new(Isa::Avx512, shape, PLAIN), &shape, operands)
}

fn run(kernel: &dyn Kernel, shape: &Shape, operands: &[&Vec<f32>]) -> Vec<f32> {
    let mut c = vec![f32::NAN; shape.batch * shape.m * shape.n];
    let inputs: Vec<&dyn crate::testing::Memory> = operands.iter().map(|operand| *operand as _).collect();
    run_kernel(kernel, &inputs, &mut [&mut c]).expect("no error is possible");
    c
}

/// The element of C at an index, and the sum of its terms' magnitudes, in f64.
fn exact(shape: &Shape, a: &[f32], b: &[f32], index: usize) -> (f64, f64) {
    let Shape { m, n, k, transpose_a, transpose_b, .. } = *shape;
    let (matrix, row, column) = (index / (m * n), index / n % m, index % n);
    (0..k).fold((0.0, 0.0), |(sum, magnitude), p| {
        let a = a[matrix * m * k + if transpose_a { p * m + row } else { row * k + p }];
        let b = b[matrix * k * n + if transpose_b { column * k + p } else { p * n + column }];
        let term = f64::from(a) * f64::from(b);
        (sum + term, magnitude + term.abs())
    })
}

/// Requires the accuracy of so many parts, relative to the sums of absolute terms.
fn check(shape: &Shape, parts: Parts, a: &[f32], b: &[f32], c: &[f32]) {
    let bound = match parts {
        // Half a unit of 8 and of 16 bits, on both sides, and the rounding of sums.
        Parts::One => 8e-3,
        Parts::Two => 4.8e-5,
        // What the chains of multiply-adds are held to.
        Parts::Three => 2e-6,
    };
    for (index, &got) in c.iter().enumerate() {
        let (sum, magnitude) = exact(shape, a, b, index);
        let error = (f64::from(got) - sum).abs();
        assert!(error <= bound * magnitude, "{parts:?} {shape:?} at {index}: {got} for {sum}");
    }
}

#[test]
fn every_form_and_edge() {
    if !has_tiles() {
        return;
    }
    let shapes = [
        [1, 1, 1],
        [2, 3, 33],
        [16, 17, 31],
        [31, 32, 64],
        [33, 65, 100],
        [100, 40, 257],
        [130, 300, 520],
        [257, 64, 65],
        [530, 70, 600],
    ];
    for form in 0..4 {
        for extents in shapes {
            let shape = shape(1, extents, form);
            let (a, b) = (numbers(shape.m * shape.k, 1), numbers(shape.k * shape.n, 2));
            for parts in PARTS {
                check(&shape, parts, &a, &b, &by_parts(shape, parts, PLAIN, &[&a, &b]));
            }
        }
    }
}

#[test]
fn batches() {
    if !has_tiles() {
        return;
    }
    for form in 0..4 {
        for (batch, extents) in [(3, [40, 70, 90]), (40, [33, 17, 40]), (2, [200, 200, 300])] {
            let shape = shape(batch, extents, form);
            let (a, b) = (numbers(batch * shape.m * shape.k, 1), numbers(batch * shape.k * shape.n, 2));
            check(&shape, Parts::Three, &a, &b, &by_parts(shape, Parts::Three, PLAIN, &[&a, &b]));
        }
    }
}

/// Rows of very large and very small numbers side by side.
#[test]
fn badly_scaled_rows() {
    if !has_tiles() {
        return;
    }
    // Of the second, some have no parts.
    let scales = [
        [1e30, 1e-30, 1.0, 1e-25, 1e15, 1e-20, 3e38, 1e20],
        [1e30, 1e-30, 1.0, 1e-36, 1e15, 1e-20, 3e38, 1e-37],
    ];
    for (form, scales) in (0..4).flat_map(|form| scales.map(|scales| (form, scales))) {
        let shape = shape(1, [72, 80, 300], form);
        let mut a = numbers(shape.m * shape.k, 1);
        let b: Vec<f32> = numbers(shape.k * shape.n, 2).iter().map(|x| x * 1e-3).collect();
        for (index, x) in a.iter_mut().enumerate() {
            let row = if shape.transpose_a { index % shape.m } else { index / shape.k };
            *x *= scales[row % scales.len()];
        }
        // Sums below what f32 can hold as normal numbers are beside the point.
        let c = by_parts(shape, Parts::Three, PLAIN, &[&a, &b]);
        for (index, &got) in c.iter().enumerate() {
            let (sum, magnitude) = exact(&shape, &a, &b, index);
            let error = (f64::from(got) - sum).abs();
            assert!(error <= 2e-6 * magnitude + 1e-36, "{shape:?} at {index}: {got} for {sum}");
        }
    }
}

/// All 24 bits of a number are in its parts.
#[test]
fn one_hot_rows_give_the_bits_of_the_other_matrix() {
    if !has_tiles() {
        return;
    }
    // Of the second, some have no parts.
    let scales = [[1.0, 1e30, 1e-25, 3.3e38, 1e-10, 7.0], [1.0, 1e30, 1e-30, 3.4e38, 1e-37, 7.0]];
    for (form, scales) in (0..4).flat_map(|form| scales.map(|scales| (form, scales))) {
        let shape = shape(1, [70, 90, 280], form);
        let Shape { m, n, k, transpose_a, transpose_b, .. } = shape;
        let hot = |row: usize| row * 37 % k;
        let mut a = vec![0.0; m * k];
        for row in 0..m {
            a[if transpose_a { hot(row) * m + row } else { row * k + hot(row) }] = 1.0;
        }
        let mut b = numbers(k * n, 3);
        b.iter_mut().enumerate().for_each(|(index, x)| *x *= scales[index % scales.len()]);
        let c = by_parts(shape, Parts::Three, PLAIN, &[&a, &b]);
        for (index, got) in c.iter().enumerate() {
            let (row, column) = (index / n, index % n);
            let expected = b[if transpose_b { column * k + hot(row) } else { hot(row) * n + column }];
            assert_eq!(got.to_bits(), expected.to_bits(), "{shape:?} at {row}, {column}");
        }
    }
}

/// Infinities and NaN, and sums that leave the range, are where multiply-adds have them.
#[test]
fn infinities_and_nan() {
    if !has_tiles() {
        return;
    }
    for form in 0..4 {
        let shape = shape(1, [100, 70, 290], form);
        let (mut a, mut b) = (numbers(shape.m * shape.k, 1), numbers(shape.k * shape.n, 2));
        let (rows, columns) = (a.len(), b.len());
        for (index, x) in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX, -3.395e38].iter().enumerate()
        {
            a[rows * (index + 1) / 7] = *x;
            b[columns * (index + 1) / 9 + 1] = *x;
        }
        let (expected, got) = (by_chains(shape, &[&a, &b]), by_parts(shape, Parts::Three, PLAIN, &[&a, &b]));
        for (index, (expected, got)) in expected.iter().zip(&got).enumerate() {
            assert_eq!(expected.is_nan(), got.is_nan(), "{shape:?} at {index}: {got} for {expected}");
            if expected.is_infinite() {
                assert_eq!(expected, got, "{shape:?} at {index}");
            }
        }
        assert!(got.iter().any(|x| x.is_nan()) && got.iter().any(|x| x.is_finite()));
    }
}

/// Panels of which one block along k has no parts and another has: tiles and chains add to the same sums.
#[test]
fn odd_numbers_in_one_block_along_k() {
    if !has_tiles() {
        return;
    }
    for (form, odd_k) in (0..4).flat_map(|form| [10, 300, 590].map(|k| (form, k))) {
        let shape = shape(1, [200, 70, 600], form);
        let mut a = numbers(shape.m * shape.k, 1);
        let b = numbers(shape.k * shape.n, 2);
        let plain = by_parts(shape, Parts::Three, PLAIN, &[&a, &b]);
        let odd_row = 7;
        a[if shape.transpose_a { odd_k * shape.m + odd_row } else { odd_row * shape.k + odd_k }] =
            f32::INFINITY;
        let odd = by_parts(shape, Parts::Three, PLAIN, &[&a, &b]);
        for (row, (plain, odd)) in plain.chunks(shape.n).zip(odd.chunks(shape.n)).enumerate() {
            for (plain, odd) in plain.iter().zip(odd) {
                if row == odd_row {
                    assert!(odd.is_infinite(), "{shape:?}: {odd} in the row of the infinity");
                } else {
                    assert!((plain - odd).abs() < 1e-4, "{shape:?} in row {row}: {odd} for {plain}");
                }
            }
        }
    }
}

/// The sum first, then the bias, then relu, then the hyperbolic tangent and a residual, each rounded: the bits of separate
/// instructions.
#[test]
fn epilogues_have_the_bits_of_separate_instructions() {
    if !has_tiles() {
        return;
    }
    for (batch, extents) in [(1, [40, 50, 60]), (1, [130, 300, 520]), (2, [600, 1200, 100])] {
        let shape = shape(batch, extents, 0);
        let (a, b) = (numbers(batch * shape.m * shape.k, 1), numbers(batch * shape.k * shape.n, 2));
        let (bias, residual) = (numbers(shape.n, 3), numbers(batch * shape.m * shape.n, 4));
        let sums = by_parts(shape, Parts::Three, PLAIN, &[&a, &b]);
        for relu in [false, true] {
            let mut separate = sums.clone();
            for row in separate.chunks_mut(shape.n) {
                row.iter_mut().zip(&bias).for_each(|(sum, bias)| *sum += bias);
            }
            if relu {
                Unary::Relu.apply(Isa::Amx, &mut separate);
            }
            let epilogue = Epilogue { bias: true, relu, tape: None, pool: None };
            assert_eq!(by_parts(shape, Parts::Three, epilogue, &[&a, &b, &bias]), separate);

            Unary::Tanh.apply(Isa::Amx, &mut separate);
            separate.iter_mut().zip(&residual).for_each(|(value, residual)| *value += residual);
            let ops = vec![
                TapeOp { op: LaneOp::Unary(Unary::Tanh), operands: vec![Source::Input(0)], register: 0 },
                TapeOp {
                    op: LaneOp::Binary(Binary::Add),
                    operands: vec![Source::Register(0), Source::Input(1)],
                    register: 0,
                },
            ];
            let segment = Segment { rows: batch * shape.m, columns: shape.n, access: vec![Access::Full; 2] };
            let float = Dtype::Float32;
            let tape = Elementwise::new(Isa::Amx, ops, vec![float; 2], vec![(float, 0)], vec![segment]);
            let epilogue = Epilogue { bias: true, relu, tape: Some(tape), pool: None };
            assert_eq!(by_parts(shape, Parts::Three, epilogue, &[&a, &b, &bias, &residual]), separate);
        }
    }
}

/// Columns are cut first, rows where these are too few, and neither so far that little is left to use what was brought near.
#[test]
fn work_is_cut_by_columns_then_by_rows() {
    if !has_tiles() {
        return;
    }
    let chunks = |batch, extents| SplitMatmul::new(shape(batch, extents, 0), Parts::Two, PLAIN).phases[1];
    assert_eq!(chunks(1, [128, 128, 128]), 1);
    assert_eq!(chunks(1, [256, 256, 256]), 2);
    assert_eq!(chunks(1, [512, 512, 512]), 4);
    assert_eq!(chunks(1, [1024, 1024, 1024]), 8);
    assert_eq!(chunks(1, [2048, 2048, 2048]), 32);
    assert_eq!(chunks(1, [128, 512, 4096]), 4);
    assert_eq!(chunks(1, [512, 128, 4096]), 2);
    assert_eq!(chunks(1, [2048, 128, 4096]), 8);
    assert_eq!(chunks(64, [64, 64, 64]), 4);
}

#[test]
fn precision_and_shape_choose_the_kernel() {
    if !has_tiles() {
        return;
    }
    let name = |precision, extents| {
        crate::matmul::matmul(Isa::Amx, precision, shape(1, extents, 0), Epilogue::default()).name()
    };
    assert_eq!(name(Precision::Highest, [256, 4096, 256]), "matmulBf16x6");
    assert_eq!(name(Precision::Highest, [512, 512, 512]), "matmul");
    assert_eq!(name(Precision::Highest, [1024, 1024, 128]), "matmul");
    assert_eq!(name(Precision::High, [64, 64, 64]), "matmulBf16x3");
    assert_eq!(name(Precision::Medium, [64, 64, 64]), "matmulBf16");
    assert_eq!(name(Precision::Medium, [63, 64, 64]), "matmul");
}
