use super::super::tests::{PARTS, bound, of, run};
use super::stretch::{CopyGradients, CopySources, Run};
use super::*;
use crate::arch::{Portable8, Vector};
use crate::convolution::tests::{axis, terms};
use crate::convolution::{Axis, ConvolutionKernelGradient, convolution_kernel_gradient};
use crate::testing::{has_tiles, numbers};

fn geometries() -> Vec<Geometry> {
    let none = Axis::NONE;
    let same = |extent| axis(extent, 3, 1, 1, 1, 1);
    vec![
        of(3, [none, same(7), same(5)], 32, 33),
        of(1, [none, same(5), same(40)], 40, 70),
        of(2, [none, axis(6, 3, 1, 1, 0, 0), axis(9, 3, 1, 1, 0, 0)], 33, 32),
        of(2, [none, axis(9, 3, 2, 1, 1, 1), axis(10, 3, 2, 1, 0, 1)], 34, 40),
        of(1, [none, axis(8, 2, 3, 1, 0, 0), axis(9, 1, 2, 1, 0, 0)], 32, 5),
        of(2, [none, axis(9, 3, 1, 2, 2, 2), axis(9, 3, 1, 3, 1, 0)], 32, 32),
        of(1, [none, axis(6, 2, 1, 1, 3, 4), axis(3, 2, 1, 1, 5, 0)], 20, 16),
        of(2, [none, axis(8, 4, 2, 1, 2, 2), axis(8, 4, 2, 1, 2, 2)], 8, 9),
        of(2, [none, none, axis(50, 5, 1, 1, 4, 0)], 70, 40),
        of(1, [none, none, axis(2100, 2, 1, 1, 1, 0)], 3, 4),
        of(2, [none, axis(3, 2, 1, 1, 0, 0), axis(1030, 1, 1, 1, 0, 0)], 2, 3),
        of(2, [axis(4, 2, 1, 1, 0, 1), axis(5, 2, 2, 1, 0, 0), same(6)], 35, 20),
        of(2, [axis(2, 2, 1, 1, 0, 0), same(4), axis(9, 3, 2, 3, 3, 2)], 8, 9),
        of(4, [none, same(16), same(17)], 32, 32),
        of(1, [none, axis(18, 1, 1, 1, 0, 0), same(20)], 256, 32),
        of(5, [none, same(3), same(3)], 3, 300),
        of(1, [none, same(4), axis(11, 3, 1, 3, 1, 6)], 2, 3),
        of(1, [none, same(4), axis(11, 3, 1, 4, 1, 8)], 2, 3),
        of(1, [none, same(4), axis(12, 2, 1, 13, 6, 7)], 2, 3),
    ]
}

fn by_parts(geometry: Geometry, parts: Parts, operands: &[&Vec<f32>]) -> Vec<f32> {
    run(&SplitKernelGradient::new(geometry, parts), geometry.weights(), operands)
}

/// Requires the accuracy of so many parts, relative to the sums of absolute terms, but for errors that do not matter.
fn check(geometry: &Geometry, parts: Parts, [x, y]: [&[f32]; 2], c: &[f32], least: f64) {
    let (mut sums, mut magnitudes) = (vec![0.0f64; c.len()], vec![0.0f64; c.len()]);
    terms(geometry, |i, o, j| {
        let term = f64::from(x[i]) * f64::from(y[j]);
        sums[o] += term;
        magnitudes[o] += term.abs();
    });
    for (index, &got) in c.iter().enumerate() {
        let error = (f64::from(got) - sums[index]).abs();
        assert!(
            error <= bound(parts) * magnitudes[index] + least,
            "{parts:?} {geometry:?} at {index}: {got} for {}",
            sums[index]
        );
    }
}

/// On any machine: each tap's sources lie as the gradients do, among zeros, and those that exist are the runs.
#[test]
fn sources_lie_as_gradients_do() {
    let all = geometries().into_iter().flat_map(|geometry| [(geometry, 1), (geometry, 2)]);
    for (geometry, cut) in all {
        let Geometry { batch, channels, filters, .. } = geometry;
        let class = &geometry.forward()[0];
        let [planes, lines, pixels] = &class.axes;
        // Several images are added up at once where each has one plane, and parts of a line by themselves.
        let images = if planes.count == 1 && cut == 1 { batch } else { 1 };
        let at_once = [images, if cut == 1 { lines.count } else { 1 }, pixels.count.div_ceil(cut)];
        let arrangement = Arrangement::new(class, at_once);
        let taps = arrangement.taps(class);
        let (x, y) = (numbers(geometry.inputs(), 1), numbers(geometry.outputs(), 2));
        // The gradients of the last channel and filter.
        let mut expected = vec![0.0; geometry.window()];
        terms(&geometry, |i, o, j| {
            if o % (channels * filters) == channels * filters - 1 {
                expected[o / (channels * filters)] += f64::from(x[i]) * f64::from(y[j]);
            }
        });
        let (mut laid, mut in_runs) = (vec![0.0; geometry.window()], vec![0.0; geometry.window()]);
        let mut stretches = Vec::new();
        for image in (0..batch).step_by(images) {
            for plane in 0..planes.count {
                for line in (0..lines.count).step_by(at_once[1]) {
                    for pixel in (0..pixels.count).step_by(at_once[2]) {
                        let lines = line..line + at_once[1];
                        let pixels = pixel..pixels.count.min(pixel + at_once[2]);
                        stretches.push(Stretch { image, images, plane, lines, pixels });
                    }
                }
            }
        }
        for stretch in stretches {
            let plane = stretch.plane;
            let targets = arrangement.targets([images, at_once[1], stretch.pixels.len()]);
            let mut gradients = vec![f32::NAN; targets];
            let [sources, filter] = [&x[channels - 1..], &y[filters - 1..]].map(<[f32]>::as_ptr);
            // SAFETY: all machines have the portable vectors, and the operands their sizes.
            unsafe {
                Portable8::enter(CopyGradients {
                    arrangement: &arrangement,
                    class,
                    stretch: &stretch,
                    from: filter,
                    filters,
                    count: 1,
                    to: &mut gradients,
                });
            }
            for index in planes.existing_range(plane) {
                let mut copies = vec![f32::NAN; arrangement.sources() + targets];
                // SAFETY: as above.
                unsafe {
                    Portable8::enter(CopySources {
                        arrangement: &arrangement,
                        class,
                        stretch: &stretch,
                        plane: planes.source(plane, &planes.taps[index]),
                        from: sources,
                        channels,
                        count: 1,
                        to: &mut copies,
                    });
                }
                for (tap, &first) in taps.iter().enumerate() {
                    let pairs = copies[first..first + targets].iter().zip(&gradients);
                    let place = index * taps.len() + tap;
                    laid[place] += pairs.map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>();
                    let [_, lines, pixels] = &class.axes;
                    let [line, pixel] = [tap / pixels.taps.len(), tap % pixels.taps.len()];
                    let of_axes = [&planes.taps[index], &lines.taps[line], &pixels.taps[pixel]];
                    for Run { target, source, count } in stretch.runs(class, of_axes) {
                        in_runs[place] += (0..count)
                            .map(|index| {
                                let x = x[(source + index * pixels.advance + 1) * channels - 1];
                                f64::from(x) * f64::from(y[(target + index + 1) * filters - 1])
                            })
                            .sum::<f64>();
                    }
                }
            }
        }
        for (place, expected) in expected.iter().enumerate() {
            for sum in [laid[place], in_runs[place]] {
                assert!((sum - expected).abs() < 1e-9, "{geometry:?} at {place}: {sum} for {expected}");
            }
        }
    }
}

#[test]
fn gradients_by_parts_are_right() {
    if !has_tiles() {
        return;
    }
    for geometry in geometries() {
        let (x, y) = (numbers(geometry.inputs(), 1), numbers(geometry.outputs(), 2));
        for parts in PARTS {
            check(&geometry, parts, [&x, &y], &by_parts(geometry, parts, &[&x, &y]), 0.0);
        }
    }
}

#[test]
fn work_is_cut_by_targets_and_by_channels() {
    if !has_tiles() {
        return;
    }
    let phases = |geometry: &Geometry| SplitKernelGradient::new(*geometry, Parts::One).phases;
    let geometries = geometries();
    let find = |channels, batch| {
        let is = |geometry: &&Geometry| geometry.channels == channels && geometry.batch == batch;
        geometries.iter().find(is).expect("there is one")
    };
    assert_eq!(phases(find(256, 1)), [2, 0]);
    let [chunks, sums] = phases(find(32, 4));
    assert_eq!((chunks, sums > 0), (2, true));
}

/// Lines of very large and very small numbers side by side.
#[test]
fn badly_scaled_pixels() {
    if !has_tiles() {
        return;
    }
    let scales = [1e30, 1e-30, 1.0, 1e-36, 1e15, 1e-20, 3e38, 1e-37];
    for geometry in geometries().iter().filter(|geometry| geometry.channels > 20) {
        let mut x = numbers(geometry.inputs(), 1);
        let y: Vec<f32> = numbers(geometry.outputs(), 2).iter().map(|y| y * 1e-3).collect();
        // Channels keep one scale in an image, so that some panels have parts and others have none.
        let image = geometry.inputs() / geometry.batch;
        let channel = |index: usize| index / image + index % geometry.channels / 20;
        x.iter_mut().enumerate().for_each(|(index, x)| *x *= scales[channel(index) % scales.len()]);
        let c = by_parts(*geometry, Parts::Three, &[&x, &y]);
        // Sums below what f32 can hold as normal numbers are beside the point.
        check(geometry, Parts::Three, [&x, &y], &c, 1e-36);
    }
}

/// All 24 bits of a source are in its parts.
#[test]
fn one_hot_gradients_give_the_bits_of_the_sources() {
    if !has_tiles() {
        return;
    }
    let scales = [1.0, 1e30, 1e-30, 3.4e38, 1e-37, 7.0];
    for geometry in geometries() {
        let mut x = numbers(geometry.inputs(), 3);
        x.iter_mut().enumerate().for_each(|(index, x)| *x *= scales[index % scales.len()]);
        let mut y = vec![0.0; geometry.outputs()];
        let hot = y.len() / 2;
        y[hot] = 1.0;
        let mut expected = vec![0.0f32; geometry.weights()];
        terms(&geometry, |i, o, j| {
            if j == hot {
                expected[o] = x[i];
            }
        });
        let c = by_parts(geometry, Parts::Three, &[&x, &y]);
        for (index, (got, expected)) in c.iter().zip(&expected).enumerate() {
            assert_eq!(got, expected, "{geometry:?} at {index}");
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
        let (x, y) = (numbers(geometry.inputs(), 1), numbers(geometry.outputs(), 2));
        for side in 0..2 {
            let mut operands = [x.clone(), y.clone()];
            let size = operands[side].len();
            for (index, value) in odd.iter().enumerate() {
                operands[side][size * (index + 1) / 11] = *value;
            }
            let operands = [&operands[0], &operands[1]];
            let kernel = ConvolutionKernelGradient::new(Isa::Avx512, geometry);
            let expected = run(&kernel, geometry.weights(), &operands);
            let got = by_parts(geometry, Parts::Three, &operands);
            for (index, (expected, got)) in expected.iter().zip(&got).enumerate() {
                assert_eq!(expected.is_nan(), got.is_nan(), "{geometry:?} at {index}: {got} for {expected}");
                if expected.is_infinite() {
                    assert_eq!(expected, got, "{geometry:?} at {index}");
                }
            }
        }
    }
}

#[test]
fn precision_and_shape_choose_the_kernel() {
    if !has_tiles() {
        return;
    }
    let same = axis(16, 3, 1, 1, 1, 1);
    let name = |precision, channels, filters, axis| {
        let geometry = of(8, [Axis::NONE, axis, axis], channels, filters);
        convolution_kernel_gradient(Isa::Amx, precision, geometry).name()
    };
    assert_eq!(name(Precision::Highest, 512, 512, same), "convolutionKernelGradient");
    assert_eq!(name(Precision::High, 64, 64, same), "convolutionKernelGradientBf16x3");
    assert_eq!(name(Precision::Medium, 32, 48, same), "convolutionKernelGradientBf16");
    assert_eq!(name(Precision::Medium, 3, 64, same), "convolutionKernelGradient");
    assert_eq!(name(Precision::Medium, 64, 3, same), "convolutionKernelGradient");
    assert_eq!(name(Precision::Medium, 64, 33, same), "convolutionKernelGradientWinograd");
    let strided = axis(32, 3, 2, 1, 1, 0);
    assert_eq!(name(Precision::Medium, 64, 64, strided), "convolutionKernelGradientBf16");
    // Most places of a stretch would be zeros, or there would be too many.
    assert_eq!(name(Precision::Medium, 64, 64, axis(40, 2, 20, 1, 0, 0)), "convolutionKernelGradient");
    assert_eq!(name(Precision::Medium, 64, 64, axis(1, 2, 1, 5000, 2500, 2600)), "convolutionKernelGradient");
}
