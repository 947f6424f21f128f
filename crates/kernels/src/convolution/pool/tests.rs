use super::super::tests::axis;
use super::super::{Axis, Geometry, convolution};
use super::{MaxPool, MaxPooling};
use crate::isa::Isa;
use crate::kernel::Kernel;
use crate::matmul::{Epilogue, Precision};
use crate::testing::{Memory, numbers, run_kernel};

/// A pooling over lines and pixels.
fn pooled(batch: usize, lines: Axis, pixels: Axis, channels: usize) -> Geometry {
    Geometry { batch, axes: [Axis::NONE, lines, pixels], channels, filters: channels, groups: channels }
}

fn poolings() -> Vec<Geometry> {
    vec![
        pooled(3, axis(8, 2, 2, 1, 0, 0), axis(10, 2, 2, 1, 0, 0), 19),
        pooled(2, axis(9, 2, 2, 1, 0, 1), axis(11, 3, 3, 1, 1, 1), 37),
        pooled(2, axis(9, 3, 2, 1, 1, 1), axis(11, 3, 1, 1, 1, 1), 70),
        pooled(1, axis(7, 1, 2, 1, 0, 0), axis(7, 2, 3, 1, 0, 0), 5),
    ]
}

/// Some numbers that are equal, and some of several kinds that are not numbers.
fn awkward(count: usize) -> Vec<f32> {
    let nans = [0x7FC0_0000, 0xFFC0_0000, 0x7FC0_0001].map(f32::from_bits);
    let coarse = |(index, value): (usize, f32)| match index % 5 {
        3 => nans[index % 3],
        _ => (4.0 * value).round(),
    };
    numbers(count, 1).into_iter().enumerate().map(coarse).collect()
}

fn floats(kernel: &dyn Kernel, operands: &[&dyn Memory], count: usize) -> Vec<f32> {
    let mut output = vec![f32::NAN; count];
    run_kernel(kernel, operands, &mut [&mut output]).unwrap();
    output
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn gradients_from_places_are_those_from_inputs() {
    for (isa, geometry) in
        Isa::available().into_iter().flat_map(|isa| poolings().into_iter().map(move |of| (isa, of)))
    {
        let (inputs, gradients) = (awkward(geometry.inputs()), numbers(geometry.outputs(), 2));
        let value = MaxPool::new(isa, geometry, MaxPooling::Value);
        let values = floats(&value, &[&inputs], geometry.outputs());
        for pooling in [MaxPooling::Gradient, MaxPooling::ReluGradient] {
            let gradient = MaxPool::new(isa, geometry, pooling);
            let expected = floats(&gradient, &[&inputs, &gradients], geometry.inputs());
            let [with_places, from_places] = value.with_places(&gradient).unwrap();
            let (mut output, mut places) =
                (vec![f32::NAN; geometry.outputs()], vec![77u8; geometry.outputs()]);
            run_kernel(&with_places, &[&inputs], &mut [&mut output, &mut places]).unwrap();
            assert_eq!(bits(&output), bits(&values));
            let output = floats(&from_places, &[&places, &gradients], geometry.inputs());
            assert_eq!(bits(&output), bits(&expected));
        }
    }
}

#[test]
fn only_a_pair_has_places() {
    let isa = Isa::best();
    let make = |geometry, pooling| MaxPool::new(isa, geometry, pooling);
    let [first, second] = [poolings()[0], poolings()[1]];
    let value = make(first, MaxPooling::Value);
    assert!(value.with_places(&make(second, MaxPooling::Gradient)).is_none());
    assert!(value.with_places(&make(first, MaxPooling::Select)).is_none());
    assert!(make(first, MaxPooling::Gradient).with_places(&value).is_none());
    // More places than a byte counts.
    let wide = pooled(1, axis(32, 16, 16, 1, 0, 0), axis(32, 16, 16, 1, 0, 0), 3);
    assert!(make(wide, MaxPooling::Value).with_places(&make(wide, MaxPooling::Gradient)).is_none());
}

/// A convolution with so many lines and pixels of outputs.
fn before(pooling: &Geometry, channels: usize) -> Geometry {
    let axes = pooling.axes.map(|pooled| match pooled {
        Axis::NONE => Axis::NONE,
        _ => axis(pooled.input, 3, 1, 1, 1, 1),
    });
    Geometry { batch: pooling.batch, axes, channels, filters: pooling.channels, groups: 1 }
}

#[test]
fn convolutions_pool_with_the_bits_of_separate_kernels() {
    let pair = axis(2, 2, 2, 1, 0, 0);
    let geometries = [
        (pooled(3, axis(10, 2, 2, 1, 0, 0), axis(8, 2, 2, 1, 0, 0), 20), 3),
        (pooled(2, axis(11, 2, 2, 1, 0, 0), axis(13, 3, 3, 1, 1, 0), 37), 32),
        (pooled(3, axis(9, 2, 2, 1, 0, 1), axis(10, 1, 2, 1, 0, 0), 32), 34),
        (pooled(1, axis(41, 2, 2, 1, 0, 0), axis(40, 2, 2, 1, 0, 0), 33), 33),
        (pooled(1, axis(61, 2, 2, 1, 0, 0), axis(30, 2, 2, 1, 0, 0), 33), 33),
        (pooled(2, axis(9, 2, 2, 1, 0, 1), axis(8, 2, 2, 1, 0, 0), 64), 64),
        (pooled(40, pair, axis(3, 2, 2, 1, 0, 0), 48), 32),
    ];
    let precisions = [Precision::Highest, Precision::High, Precision::Medium];
    let cases = geometries.into_iter().flat_map(|case| precisions.map(|precision| (case, precision)));
    for (isa, ((pooling, channels), precision)) in
        Isa::available().into_iter().flat_map(|isa| cases.clone().map(move |case| (isa, case)))
    {
        let geometry = before(&pooling, channels);
        let (mut inputs, mut weights) = (numbers(geometry.inputs(), 1), numbers(geometry.weights(), 2));
        let bias = numbers(geometry.filters, 3);
        // Sums with infinities show which zeros around the images are added.
        (inputs[geometry.inputs() / 2], weights[geometry.weights() - 1]) = (f32::NAN, f32::INFINITY);
        let epilogue = |relu, pool| Epilogue { bias: true, relu, tape: None, pool };
        let value = MaxPool::new(isa, pooling, MaxPooling::Value);
        let gradient = MaxPool::new(isa, pooling, MaxPooling::ReluGradient);
        let [with_places, _] = value.with_places(&gradient).unwrap();
        for relu in [false, true] {
            let operands: [&dyn Memory; 3] = [&inputs, &weights, &bias];
            let separate = convolution(isa, precision, geometry, epilogue(relu, None));
            let outputs = floats(&*separate, &operands, geometry.outputs());
            let (mut expected, mut expected_places) =
                (vec![f32::NAN; pooling.outputs()], vec![77u8; pooling.outputs()]);
            run_kernel(&with_places, &[&outputs], &mut [&mut expected, &mut expected_places]).unwrap();

            let what = format!("{isa:?} {precision:?} {geometry:?}");
            assert!(value.can_follow(&geometry), "{what}");
            let joined = convolution(isa, precision, geometry, epilogue(relu, Some(value.clone())));
            assert_eq!(joined.name(), separate.name());
            assert_eq!(bits(&floats(&*joined, &operands, pooling.outputs())), bits(&expected), "{what}");
            let joined = convolution(isa, precision, geometry, epilogue(relu, Some(with_places.clone())));
            let (mut output, mut places) = (vec![f32::NAN; pooling.outputs()], vec![77u8; pooling.outputs()]);
            run_kernel(&*joined, &operands, &mut [&mut output, &mut places]).unwrap();
            assert_eq!((bits(&output), places), (bits(&expected), expected_places), "{what}");
        }
    }
}

#[test]
fn only_pairs_of_lines_follow_a_convolution() {
    let can_follow = |pooling: Geometry, convolution: &Geometry, kind| {
        MaxPool::new(Isa::best(), pooling, kind).can_follow(convolution)
    };
    let good = pooled(3, axis(10, 2, 2, 1, 0, 0), axis(8, 2, 2, 1, 0, 0), 20);
    let geometry = before(&good, 3);
    assert!(can_follow(good, &geometry, MaxPooling::Value));
    assert!(!can_follow(good, &geometry, MaxPooling::Gradient));
    assert!(!can_follow(Geometry { batch: 2, ..good }, &geometry, MaxPooling::Value));
    // As many outputs, in other lines.
    let other = pooled(3, axis(8, 2, 2, 1, 0, 0), axis(10, 2, 2, 1, 0, 0), 20);
    assert!(!can_follow(other, &geometry, MaxPooling::Value));
    // One image, of which a band has one line so that there are enough for many threads.
    let few = pooled(1, axis(7, 2, 2, 1, 0, 0), axis(300, 2, 2, 1, 0, 0), 64);
    assert!(!can_follow(few, &before(&few, 160), MaxPooling::Value));
    for lines in [axis(10, 3, 3, 1, 0, 0), axis(10, 3, 2, 1, 0, 0), axis(10, 2, 2, 1, 1, 0)] {
        let pooling = pooled(3, lines, axis(8, 2, 2, 1, 0, 0), 20);
        assert!(!can_follow(pooling, &before(&pooling, 3), MaxPooling::Value));
    }
}
