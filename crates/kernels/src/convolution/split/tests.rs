use super::super::tests::{axis, terms};
use super::super::{Axis, Convolution, convolution, convolution_input_gradient};
use super::*;
use crate::testing::{has_tiles, numbers, run_kernel};
use crate::{Access, Dtype, Elementwise, LaneOp, Segment, Source, TapeOp, Unary};

pub(super) const PARTS: [Parts; 3] = [Parts::One, Parts::Two, Parts::Three];
const DIRECTIONS: [Direction; 2] = [Direction::Forward, Direction::Backward];

pub(super) fn of(batch: usize, axes: [Axis; 3], channels: usize, filters: usize) -> Geometry {
    Geometry { batch, axes, channels, filters, groups: 1 }
}

fn geometries() -> Vec<Geometry> {
    let none = Axis::NONE;
    let same = |extent| axis(extent, 3, 1, 1, 1, 1);
    vec![
        of(2, [none, same(7), same(7)], 32, 33),
        of(1, [none, same(5), same(40)], 40, 70),
        of(2, [none, axis(6, 3, 1, 1, 0, 0), axis(9, 3, 1, 1, 0, 0)], 33, 32),
        of(1, [none, axis(9, 3, 2, 1, 1, 1), axis(10, 3, 2, 1, 0, 1)], 34, 40),
        of(1, [none, axis(8, 2, 3, 1, 0, 0), axis(9, 1, 2, 1, 0, 0)], 32, 5),
        of(1, [none, axis(9, 3, 1, 2, 2, 2), axis(9, 3, 1, 3, 1, 0)], 32, 32),
        of(2, [none, none, axis(50, 5, 1, 1, 4, 0)], 70, 40),
        of(1, [axis(4, 2, 1, 1, 0, 1), axis(5, 2, 2, 1, 0, 0), same(6)], 35, 20),
        of(1, [none, same(3), same(3)], 300, 3),
        // Of the gradient by the input, lines have more targets than sources lie from one line to the next.
        of(1, [none, axis(27, 3, 3, 4, 0, 0), axis(27, 3, 3, 4, 0, 0)], 32, 32),
    ]
}

fn elements(geometry: &Geometry, direction: Direction) -> [usize; 3] {
    let Sides { sources, targets, .. } = direction.sides(geometry);
    [sources, geometry.weights(), targets]
}

pub(super) fn run(kernel: &dyn Kernel, targets: usize, operands: &[&Vec<f32>]) -> Vec<f32> {
    let mut c = vec![f32::NAN; targets];
    let inputs: Vec<&dyn crate::testing::Memory> = operands.iter().map(|operand| *operand as _).collect();
    run_kernel(kernel, &inputs, &mut [&mut c]).expect("no error is possible");
    c
}

fn by_parts(geometry: Geometry, direction: Direction, parts: Parts, operands: &[&Vec<f32>]) -> Vec<f32> {
    let kernel = SplitConvolution::new(geometry, direction, parts, Epilogue::default());
    run(&kernel, elements(&geometry, direction)[2], operands)
}

fn directly(geometry: Geometry, direction: Direction, operands: &[&Vec<f32>]) -> Vec<f32> {
    let kernel = match direction {
        Direction::Forward => Convolution::forward(Isa::Avx512, geometry, Epilogue::default()),
        Direction::Backward => Convolution::input_gradient(Isa::Avx512, geometry, Epilogue::default()),
    };
    run(&kernel, elements(&geometry, direction)[2], operands)
}

/// Calls `visit` with every term: where its source, weight and target lie.
fn visit(geometry: &Geometry, direction: Direction, mut visit: impl FnMut(usize, usize, usize)) {
    terms(geometry, |x, k, o| match direction {
        Direction::Forward => visit(x, k, o),
        Direction::Backward => visit(o, k, x),
    });
}

/// The accuracy of so many parts, as for matrix products.
pub(super) fn bound(parts: Parts) -> f64 {
    match parts {
        Parts::One => 8e-3,
        Parts::Two => 4.8e-5,
        Parts::Three => 2e-6,
    }
}

/// Requires the accuracy of so many parts, relative to the sums of absolute terms, but for errors that do not matter.
fn check(
    geometry: &Geometry,
    direction: Direction,
    parts: Parts,
    a: &[f32],
    b: &[f32],
    c: &[f32],
    least: f64,
) {
    let (mut sums, mut magnitudes) = (vec![0.0f64; c.len()], vec![0.0f64; c.len()]);
    visit(geometry, direction, |i, j, o| {
        let term = f64::from(a[i]) * f64::from(b[j]);
        sums[o] += term;
        magnitudes[o] += term.abs();
    });
    for (index, &got) in c.iter().enumerate() {
        let error = (f64::from(got) - sums[index]).abs();
        assert!(
            error <= bound(parts) * magnitudes[index] + least,
            "{parts:?} {direction:?} {geometry:?} at {index}: {got} for {}",
            sums[index]
        );
    }
}

#[test]
fn convolutions_by_parts_are_right() {
    if !has_tiles() {
        return;
    }
    for geometry in geometries() {
        for direction in DIRECTIONS {
            let [sources, weights, _] = elements(&geometry, direction);
            let (a, b) = (numbers(sources, 1), numbers(weights, 2));
            for parts in PARTS {
                let c = by_parts(geometry, direction, parts, &[&a, &b]);
                check(&geometry, direction, parts, &a, &b, &c, 0.0);
            }
        }
    }
}

/// Pixels of very large and very small numbers side by side.
#[test]
fn badly_scaled_pixels() {
    if !has_tiles() {
        return;
    }
    let scales = [1e30, 1e-30, 1.0, 1e-36, 1e15, 1e-20, 3e38, 1e-37];
    for geometry in &geometries()[..4] {
        for direction in DIRECTIONS {
            let [sources, weights, _] = elements(geometry, direction);
            let channels = direction.sides(geometry).channels;
            let mut a = numbers(sources, 1);
            let b: Vec<f32> = numbers(weights, 2).iter().map(|x| x * 1e-3).collect();
            // Whole lines keep one scale, so that some have parts and others have none.
            let line = 5 * channels;
            a.iter_mut().enumerate().for_each(|(index, x)| *x *= scales[index / line % scales.len()]);
            let c = by_parts(*geometry, direction, Parts::Three, &[&a, &b]);
            // Sums below what f32 can hold as normal numbers are beside the point.
            check(geometry, direction, Parts::Three, &a, &b, &c, 1e-36);
        }
    }
}

/// All 24 bits of a weight are in its parts.
#[test]
fn one_hot_sources_give_the_bits_of_the_weights() {
    if !has_tiles() {
        return;
    }
    let scales = [1.0, 1e30, 1e-30, 3.4e38, 1e-37, 7.0];
    for geometry in geometries() {
        for direction in DIRECTIONS {
            let [sources, weights, targets] = elements(&geometry, direction);
            let mut b = numbers(weights, 3);
            b.iter_mut().enumerate().for_each(|(index, x)| *x *= scales[index % scales.len()]);
            let mut a = vec![0.0; sources];
            let hot = sources / 2;
            a[hot] = 1.0;
            let mut expected = vec![0.0f32; targets];
            visit(&geometry, direction, |i, j, o| {
                if i == hot {
                    expected[o] = b[j];
                }
            });
            let c = by_parts(geometry, direction, Parts::Three, &[&a, &b]);
            for (index, (got, expected)) in c.iter().zip(&expected).enumerate() {
                assert_eq!(got, expected, "{direction:?} {geometry:?} at {index}");
            }
        }
    }
}

/// Infinities and NaN are where multiply-adds have them; one number near the end of the range leaves it in no order of the terms.
#[test]
fn infinities_and_nan() {
    if !has_tiles() {
        return;
    }
    let odd = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX];
    for geometry in geometries() {
        for direction in DIRECTIONS {
            let [sources, weights, _] = elements(&geometry, direction);
            let (mut a, b) = (numbers(sources, 1), numbers(weights, 2));
            for (index, x) in odd.iter().enumerate() {
                a[sources * (index + 1) / 11] = *x;
            }
            let expected = directly(geometry, direction, &[&a, &b]);
            let got = by_parts(geometry, direction, Parts::Three, &[&a, &b]);
            for (index, (expected, got)) in expected.iter().zip(&got).enumerate() {
                assert_eq!(expected.is_nan(), got.is_nan(), "{direction:?} {geometry:?} at {index}");
                if expected.is_infinite() {
                    assert_eq!(expected, got, "{direction:?} {geometry:?} at {index}");
                }
            }
        }
    }
    // Without zeros around the sources, weights too.
    let geometry = geometries()[2];
    let [sources, weights, _] = elements(&geometry, Direction::Forward);
    let (a, mut b) = (numbers(sources, 1), numbers(weights, 2));
    b[weights / 2] = f32::INFINITY;
    let got = by_parts(geometry, Direction::Forward, Parts::Two, &[&a, &b]);
    let expected = directly(geometry, Direction::Forward, &[&a, &b]);
    assert!(got.iter().any(|x| x.is_infinite()) && got.iter().any(|x| x.is_finite()));
    assert!(got.iter().zip(&expected).all(|(got, expected)| got.is_finite() == expected.is_finite()));
}

/// The sum first, then the bias, then relu, then the hyperbolic tangent, each rounded: the bits of separate instructions.
#[test]
fn epilogues_have_the_bits_of_separate_instructions() {
    if !has_tiles() {
        return;
    }
    for geometry in &geometries()[..3] {
        let [sources, weights, targets] = elements(geometry, Direction::Forward);
        let (a, b, bias) = (numbers(sources, 1), numbers(weights, 2), numbers(geometry.filters, 3));
        let mut separate = by_parts(*geometry, Direction::Forward, Parts::Two, &[&a, &b]);
        for row in separate.chunks_mut(geometry.filters) {
            row.iter_mut().zip(&bias).for_each(|(sum, bias)| *sum += bias);
        }
        Unary::Relu.apply(Isa::Amx, &mut separate);
        let kernel = |tape| {
            let epilogue = Epilogue { bias: true, relu: true, tape, pool: None };
            SplitConvolution::new(*geometry, Direction::Forward, Parts::Two, epilogue)
        };
        assert_eq!(run(&kernel(None), targets, &[&a, &b, &bias]), separate);
        Unary::Tanh.apply(Isa::Amx, &mut separate);
        let ops =
            vec![TapeOp { op: LaneOp::Unary(Unary::Tanh), operands: vec![Source::Input(0)], register: 0 }];
        let rows = targets / geometry.filters;
        let segment = Segment { rows, columns: geometry.filters, access: vec![Access::Full] };
        let float = Dtype::Float32;
        let tape = Elementwise::new(Isa::Amx, ops, vec![float], vec![(float, 0)], vec![segment]);
        assert_eq!(run(&kernel(Some(tape)), targets, &[&a, &b, &bias]), separate);
    }
}

#[test]
fn precision_and_shape_choose_the_kernel() {
    if !has_tiles() {
        return;
    }
    let names = |precision, axis, channels, filters| {
        let geometry = of(8, [Axis::NONE, axis, axis], channels, filters);
        let forward = convolution(Isa::Amx, precision, geometry, Epilogue::default()).name();
        (forward, convolution_input_gradient(Isa::Amx, precision, geometry, Epilogue::default()).name())
    };
    let name = |precision, channels, filters| names(precision, axis(16, 3, 1, 1, 1, 1), channels, filters);
    let direct = ("convolution", "convolutionInputGradient");
    assert_eq!(name(Precision::Highest, 32, 64), ("convolutionBf16x6", "convolutionInputGradientBf16x6"));
    assert_eq!(name(Precision::Highest, 16, 64), direct);
    // A third of the rows of tiles would be of no targets, or most.
    assert_eq!(names(Precision::Highest, axis(8, 3, 1, 1, 1, 1), 64, 64), direct);
    assert_eq!(names(Precision::Highest, axis(18, 3, 2, 1, 0, 0), 64, 64), direct);
    // Sources that are used for few products are not worth splitting.
    assert_eq!(
        names(Precision::Highest, axis(16, 1, 1, 1, 0, 0), 256, 64),
        ("convolution", "convolutionInputGradientBf16x6")
    );
    assert_eq!(name(Precision::High, 64, 64), ("convolutionBf16x3", "convolutionInputGradientBf16x3"));
    assert_eq!(name(Precision::Medium, 32, 32), ("convolutionBf16", "convolutionInputGradientBf16"));
    assert_eq!(name(Precision::Medium, 3, 64), direct);
    // What would not fill the tiles may need fewer multiplications.
    assert_eq!(name(Precision::Medium, 33, 64), ("convolutionWinograd", "convolutionInputGradientBf16"));
}
