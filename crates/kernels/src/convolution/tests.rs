use super::{Axis, Convolution, ConvolutionKernelGradient, Depthwise, DepthwiseKernelGradient, Geometry};
use crate::isa::Isa;
use crate::kernel::Kernel;
use crate::matmul::Epilogue;
use crate::testing::{numbers, run_kernel};

/// Calls `visit` with every term of the convolution: where its input, weight and output lie.
pub(super) fn terms(geometry: &Geometry, mut visit: impl FnMut(usize, usize, usize)) {
    let Geometry { batch, axes, channels, filters, groups } = *geometry;
    let (group, of_group) = (channels / groups, filters / groups);
    let places = |axis: Axis| {
        (0..axis.output).flat_map(move |o| (0..axis.window).map(move |k| (o, k))).filter_map(move |(o, k)| {
            let x = (o * axis.stride + k * axis.dilation).checked_sub(axis.low)?;
            (x < axis.input).then_some((o, k, x))
        })
    };
    for image in 0..batch {
        for (o0, k0, x0) in places(axes[0]) {
            for (o1, k1, x1) in places(axes[1]) {
                for (o2, k2, x2) in places(axes[2]) {
                    let x = ((image * axes[0].input + x0) * axes[1].input + x1) * axes[2].input + x2;
                    let o = ((image * axes[0].output + o0) * axes[1].output + o1) * axes[2].output + o2;
                    let k = (k0 * axes[1].window + k1) * axes[2].window + k2;
                    for filter in 0..filters {
                        for channel in 0..group {
                            let source = x * channels + filter / of_group * group + channel;
                            visit(source, (k * group + channel) * filters + filter, o * filters + filter);
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn axis(
    input: usize,
    window: usize,
    stride: usize,
    dilation: usize,
    low: usize,
    high: usize,
) -> Axis {
    let output = (low + input + high).saturating_sub((window - 1) * dilation + 1) / stride + 1;
    Axis { input, output, window, stride, dilation, low }
}

fn geometries() -> Vec<Geometry> {
    let same = axis(9, 3, 1, 1, 1, 1);
    let of = |batch, axes: [Axis; 3], channels, filters, groups| Geometry {
        batch,
        axes,
        channels,
        filters,
        groups,
    };
    let none = Axis::NONE;
    vec![
        of(2, [none, same, axis(11, 3, 1, 1, 1, 1)], 3, 5, 1),
        of(2, [none, same, same], 1, 32, 1),
        of(1, [none, same, axis(7, 3, 1, 1, 1, 1)], 19, 37, 1),
        of(3, [none, axis(10, 3, 2, 1, 1, 1), axis(13, 2, 3, 1, 0, 0)], 17, 18, 1),
        of(2, [none, axis(10, 3, 2, 1, 0, 1), axis(13, 3, 2, 1, 1, 0)], 2, 3, 1),
        of(2, [none, axis(12, 3, 1, 2, 2, 2), axis(12, 2, 1, 3, 0, 1)], 16, 8, 1),
        of(2, [none, axis(8, 1, 1, 1, 0, 0), axis(8, 1, 1, 1, 0, 0)], 20, 24, 1),
        of(2, [none, axis(8, 1, 2, 1, 0, 0), axis(9, 1, 2, 1, 0, 0)], 20, 24, 1),
        of(2, [none, same, same], 12, 8, 4),
        of(2, [none, axis(9, 3, 2, 1, 1, 1), same], 6, 12, 6),
        of(2, [none, axis(9, 3, 2, 1, 1, 1), axis(11, 2, 1, 2, 1, 1)], 70, 70, 70),
        of(3, [none, same, axis(6, 3, 1, 1, 1, 1)], 5, 5, 5),
        of(1, [none, axis(7, 3, 1, 1, 1, 1), axis(15, 5, 1, 1, 2, 2)], 150, 150, 150),
        of(2, [axis(4, 2, 1, 1, 0, 1), axis(5, 3, 2, 1, 1, 1), axis(2, 7, 1, 1, 3, 3)], 33, 33, 33),
        of(1, [none, same, axis(20, 3, 2, 2, 2, 2)], 24, 24, 24),
        of(1, [none, same, same], 0, 0, 1),
        of(0, [none, same, same], 6, 6, 6),
        of(1, [none, Axis { output: 0, ..same }, same], 6, 6, 6),
        of(2, [none, axis(9, 2, 3, 1, 0, 0), axis(17, 1, 3, 1, 0, 0)], 20, 20, 20),
        of(2, [none, none, axis(50, 5, 1, 1, 4, 0)], 8, 16, 1),
        of(2, [axis(5, 3, 1, 1, 1, 1), axis(6, 2, 2, 1, 0, 0), axis(7, 3, 1, 2, 2, 2)], 5, 7, 1),
        of(1, [axis(4, 2, 1, 2, 0, 0), same, same], 20, 3, 1),
        of(1, [none, axis(2, 1, 3, 1, 0, 0), axis(70, 3, 1, 1, 1, 1)], 40, 40, 1),
        of(4, [none, axis(32, 3, 1, 1, 1, 1), axis(32, 3, 1, 1, 1, 1)], 32, 32, 1),
        of(1, [none, axis(5, 5, 1, 1, 0, 0), axis(5, 5, 1, 1, 0, 0)], 300, 9, 1),
        of(5, [none, axis(4, 3, 1, 1, 1, 1), axis(3, 3, 1, 1, 1, 1)], 20, 18, 1),
        of(2, [none, none, axis(300, 13, 1, 1, 6, 6)], 1, 9, 1),
        of(1, [none, axis(5, 3, 1, 1, 1, 1), axis(6, 3, 1, 1, 1, 1)], 86, 4, 1),
        of(1, [none, axis(2, 3, 1, 1, 1, 1), axis(3, 3, 1, 1, 1, 1)], 480, 490, 1),
        of(3, [none, axis(3, 3, 1, 1, 1, 1), axis(4, 3, 1, 1, 1, 1)], 180, 170, 1),
        of(1, [none, axis(7, 3, 1, 8, 8, 8), axis(7, 3, 1, 8, 8, 8)], 100, 5, 1),
        of(2, [none, axis(19, 5, 1, 1, 2, 2), axis(5, 7, 1, 1, 3, 3)], 9, 20, 1),
        of(2, [none, axis(7, 3, 1, 1, 4, 3), axis(6, 3, 1, 1, 2, 4)], 6, 20, 1),
        of(2, [none, axis(6, 7, 1, 2, 6, 6), axis(6, 3, 1, 1, 1, 1)], 6, 7, 1),
        of(1, [none, axis(3, 3, 1, 1, 1, 1), axis(300, 3, 2, 1, 1, 1)], 18, 20, 1),
        of(1, [none, none, axis(3, 2, 1, 1, 300, 300)], 18, 20, 1),
        of(2, [none, axis(9, 3, 2, 1, 1, 1), axis(11, 3, 2, 1, 1, 1)], 3, 17, 1),
        of(1, [axis(5, 3, 2, 1, 1, 1), axis(6, 3, 1, 2, 2, 2), axis(7, 2, 2, 1, 0, 1)], 18, 33, 1),
        of(0, [none, same, same], 4, 4, 1),
        of(1, [none, same, same], 0, 4, 1),
        of(1, [none, same, same], 4, 0, 1),
        of(1, [none, Axis { output: 0, ..same }, same], 4, 4, 1),
    ]
}

fn depthwise() -> impl Iterator<Item = Geometry> {
    geometries().into_iter().filter(Geometry::is_depthwise)
}

/// Runs a kernel of two operands on every instruction set and holds it to a sum in f64.
fn check(
    kernel: impl Fn(Isa) -> Box<dyn Kernel>,
    sizes: [usize; 3],
    each: impl Fn(&mut dyn FnMut(usize, usize, usize)),
    what: &str,
) {
    let (a, b) = (numbers(sizes[0], 1), numbers(sizes[1], 2));
    let (mut expected, mut magnitude) = (vec![0.0f64; sizes[2]], vec![0.0f64; sizes[2]]);
    each(&mut |i, j, o| {
        let term = f64::from(a[i]) * f64::from(b[j]);
        expected[o] += term;
        magnitude[o] += term.abs();
    });
    for isa in Isa::available() {
        let mut output = vec![f32::NAN; sizes[2]];
        run_kernel(kernel(isa).as_ref(), &[&a, &b], &mut [&mut output]).unwrap();
        for (i, &result) in output.iter().enumerate() {
            let error = (f64::from(result) - expected[i]).abs();
            assert!(error <= 2e-6 * magnitude[i], "{what} {isa:?}: {result} for {} at {i}", expected[i]);
        }
    }
}

#[test]
fn convolutions_are_right() {
    for geometry in geometries() {
        let sizes = [geometry.inputs(), geometry.weights(), geometry.outputs()];
        let kernel =
            |isa| -> Box<dyn Kernel> { Box::new(Convolution::forward(isa, geometry, Epilogue::default())) };
        check(kernel, sizes, |visit| terms(&geometry, visit), &format!("{geometry:?}"));
    }
}

#[test]
fn input_gradients_are_right() {
    for geometry in geometries() {
        let sizes = [geometry.outputs(), geometry.weights(), geometry.inputs()];
        let kernel = |isa| -> Box<dyn Kernel> {
            Box::new(Convolution::input_gradient(isa, geometry, Epilogue::default()))
        };
        check(kernel, sizes, |visit| terms(&geometry, |x, k, o| visit(o, k, x)), &format!("{geometry:?}"));
    }
}

#[test]
fn kernel_gradients_are_right() {
    for geometry in geometries() {
        let sizes = [geometry.inputs(), geometry.outputs(), geometry.weights()];
        let kernel = |isa| -> Box<dyn Kernel> { Box::new(ConvolutionKernelGradient::new(isa, geometry)) };
        check(kernel, sizes, |visit| terms(&geometry, |x, k, o| visit(x, o, k)), &format!("{geometry:?}"));
    }
}

#[test]
fn depthwise_convolutions_are_right() {
    assert_eq!(depthwise().count(), 9);
    for geometry in depthwise() {
        let sizes = [geometry.inputs(), geometry.weights(), geometry.outputs()];
        let kernel = |isa| -> Box<dyn Kernel> { Box::new(Depthwise::forward(isa, geometry)) };
        check(kernel, sizes, |visit| terms(&geometry, visit), &format!("{geometry:?}"));
        let sizes = [geometry.outputs(), geometry.weights(), geometry.inputs()];
        let kernel = |isa| -> Box<dyn Kernel> { Box::new(Depthwise::input_gradient(isa, geometry)) };
        check(kernel, sizes, |visit| terms(&geometry, |x, k, o| visit(o, k, x)), &format!("{geometry:?}"));
        let sizes = [geometry.inputs(), geometry.outputs(), geometry.weights()];
        let kernel = |isa| -> Box<dyn Kernel> { Box::new(DepthwiseKernelGradient::new(isa, geometry)) };
        check(kernel, sizes, |visit| terms(&geometry, |x, k, o| visit(x, o, k)), &format!("{geometry:?}"));
    }
}
