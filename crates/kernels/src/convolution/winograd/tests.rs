use super::{WinogradConvolution, WinogradKernelGradient};
use crate::convolution::tests::terms;
use crate::convolution::{Axis, Geometry};
use crate::elementwise::{Access, Elementwise, LaneOp, Segment, Source, TapeOp};
use crate::isa::Isa;
use crate::kernel::Kernel;
use crate::matmul::Epilogue;
use crate::testing::{Memory, numbers, run_kernel};
use crate::{Binary, Dtype, Unary};

/// Bᵀ, A and G of the absolute values of their elements.
const SOURCES: [[f64; 4]; 4] = [[1., 0., 1., 0.], [0., 1., 1., 0.], [0., 1., 1., 0.], [0., 1., 0., 1.]];
const TARGETS: [[f64; 2]; 4] = [[1., 0.], [1., 1.], [1., 1.], [0., 1.]];
const WEIGHTS: [[f64; 3]; 4] = [[1., 0., 0.], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [0., 0., 1.]];

/// M x Mᵀ.
fn sandwich<const N: usize>(matrix: &[[f64; N]; 4], x: impl Fn(usize, usize) -> f64) -> [[f64; 4]; 4] {
    let mut result = [[0.0; 4]; 4];
    for (i, j) in places(4) {
        for (k, l) in places(N) {
            result[i][j] += matrix[i][k] * x(k, l) * matrix[j][l];
        }
    }
    result
}

/// Element (k, l) of Mᵀ x M.
fn transposed<const N: usize>(matrix: &[[f64; N]; 4], x: &[[f64; 4]; 4], k: usize, l: usize) -> f64 {
    places(4).map(|(i, j)| matrix[i][k] * x[i][j] * matrix[j][l]).sum()
}

fn places(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |i| (0..count).map(move |j| (i, j)))
}

/// A convolution of two axes whose numbers are told by their magnitudes.
struct Magnitudes<'a> {
    geometry: Geometry,
    inputs: &'a [f32],
}

impl Magnitudes<'_> {
    fn tiles(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let Geometry { batch, axes: [_, lines, columns], .. } = self.geometry;
        let tiles = move |axis: Axis| 0..axis.output.div_ceil(2);
        (0..batch).flat_map(move |image| {
            tiles(lines).flat_map(move |line| tiles(columns).map(move |column| (image, line, column)))
        })
    }

    /// |Bᵀ| |d| |B| of a tile.
    fn sources(&self, (image, line, column): (usize, usize, usize), channel: usize) -> [[f64; 4]; 4] {
        let Geometry { axes: [_, lines, columns], channels, .. } = self.geometry;
        sandwich(&SOURCES, |i, j| {
            let place = |axis: Axis, at: usize| at.checked_sub(axis.low).filter(|&at| at < axis.input);
            match (place(lines, 2 * line + i), place(columns, 2 * column + j)) {
                (Some(y), Some(x)) => {
                    let pixel = (image * lines.input + y) * columns.input + x;
                    f64::from(self.inputs[pixel * channels + channel].abs())
                }
                _ => 0.0,
            }
        })
    }

    /// Calls `visit` with each target of a tile: where it lies in the tile and among the pixels of all targets.
    fn targets(
        &self,
        (image, line, column): (usize, usize, usize),
        mut visit: impl FnMut(usize, usize, usize),
    ) {
        let Geometry { axes: [_, lines, columns], .. } = self.geometry;
        for (i, j) in places(2) {
            let (y, x) = (2 * line + i, 2 * column + j);
            if y < lines.output && x < columns.output {
                visit(i, j, (image * lines.output + y) * columns.output + x);
            }
        }
    }

    /// |Aᵀ| (Σ |G| |g| |Gᵀ| ⊙ |Bᵀ| |d| |B|) |A| for each target.
    fn of_targets(&self, weights: &[f32]) -> Vec<f64> {
        let Geometry { channels, filters, .. } = self.geometry;
        let transformed: Vec<[[f64; 4]; 4]> = (0..channels * filters)
            .map(|pair| {
                let weight = |k: usize, l: usize| weights[(3 * k + l) * channels * filters + pair];
                sandwich(&WEIGHTS, |k, l| f64::from(weight(k, l).abs()))
            })
            .collect();
        let mut magnitudes = vec![0.0; self.geometry.outputs()];
        for tile in self.tiles() {
            let sources: Vec<_> = (0..channels).map(|channel| self.sources(tile, channel)).collect();
            for filter in 0..filters {
                let mut products = [[0.0; 4]; 4];
                for (channel, sources) in sources.iter().enumerate() {
                    let weights = &transformed[channel * filters + filter];
                    places(4).for_each(|(i, j)| products[i][j] += weights[i][j] * sources[i][j]);
                }
                self.targets(tile, |i, j, pixel| {
                    magnitudes[pixel * filters + filter] = transposed(&TARGETS, &products, i, j);
                });
            }
        }
        magnitudes
    }

    /// |Gᵀ| (Σ |A| |y| |Aᵀ| ⊙ |Bᵀ| |d| |B|) |G| for each weight.
    fn of_weights(&self, gradients: &[f32]) -> Vec<f64> {
        let Geometry { channels, filters, .. } = self.geometry;
        let mut sums = vec![[[0.0; 4]; 4]; channels * filters];
        for tile in self.tiles() {
            let gradients: Vec<_> = (0..filters)
                .map(|filter| {
                    let mut targets = [[0.0; 2]; 2];
                    self.targets(tile, |i, j, pixel| {
                        targets[i][j] = f64::from(gradients[pixel * filters + filter].abs());
                    });
                    sandwich(&TARGETS, |i, j| targets[i][j])
                })
                .collect();
            for channel in 0..channels {
                let sources = self.sources(tile, channel);
                for (filter, gradients) in gradients.iter().enumerate() {
                    let sums = &mut sums[channel * filters + filter];
                    places(4).for_each(|(i, j)| sums[i][j] += gradients[i][j] * sources[i][j]);
                }
            }
        }
        let mut magnitudes = vec![0.0; self.geometry.weights()];
        for (pair, sums) in sums.iter().enumerate() {
            places(3).for_each(|(k, l)| {
                magnitudes[(3 * k + l) * channels * filters + pair] = transposed(&WEIGHTS, sums, k, l);
            });
        }
        magnitudes
    }
}

/// A convolution of windows of three by three, with so many zeros before and behind each axis.
fn geometry(batch: usize, sizes: [(usize, [usize; 2]); 2], channels: usize, filters: usize) -> Geometry {
    let [lines, columns] = sizes.map(|(input, [low, high])| Axis {
        input,
        output: input + low + high - 2,
        window: 3,
        stride: 1,
        dilation: 1,
        low,
    });
    Geometry { batch, axes: [Axis::NONE, lines, columns], channels, filters, groups: 1 }
}

fn geometries() -> Vec<Geometry> {
    vec![
        geometry(1, [(3, [0, 0]), (3, [0, 0])], 1, 1),
        geometry(2, [(1, [1, 1]), (2, [1, 1])], 3, 2),
        geometry(2, [(9, [1, 1]), (12, [1, 1])], 19, 37),
        geometry(3, [(13, [0, 0]), (11, [0, 0])], 32, 20),
        geometry(1, [(6, [2, 0]), (7, [0, 2])], 5, 18),
        geometry(2, [(5, [0, 1]), (8, [2, 1])], 40, 8),
        geometry(1, [(4, [1, 1]), (5, [1, 1])], 300, 9),
        geometry(1, [(5, [1, 1]), (3, [1, 1])], 7, 270),
        geometry(1, [(3, [1, 1]), (61, [1, 1])], 150, 66),
        geometry(8, [(16, [1, 1]), (14, [1, 1])], 24, 16),
    ]
}

/// The convolution of the outputs' gradients that the gradient by the inputs is, and its mirrored weights.
fn mirrored(geometry: &Geometry, weights: &[f32]) -> (Geometry, Vec<f32>) {
    let Geometry { batch, axes, channels, filters, groups } = *geometry;
    let [_, lines, columns] =
        axes.map(|axis| Axis { input: axis.output, output: axis.input, low: 2 - axis.low.min(2), ..axis });
    let mirrored =
        Geometry { batch, axes: [axes[0], lines, columns], channels: filters, filters: channels, groups };
    let mut to = vec![0.0; weights.len()];
    for place in 0..9 {
        for channel in 0..channels {
            for filter in 0..filters {
                to[((8 - place) * filters + filter) * channels + channel] =
                    weights[(place * channels + channel) * filters + filter];
            }
        }
    }
    (mirrored, to)
}

/// Holds a kernel on every instruction set to the terms of its sums in f64. An element is off by at most so many roundings of its
/// magnitude.
fn check(
    kernel: impl Fn(Isa) -> Box<dyn Kernel>,
    inputs: [&Vec<f32>; 2],
    magnitudes: &[f64],
    roundings: usize,
    each: impl Fn(&mut dyn FnMut(usize, usize, usize)),
    what: &str,
) {
    let [a, b] = inputs;
    let mut expected = vec![0.0f64; magnitudes.len()];
    each(&mut |i, j, o| expected[o] += f64::from(a[i]) * f64::from(b[j]));
    for isa in Isa::available() {
        let mut output = vec![f32::NAN; expected.len()];
        run_kernel(kernel(isa).as_ref(), &[a, b], &mut [&mut output]).unwrap();
        for (i, &result) in output.iter().enumerate() {
            let error = (f64::from(result) - expected[i]).abs();
            let allowed = roundings as f64 * 2f64.powi(-24) * magnitudes[i];
            assert!(error <= allowed, "{what} {isa:?}: {result} for {} at {i}", expected[i]);
        }
    }
}

/// Of a sum of products: two of the sources, four of the weights, two of each term, and four of the targets.
fn roundings(terms: usize) -> usize {
    terms + 2 + 4 + 1 + 4
}

#[test]
fn convolutions_are_right() {
    for geometry in geometries() {
        let (inputs, weights) = (numbers(geometry.inputs(), 1), numbers(geometry.weights(), 2));
        let magnitudes = Magnitudes { geometry, inputs: &inputs }.of_targets(&weights);
        let kernel = |isa| -> Box<dyn Kernel> {
            Box::new(WinogradConvolution::forward(isa, geometry, Epilogue::default()))
        };
        let (what, roundings) = (format!("{geometry:?}"), roundings(geometry.channels));
        let each = |visit: &mut dyn FnMut(usize, usize, usize)| terms(&geometry, visit);
        check(kernel, [&inputs, &weights], &magnitudes, roundings, each, &what);
    }
}

#[test]
fn input_gradients_are_right() {
    for geometry in geometries() {
        let (gradients, weights) = (numbers(geometry.outputs(), 1), numbers(geometry.weights(), 2));
        let (mirrored, mirrored_weights) = mirrored(&geometry, &weights);
        let magnitudes = Magnitudes { geometry: mirrored, inputs: &gradients }.of_targets(&mirrored_weights);
        let kernel = |isa| -> Box<dyn Kernel> {
            Box::new(WinogradConvolution::input_gradient(isa, geometry, Epilogue::default()))
        };
        let (what, roundings) = (format!("{geometry:?}"), roundings(geometry.filters));
        let each = |visit: &mut dyn FnMut(usize, usize, usize)| terms(&geometry, |x, k, o| visit(o, k, x));
        check(kernel, [&gradients, &weights], &magnitudes, roundings, each, &what);
    }
}

#[test]
fn kernel_gradients_are_right() {
    for geometry in geometries() {
        let (inputs, gradients) = (numbers(geometry.inputs(), 1), numbers(geometry.outputs(), 2));
        let magnitudes = Magnitudes { geometry, inputs: &inputs };
        let tiles = magnitudes.tiles().count();
        let magnitudes = magnitudes.of_weights(&gradients);
        let kernel = |isa| -> Box<dyn Kernel> { Box::new(WinogradKernelGradient::new(isa, geometry)) };
        let (what, roundings) = (format!("{geometry:?}"), roundings(tiles));
        let each = |visit: &mut dyn FnMut(usize, usize, usize)| terms(&geometry, |x, k, o| visit(x, o, k));
        check(kernel, [&inputs, &gradients], &magnitudes, roundings, each, &what);
    }
}

/// The sum first, then the bias, then relu, then the hyperbolic tangent and a residual, each rounded: the bits of separate
/// instructions.
#[test]
fn epilogues_have_the_bits_of_separate_instructions() {
    let geometry = geometry(2, [(9, [1, 1]), (11, [0, 1])], 19, 37);
    let (inputs, weights) = (numbers(geometry.inputs(), 1), numbers(geometry.weights(), 2));
    let (bias, residual) = (numbers(geometry.filters, 3), numbers(geometry.outputs(), 4));
    for isa in Isa::available() {
        let run = |epilogue, operands: &[&dyn Memory]| {
            let mut output = vec![f32::NAN; geometry.outputs()];
            let kernel = WinogradConvolution::forward(isa, geometry, epilogue);
            run_kernel(&kernel, operands, &mut [&mut output]).unwrap();
            output
        };
        let sums = run(Epilogue::default(), &[&inputs, &weights]);
        for relu in [false, true] {
            let mut separate = sums.clone();
            for row in separate.chunks_mut(geometry.filters) {
                row.iter_mut().zip(&bias).for_each(|(sum, bias)| *sum += bias);
            }
            if relu {
                Unary::Relu.apply(isa, &mut separate);
            }
            let epilogue = Epilogue { bias: true, relu, tape: None, pool: None };
            assert_eq!(run(epilogue, &[&inputs, &weights, &bias]), separate);

            Unary::Tanh.apply(isa, &mut separate);
            separate.iter_mut().zip(&residual).for_each(|(value, residual)| *value += residual);
            let ops = vec![
                TapeOp { op: LaneOp::Unary(Unary::Tanh), operands: vec![Source::Input(0)], register: 0 },
                TapeOp {
                    op: LaneOp::Binary(Binary::Add),
                    operands: vec![Source::Register(0), Source::Input(1)],
                    register: 0,
                },
            ];
            let rows = geometry.outputs() / geometry.filters;
            let segment = Segment { rows, columns: geometry.filters, access: vec![Access::Full; 2] };
            let float = Dtype::Float32;
            let tape = Elementwise::new(isa, ops, vec![float; 2], vec![(float, 0)], vec![segment]);
            let epilogue = Epilogue { bias: true, relu, tape: Some(tape), pool: None };
            assert_eq!(run(epilogue, &[&inputs, &weights, &bias, &residual]), separate);
        }
    }
}

/// A large number, or one that is not finite, changes the targets that read it, and not a bit of the others.
#[test]
fn a_source_disturbs_the_targets_that_read_it() {
    let geometry = geometry(1, [(8, [1, 1]), (9, [1, 1])], 16, 16);
    let (mut sources, weights) = (numbers(geometry.inputs(), 1), numbers(geometry.weights(), 2));
    let kernels = [
        |isa, geometry| WinogradConvolution::forward(isa, geometry, Epilogue::default()),
        |isa, geometry| WinogradConvolution::input_gradient(isa, geometry, Epilogue::default()),
    ];
    for (isa, kernel) in Isa::available().into_iter().flat_map(|isa| kernels.map(|kernel| (isa, kernel))) {
        let kernel = kernel(isa, geometry);
        let run = |sources: &Vec<f32>| {
            let mut targets = vec![0.0f32; geometry.outputs()];
            run_kernel(&kernel, &[sources, &weights], &mut [&mut targets]).unwrap();
            targets
        };
        let before = run(&sources);
        // All places in a tile, and a corner.
        let places = places(2).map(|(i, j)| (3 + i, 4 + j)).chain([(0, 0)]);
        for ((line, column), value) in places
            .flat_map(|place| [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e30].map(|value| (place, value)))
        {
            let place = (line * 9 + column) * 16 + 5;
            let usual = std::mem::replace(&mut sources[place], value);
            let after = run(&sources);
            sources[place] = usual;
            for (index, (before, after)) in before.iter().zip(&after).enumerate() {
                let (y, x) = (index / 16 / 9, index / 16 % 9);
                let reads = y.abs_diff(line) <= 1 && x.abs_diff(column) <= 1;
                let what =
                    format!("{} {isa:?}: {value} at {line}, {column}: {after} at {y}, {x}", kernel.name());
                assert_eq!(before.to_bits() != after.to_bits(), reads, "{what}");
                assert_eq!(after.is_finite(), value.is_finite() || !reads, "{what}");
            }
        }
    }
}

/// In the gradient by the kernel, at all nine places of its own channel or filter.
#[test]
fn what_is_not_finite_disturbs_all_places_of_a_kernel() {
    let geometry = geometry(1, [(8, [1, 1]), (9, [1, 1])], 16, 16);
    let operands = [numbers(geometry.inputs(), 1), numbers(geometry.outputs(), 2)];
    for (isa, side) in Isa::available().into_iter().flat_map(|isa| [(isa, 0), (isa, 1)]) {
        let kernel = WinogradKernelGradient::new(isa, geometry);
        let run = |operands: &[Vec<f32>; 2]| {
            let mut gradient = vec![0.0f32; geometry.weights()];
            run_kernel(&kernel, &[&operands[0], &operands[1]], &mut [&mut gradient]).unwrap();
            gradient
        };
        let before = run(&operands);
        let mut operands = operands.clone();
        // The corner, which not every place reads.
        operands[side][5] = f32::INFINITY;
        for (index, (before, after)) in before.iter().zip(&run(&operands)).enumerate() {
            if [index / 16 % 16, index % 16][side] == 5 {
                assert!(!after.is_finite(), "{isa:?}: {after} at {index}");
            } else {
                assert_eq!(before.to_bits(), after.to_bits());
            }
        }
    }
}
