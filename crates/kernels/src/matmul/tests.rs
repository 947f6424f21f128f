use super::*;
use crate::kernel::Buffer;
use crate::testing::{numbers, run_kernel};
use crate::{Access, Binary, Compare, Dtype, Elementwise, LaneOp, Segment, Source, TapeOp, Unary};

/// A product and its operands.
struct Case {
    shape: Shape,
    a: Vec<f32>,
    b: Vec<f32>,
    bias: Vec<f32>,
}

impl Case {
    fn new(batch: usize, [m, n, k]: [usize; 3], transpose_a: bool, transpose_b: bool) -> Self {
        let shape = Shape { batch, m, n, k, transpose_a, transpose_b };
        Case { shape, a: numbers(batch * m * k, 1), b: numbers(batch * k * n, 2), bias: numbers(n, 3) }
    }

    fn run(&self, isa: Isa, epilogue: Epilogue) -> Vec<f32> {
        let Shape { batch, m, n, .. } = self.shape;
        let bias = epilogue.bias;
        let kernel = Matmul::new(isa, self.shape, epilogue);
        let mut c = vec![f32::NAN; batch * m * n];
        match bias {
            true => run_kernel(&kernel, &[&self.a, &self.b, &self.bias], &mut [&mut c]),
            false => run_kernel(&kernel, &[&self.a, &self.b], &mut [&mut c]),
        }
        .expect("no error is possible");
        c
    }

    fn a(&self, matrix: usize, row: usize, p: usize) -> f32 {
        let Shape { m, k, transpose_a, .. } = self.shape;
        self.a[matrix * m * k + if transpose_a { p * m + row } else { row * k + p }]
    }

    fn b(&self, matrix: usize, p: usize, column: usize) -> f32 {
        let Shape { n, k, transpose_b, .. } = self.shape;
        self.b[matrix * k * n + if transpose_b { column * k + p } else { p * n + column }]
    }

    /// Compares with sums in f64, relative to the sums of absolute terms.
    fn check(&self, c: &[f32]) {
        let Shape { batch, m, n, k, .. } = self.shape;
        assert_eq!(c.len(), batch * m * n);
        for (index, &got) in c.iter().enumerate() {
            let (matrix, row, column) = (index / (m * n), index / n % m, index % n);
            let (mut sum, mut magnitude) = (0.0f64, 0.0f64);
            for p in 0..k {
                let term = f64::from(self.a(matrix, row, p)) * f64::from(self.b(matrix, p, column));
                sum += term;
                magnitude += term.abs();
            }
            let error = (f64::from(got) - sum).abs();
            assert!(error <= 2e-6 * magnitude, "{:?} at {row}, {column}: {got} for {sum}", self.shape);
        }
    }
}

fn each_form(mut check: impl FnMut(Isa, bool, bool)) {
    for isa in Isa::available() {
        for form in 0..4 {
            check(isa, form & 1 != 0, form & 2 != 0);
        }
    }
}

const PLAIN: Epilogue = Epilogue { bias: false, relu: false, tape: None, pool: None };

#[test]
fn every_edge_of_a_tile() {
    let extents = [1, 2, 3, 5, 7, 13, 14, 15, 16, 17, 31, 32, 33];
    each_form(|isa, transpose_a, transpose_b| {
        for m in extents {
            for n in extents {
                for k in [0, 1, 2, 5, 16, 17, 33] {
                    let case = Case::new(1, [m, n, k], transpose_a, transpose_b);
                    case.check(&case.run(isa, PLAIN));
                }
            }
        }
    });
}

#[test]
fn every_path_of_the_blocking() {
    let shapes = [
        [32, 64, 64],
        [64, 65, 127],
        [127, 64, 257],
        [257, 65, 64],
        [1, 257, 600],
        [2, 200, 70],
        [4, 257, 600],
        [14, 130, 513],
        [257, 10, 300],
        [360, 257, 65],
        [130, 300, 520],
    ];
    each_form(|isa, transpose_a, transpose_b| {
        for shape in shapes {
            let case = Case::new(1, shape, transpose_a, transpose_b);
            case.check(&case.run(isa, PLAIN));
        }
    });
}

#[test]
fn products_of_the_other_order_have_the_same_bits() {
    each_form(|isa, transpose_a, transpose_b| {
        for (batch, [m, n, k]) in [(1, [5, 70, 300]), (3, [33, 17, 40]), (1, [130, 150, 300])] {
            let case = Case::new(batch, [m, n, k], transpose_a, transpose_b);
            let Case { shape, a, b, bias } = Case::new(batch, [m, n, k], transpose_a, transpose_b);
            let turned = Case { shape: shape.transposed(), a: b, b: a, bias }.run(isa, PLAIN);
            let product = case.run(isa, PLAIN);
            for (index, value) in product.iter().enumerate() {
                let (matrix, row, column) = (index / (m * n), index / n % m, index % n);
                let other = turned[(matrix * n + column) * m + row];
                assert_eq!(value.to_bits(), other.to_bits(), "{isa:?} {shape:?} at {row}, {column}");
            }
        }
    });
}

#[test]
fn batches() {
    each_form(|isa, transpose_a, transpose_b| {
        for (batch, shape) in
            [(3, [5, 7, 9]), (70, [33, 17, 40]), (3, [70, 100, 300]), (2, [0, 3, 3]), (0, [3, 3, 3])]
        {
            let case = Case::new(batch, shape, transpose_a, transpose_b);
            case.check(&case.run(isa, PLAIN));
        }
    });
}

#[test]
fn empty_extents() {
    each_form(|isa, transpose_a, transpose_b| {
        for shape in [[0, 5, 5], [5, 0, 5], [0, 0, 0]] {
            assert!(Case::new(1, shape, transpose_a, transpose_b).run(isa, PLAIN).is_empty());
        }
        for shape in [[5, 40, 0], [100, 100, 0]] {
            let case = Case::new(1, shape, transpose_a, transpose_b);
            assert!(case.run(isa, PLAIN).iter().all(|&sum| sum == 0.0));
            let biased = case.run(isa, Epilogue { bias: true, ..PLAIN });
            assert!(biased.chunks(shape[1]).all(|row| row == case.bias));
        }
    });
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

const SHAPES: [(usize, [usize; 3]); 8] = [
    (1, [3, 5, 7]),
    (1, [33, 70, 300]),
    (1, [130, 300, 520]),
    (1, [400, 64, 20]),
    (1, [3, 1200, 9]),
    (5, [17, 33, 40]),
    (3, [70, 200, 300]),
    (2, [400, 340, 40]),
];

/// The sum first, then the bias, then relu, each rounded: the bits of three instructions.
#[test]
fn bias_and_relu_have_the_bits_of_separate_instructions() {
    for isa in Isa::available() {
        for (batch, shape) in SHAPES {
            let case = Case::new(batch, shape, false, false);
            let sums = case.run(isa, PLAIN);
            for (bias, relu) in [(true, false), (false, true), (true, true)] {
                let mut separate = sums.clone();
                if bias {
                    for row in separate.chunks_mut(shape[1]) {
                        row.iter_mut().zip(&case.bias).for_each(|(sum, bias)| *sum += bias);
                    }
                }
                if relu {
                    Unary::Relu.apply(isa, &mut separate);
                }
                let fused = case.run(isa, Epilogue { bias, relu, tape: None, pool: None });
                assert_eq!(bits(&fused), bits(&separate), "{isa:?} {batch} {shape:?} {bias} {relu}");
            }
        }
    }
}

/// A tape that reads a product with operands of every kind: what is less than a column, scaled by a scalar and a row and added
/// to a whole matrix; the sigmoid of that; and where it was less.
fn tape(isa: Isa, shape: &Shape) -> Elementwise {
    use Source::{Input, Register};
    let op = |op, operands: &[Source], register| TapeOp { op, operands: operands.to_vec(), register };
    let binary = |binary, a, b, register| op(LaneOp::Binary(binary), &[a, b], register);
    let tape = vec![
        op(LaneOp::Compare(Compare::Less), &[Input(0), Input(1)], 0),
        binary(Binary::Multiply, Input(0), Input(2), 1),
        binary(Binary::Multiply, Register(1), Input(3), 1),
        op(LaneOp::Select, &[Register(0), Register(1), Input(0)], 1),
        binary(Binary::Add, Register(1), Input(4), 2),
        op(LaneOp::Unary(Unary::Sigmoid), &[Register(2)], 3),
    ];
    let (float, bool) = (Dtype::Float32, Dtype::Bool);
    let access = vec![Access::Full, Access::Column, Access::Scalar, Access::Row, Access::Full];
    let segment = Segment { rows: shape.batch * shape.m, columns: shape.n, access };
    Elementwise::new(isa, tape, vec![float; 5], vec![(float, 2), (float, 3), (bool, 0)], vec![segment])
}

#[test]
fn tapes_have_the_bits_of_separate_instructions() {
    each_form(|isa, transpose_a, transpose_b| {
        for (batch, shape) in SHAPES {
            let case = Case::new(batch, shape, transpose_a, transpose_b);
            let [m, n, _] = shape;
            let (column, row, whole) = (numbers(batch * m, 4), numbers(n, 5), numbers(batch * m * n, 6));
            let scalar = vec![0.75];
            let outputs = || (vec![0f32; batch * m * n], vec![0f32; batch * m * n], vec![9u8; batch * m * n]);

            let product = case.run(isa, Epilogue { bias: true, relu: true, tape: None, pool: None });
            let mut separate = outputs();
            let (sum, sigmoid, less) = (&mut separate.0, &mut separate.1, &mut separate.2);
            run_kernel(
                &tape(isa, &case.shape),
                &[&product, &column, &scalar, &row, &whole],
                &mut [sum, sigmoid, less],
            )
            .expect("no error is possible");

            let epilogue =
                Epilogue { bias: true, relu: true, tape: Some(tape(isa, &case.shape)), pool: None };
            let kernel = Matmul::new(isa, case.shape, epilogue);
            let mut fused = outputs();
            let (sum, sigmoid, less) = (&mut fused.0, &mut fused.1, &mut fused.2);
            run_kernel(
                &kernel,
                &[&case.a, &case.b, &case.bias, &column, &scalar, &row, &whole],
                &mut [sum, sigmoid, less],
            )
            .expect("no error is possible");
            let context = format!("{isa:?} {batch} {shape:?}");
            assert_eq!(bits(&fused.0), bits(&separate.0), "{context}");
            assert_eq!(bits(&fused.1), bits(&separate.1), "{context}");
            assert_eq!(fused.2, separate.2, "{context}");
        }
    });
}

/// Of two panels of rows and two of columns, where blocks of thousands of rows have several.
#[test]
fn pieces_have_the_bits_of_whole_blocks() {
    each_form(|isa, transpose_a, transpose_b| {
        for shape in [[70, 200, 60], [70, 203, 600], [130, 96, 300]] {
            let case = Case::new(1, shape, transpose_a, transpose_b);
            let [m, n, _] = shape;
            let (column, row, whole) = (numbers(m, 4), numbers(n, 5), numbers(m * n, 6));
            let scalar = vec![0.75];
            for has_tape in [false, true] {
                let epilogue = || {
                    let tape = has_tape.then(|| tape(isa, &case.shape));
                    Epilogue { bias: true, relu: true, tape, pool: None }
                };
                let mut blocking = Blocking::new(&case.shape, tile_size(isa, &case.shape), &epilogue());
                blocking.block_rows = Split::new(blocking.row_panels.parts, 2);
                blocking.block_columns = Split::new(n.div_ceil(blocking.column_panel), 1);
                blocking.chunks = Split::new(2, 1);
                blocking.piece = [2, 2];
                blocking.keep_b = has_tape;
                assert!(blocking.pack_b, "B is packed");
                let pieces = Matmul::with_blocking(isa, case.shape, blocking, epilogue());
                let [expected, actual] = [Matmul::new(isa, case.shape, epilogue()), pieces].map(|kernel| {
                    let mut outputs = (vec![0f32; m * n], vec![0f32; m * n], vec![9u8; m * n]);
                    let (sum, sigmoid, less) = (&mut outputs.0, &mut outputs.1, &mut outputs.2);
                    let Case { a, b, bias, .. } = &case;
                    match has_tape {
                        true => run_kernel(
                            &kernel,
                            &[a, b, bias, &column, &scalar, &row, &whole],
                            &mut [sum, sigmoid, less],
                        ),
                        false => run_kernel(&kernel, &[a, b, bias], &mut [sum]),
                    }
                    .expect("no error is possible");
                    (bits(&outputs.0), bits(&outputs.1), outputs.2)
                });
                assert!(actual == expected, "{isa:?} {shape:?} {transpose_a} {transpose_b} {has_tape}");
            }
        }
    });
}

/// Momentum: v = 0.9 v + the product, in the memory of v.
#[test]
fn outputs_may_take_the_place_of_whole_operands() {
    use Source::{Input, Register};
    for isa in Isa::available() {
        for (_, [m, n, k]) in SHAPES {
            let case = Case::new(1, [m, n, k], true, false);
            let ops = vec![
                TapeOp {
                    op: LaneOp::Binary(Binary::Multiply),
                    operands: vec![Input(1), Input(2)],
                    register: 0,
                },
                TapeOp {
                    op: LaneOp::Binary(Binary::Add),
                    operands: vec![Register(0), Input(0)],
                    register: 0,
                },
            ];
            let access = vec![Access::Full, Access::Full, Access::Scalar];
            let segment = Segment { rows: m, columns: n, access };
            let float = Dtype::Float32;
            let tape = Elementwise::new(isa, ops, vec![float; 3], vec![(float, 0)], vec![segment]);
            let mut velocity = numbers(m * n, 7);
            let product = case.run(isa, PLAIN);
            let expected: Vec<f32> = velocity.iter().zip(&product).map(|(v, g)| v * 0.9 + g).collect();

            let kernel = Matmul::new(isa, case.shape, Epilogue { tape: Some(tape), ..PLAIN });
            assert!(kernel.may_alias(0, 2) && !kernel.may_alias(0, 3));
            assert!(!kernel.may_alias(0, 0) && !kernel.may_alias(0, 1));
            let (mut a, mut b, mut momentum) = (case.a.clone(), case.b.clone(), vec![0.9f32]);
            let buffer = |values: &mut Vec<f32>| {
                // SAFETY: the vectors outlive the run, which alone uses them.
                unsafe { Buffer::new(values.as_mut_ptr().cast(), values.len() * 4) }
            };
            let inputs = [&mut a, &mut b, &mut velocity, &mut momentum].map(buffer);
            let Scratch { shared, private } = kernel.scratch();
            let mut shared = vec![0f32; shared];
            let operands =
                Operands { inputs: &inputs, outputs: &inputs[2..3], shared: buffer(&mut shared), ahead: &[] };
            let mut private = vec![0f32; private];
            for (phase, &chunks) in kernel.phases().iter().enumerate() {
                for chunk in 0..chunks {
                    kernel.run(phase as u32, chunk, &operands, &mut private).expect("no error is possible");
                }
            }
            assert_eq!(bits(&velocity), bits(&expected), "{isa:?} {m} {n} {k}");
        }
    }
}

#[test]
#[should_panic(expected = "the tape has the rows of the product")]
fn tapes_of_other_shapes_are_rejected() {
    let (shape, other) =
        (Case::new(1, [4, 4, 4], false, false).shape, Case::new(1, [4, 5, 4], false, false).shape);
    let epilogue = Epilogue { tape: Some(tape(Isa::Portable, &other)), ..PLAIN };
    Matmul::new(Isa::Portable, shape, epilogue);
}

#[test]
#[should_panic(expected = "an input has its elements")]
fn short_operands_of_tapes_panic() {
    let case = Case::new(1, [4, 4, 4], false, false);
    let epilogue = Epilogue { tape: Some(tape(Isa::Portable, &case.shape)), ..PLAIN };
    let kernel = Matmul::new(Isa::Portable, case.shape, epilogue);
    let (column, row, scalar, short) = (numbers(4, 4), numbers(4, 5), vec![0.75f32], numbers(15, 6));
    let (mut sum, mut sigmoid, mut less) = (vec![0f32; 16], vec![0f32; 16], vec![0u8; 16]);
    let _ = run_kernel(
        &kernel,
        &[&case.a, &case.b, &column, &scalar, &row, &short],
        &mut [&mut sum, &mut sigmoid, &mut less],
    );
}

/// A negative sum that underflows is -0 where multiply-adds are fused, and relu makes +0 of it.
#[test]
fn relu_has_the_bits_of_a_separate_instruction_at_zero() {
    for isa in Isa::available() {
        let mut case = Case::new(1, [3, 5, 7], false, false);
        case.a.fill(1e-30);
        case.b.fill(-1e-30);
        let fused = case.run(isa, Epilogue { relu: true, ..PLAIN });
        assert!(fused.iter().all(|value| value.to_bits() == 0), "{isa:?}");
    }
}

/// An element has the same bits in a small product, read in place, as in a large one of the same k, packed and cut.
#[test]
fn bits_do_not_depend_on_the_position() {
    each_form(|isa, transpose_a, transpose_b| {
        let large = Case::new(1, [200, 150, 600], transpose_a, transpose_b);
        let small = {
            let mut small = Case::new(1, [2, 3, 600], transpose_a, transpose_b);
            for p in 0..600 {
                for row in 0..2 {
                    small.a[if transpose_a { p * 2 + row } else { row * 600 + p }] = large.a(0, 187 + row, p);
                }
                for column in 0..3 {
                    small.b[if transpose_b { column * 600 + p } else { p * 3 + column }] =
                        large.b(0, p, 130 + column);
                }
            }
            small
        };
        let (large, small) = (large.run(isa, PLAIN), small.run(isa, PLAIN));
        for row in 0..2 {
            for column in 0..3 {
                let (large, small) = (large[(187 + row) * 150 + 130 + column], small[row * 3 + column]);
                assert_eq!(large.to_bits(), small.to_bits());
            }
        }
    });
}

#[test]
fn nan_and_infinity_reach_their_row_and_column_only() {
    for isa in Isa::available() {
        let mut case = Case::new(1, [20, 40, 30], false, false);
        case.a[3 * 30 + 5] = f32::NAN;
        case.b[7 * 40 + 38] = f32::INFINITY;
        let c = case.run(isa, Epilogue { relu: true, ..PLAIN });
        for (index, &value) in c.iter().enumerate() {
            let (row, column) = (index / 40, index % 40);
            if row == 3 {
                assert!(value.is_nan());
            } else if column == 38 {
                assert_eq!(value, if case.a[row * 30 + 7] > 0.0 { f32::INFINITY } else { 0.0 });
            } else {
                assert!(value.is_finite());
            }
        }
    }
}

#[test]
#[should_panic(expected = "the elements of B")]
fn wrong_operands_panic() {
    let mut case = Case::new(1, [4, 4, 4], false, false);
    case.b.pop();
    case.run(Isa::Portable, PLAIN);
}

#[test]
#[should_panic(expected = "a size fits")]
fn impossible_sizes_panic() {
    let (batch, m, n) = (1 << 30, 1 << 30, 1 << 30);
    let shape = Shape { batch, m, n, k: 1, transpose_a: false, transpose_b: false };
    Matmul::new(Isa::Portable, shape, PLAIN);
}
