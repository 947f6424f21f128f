use super::*;
use crate::convolution::{
    Axis, Convolution, Geometry, MaxPool, MaxPooling, convolution, convolution_input_gradient,
};
use crate::matmul::{Epilogue, Matmul, Precision, Shape};
use crate::testing::{numbers, run_kernel};
use crate::{
    Access, Binary, Dtype, Elementwise, Isa, LaneOp, Reduce, Segment, Source, SquaredDeviations, TapeOp,
    Unary,
};
use std::sync::atomic::AtomicUsize;

const FLOAT: Dtype = Dtype::Float32;

/// A kernel that makes `outputs` matrices of this shape, and the sizes of its inputs.
struct Producer {
    make: Box<dyn Fn() -> Box<dyn Kernel>>,
    inputs: Vec<usize>,
    outputs: usize,
    shape: [usize; 2],
}

fn operation(op: LaneOp, operands: &[Source], register: usize) -> TapeOp {
    TapeOp { op, operands: operands.to_vec(), register }
}

/// x + row and its tanh.
fn sum_and_tanh(isa: Isa, rows: usize, columns: usize) -> Elementwise {
    let tape = vec![
        operation(LaneOp::Binary(Binary::Add), &[Source::Input(0), Source::Input(1)], 0),
        operation(LaneOp::Unary(Unary::Tanh), &[Source::Register(0)], 1),
    ];
    let segment = Segment { rows, columns, access: vec![Access::Full, Access::Row] };
    Elementwise::new(isa, tape, vec![FLOAT; 2], vec![(FLOAT, 0), (FLOAT, 1)], vec![segment])
}

fn axis(input: usize, window: usize, stride: usize, low: usize) -> Axis {
    Axis { input, output: (input + 2 * low - window) / stride + 1, window, stride, dilation: 1, low }
}

fn producers(isa: Isa) -> Vec<Producer> {
    let (rows, columns) = (4001, 37);
    let mut all = vec![Producer {
        make: Box::new(move || Box::new(sum_and_tanh(isa, rows, columns))),
        inputs: vec![rows * columns, columns],
        outputs: 2,
        shape: [rows, columns],
    }];
    for groups in [1, 2] {
        let axes = [Axis::NONE, axis(33, 3, 1, 1), axis(31, 3, 1, 1)];
        let geometry = Geometry { batch: 5, axes, channels: 6, filters: 18, groups };
        let shape = [geometry.outputs() / 18, 18];
        all.push(Producer {
            make: Box::new(move || Box::new(Convolution::forward(isa, geometry, Epilogue::default()))),
            inputs: vec![geometry.inputs(), geometry.weights()],
            outputs: 1,
            shape,
        });
        if groups == 1 {
            all.push(Producer {
                make: Box::new(move || {
                    let tape = Some(sum_and_tanh(isa, shape[0], shape[1]));
                    Box::new(Convolution::forward(
                        isa,
                        geometry,
                        Epilogue { tape, bias: true, relu: true, pool: None },
                    ))
                }),
                inputs: vec![geometry.inputs(), geometry.weights(), 18, 18],
                outputs: 2,
                shape,
            });
        }
        let gradient = Geometry { batch: 5, axes, channels: 18, filters: 6, groups };
        all.push(Producer {
            make: Box::new(move || Box::new(Convolution::input_gradient(isa, gradient, Epilogue::default()))),
            inputs: vec![gradient.outputs(), gradient.weights()],
            outputs: 1,
            shape: [gradient.inputs() / 18, 18],
        });
    }
    // By parts or by filtering, where the machine has what that takes.
    for precision in [Precision::Highest, Precision::High] {
        let axes = [Axis::NONE, axis(33, 3, 1, 1), axis(31, 3, 1, 1)];
        let geometry = Geometry { batch: 5, axes, channels: 32, filters: 40, groups: 1 };
        let shape = [geometry.outputs() / 40, 40];
        all.push(Producer {
            make: Box::new(move || {
                let tape = Some(sum_and_tanh(isa, shape[0], shape[1]));
                convolution(isa, precision, geometry, Epilogue { tape, bias: true, relu: true, pool: None })
            }),
            inputs: vec![geometry.inputs(), geometry.weights(), 40, 40],
            outputs: 2,
            shape,
        });
        all.push(Producer {
            make: Box::new(move || convolution_input_gradient(isa, precision, geometry, Epilogue::default())),
            inputs: vec![geometry.outputs(), geometry.weights()],
            outputs: 1,
            shape: [geometry.inputs() / 32, 32],
        });
    }
    for axes in [
        [Axis::NONE, axis(65, 2, 2, 0), axis(63, 3, 3, 1)],
        [Axis::NONE, axis(63, 2, 3, 1), axis(31, 2, 2, 0)],
        [axis(30, 3, 3, 0), axis(5, 5, 5, 0), axis(13, 2, 2, 0)],
    ] {
        let geometry = Geometry { batch: 6, axes, channels: 13, filters: 13, groups: 13 };
        all.push(Producer {
            make: Box::new(move || Box::new(MaxPool::new(isa, geometry, MaxPooling::Gradient))),
            inputs: vec![geometry.inputs(), geometry.outputs()],
            outputs: 1,
            shape: [geometry.inputs() / 13, 13],
        });
    }
    for (batch, m, k) in [(1, 5000, 40), (7, 501, 100)] {
        let make = move || -> Box<dyn Kernel> {
            let shape = Shape { batch, m, n: 20, k, transpose_a: false, transpose_b: false };
            Box::new(Matmul::new(isa, shape, Epilogue::default()))
        };
        all.push(Producer {
            make: Box::new(make),
            inputs: vec![batch * m * k, batch * k * 20],
            outputs: 1,
            shape: [batch * m, 20],
        });
    }
    all
}

/// The sum of (a - row)·b over rows.
fn product_sum(isa: Isa, shape: [usize; 2]) -> Reduce {
    let tape = vec![
        operation(LaneOp::Binary(Binary::Subtract), &[Source::Input(0), Source::Input(1)], 0),
        operation(LaneOp::Binary(Binary::Multiply), &[Source::Register(0), Source::Input(2)], 1),
    ];
    let access = vec![Access::Full, Access::Row, Access::Full];
    let segment = Segment { rows: shape[0], columns: shape[1], access };
    let chain = Elementwise::new(isa, tape, vec![FLOAT; 3], vec![(FLOAT, 1)], vec![segment]);
    Reduce::sum(isa, FLOAT, &shape, &[0]).of_chain(chain)
}

impl Producer {
    fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    fn data(&self) -> Vec<Vec<f32>> {
        self.inputs.iter().zip(1..).map(|(&count, seed)| numbers(count, seed)).collect()
    }

    /// With a sum and a maximum over rows of the first output, the sum over all of the last, and a chain's sum that reads the last output
    /// and two other inputs.
    fn reduced(&self, isa: Isa) -> Reduced {
        let last = Origin::Output(self.outputs - 1);
        let others = [0, 1].map(|other| Origin::Input(self.inputs.len() + other));
        let reductions: Vec<(Box<dyn ByParts>, Vec<Origin>)> = vec![
            (Box::new(Reduce::sum(isa, FLOAT, &self.shape, &[0])), vec![Origin::Output(0)]),
            (Box::new(Reduce::max(isa, FLOAT, &self.shape, &[0])), vec![Origin::Output(0)]),
            (Box::new(Reduce::sum(isa, FLOAT, &self.shape, &[0, 1])), vec![last]),
            (Box::new(product_sum(isa, self.shape)), vec![others[0], others[1], last]),
            (Box::new(SquaredDeviations::new(isa, &self.shape, &[0])), vec![last]),
        ];
        Reduced::new((self.make)(), self.inputs.len(), self.outputs, reductions)
    }
}

/// Runs chunks in order, with memory that holds something else at first.
fn run_all(kernel: &dyn Kernel, operands: &Operands<'_>) {
    let mut private = vec![f32::NAN; kernel.scratch().private];
    for (phase, &chunks) in kernel.phases().iter().enumerate() {
        (0..chunks).for_each(|chunk| kernel.run(phase as u32, chunk, operands, &mut private).unwrap());
    }
}

fn buffer(values: &mut [f32]) -> Buffer {
    // SAFETY: the tests keep the values and use them again only after the kernel.
    unsafe { Buffer::new(values.as_mut_ptr().cast(), size_of_val(values)) }
}

/// A reduction, its inputs, and the elements of its output.
type Apart = (Box<dyn Kernel>, Vec<Vec<f32>>, usize);

#[test]
fn has_the_bits_of_instructions_apart() {
    for isa in Isa::available() {
        for producer in producers(isa) {
            let (mut inputs, [rows, columns]) = (producer.data(), producer.shape);
            let mut expected = vec![vec![f32::NAN; rows * columns]; producer.outputs];
            run(&*(producer.make)(), &inputs, &mut expected);
            inputs.extend([numbers(rows * columns, 8), numbers(columns, 9)]);
            let [first, last] = [0, producer.outputs - 1].map(|output| expected[output].clone());
            let others = &inputs[producer.inputs.len()..];
            let chain = vec![others[0].clone(), others[1].clone(), last.clone()];
            let apart: [Apart; 5] = [
                (Box::new(Reduce::sum(isa, FLOAT, &[rows, columns], &[0])), vec![first.clone()], columns),
                (Box::new(Reduce::max(isa, FLOAT, &[rows, columns], &[0])), vec![first], columns),
                (Box::new(Reduce::sum(isa, FLOAT, &[rows, columns], &[0, 1])), vec![last.clone()], 1),
                (Box::new(product_sum(isa, [rows, columns])), chain, columns),
                (Box::new(SquaredDeviations::new(isa, &[rows, columns], &[0])), vec![last], columns),
            ];
            for (kernel, inputs, results) in apart {
                let mut output = vec![vec![f32::NAN; results]];
                run(&*kernel, &inputs, &mut output);
                expected.append(&mut output);
            }
            let mut outputs: Vec<Vec<f32>> =
                expected.iter().map(|output| vec![f32::NAN; output.len()]).collect();
            run(&producer.reduced(isa), &inputs, &mut outputs);
            assert_eq!(outputs, expected, "{isa:?} {:?}", (producer.make)());
        }
    }
}

fn run(kernel: &dyn Kernel, inputs: &[Vec<f32>], outputs: &mut [Vec<f32>]) {
    let inputs: Vec<&dyn crate::testing::Memory> = inputs.iter().map(|input| input as _).collect();
    let mut outputs: Vec<&mut dyn crate::testing::Memory> =
        outputs.iter_mut().map(|output| output as _).collect();
    run_kernel(kernel, &inputs, &mut outputs).unwrap();
}

#[test]
fn chunks_write_what_they_say() {
    let mut asked = 0;
    for isa in Isa::available() {
        for producer in producers(isa) {
            let kernel = (producer.make)();
            assert!(Reduced::takes(&*kernel, producer.elements()), "{kernel:?}");
            assert!(!Reduced::takes(&*kernel, producer.elements() + 1));
            let mut inputs = producer.data();
            let mut outputs = vec![vec![f32::NAN; producer.elements()]; producer.outputs];
            let mut shared = vec![f32::NAN; kernel.scratch().shared];
            let mut private = vec![f32::NAN; kernel.scratch().private];
            let inputs: Vec<Buffer> = inputs.iter_mut().map(|input| buffer(input)).collect();
            for (phase, &chunks) in kernel.phases().iter().enumerate() {
                for chunk in 0..chunks {
                    outputs.iter_mut().for_each(|output| output.fill(f32::NAN));
                    let buffers: Vec<Buffer> = outputs.iter_mut().map(|output| buffer(output)).collect();
                    let operands = Operands {
                        inputs: &inputs,
                        outputs: &buffers,
                        shared: buffer(&mut shared),
                        ahead: &[],
                    };
                    kernel.run(phase as u32, chunk, &operands, &mut private).unwrap();
                    let range = kernel.written(phase as u32, chunk).unwrap_or(0..0);
                    for output in &outputs {
                        for (index, value) in output.iter().enumerate() {
                            assert_eq!(!value.is_nan(), range.contains(&index), "{kernel:?} {chunk} {index}");
                        }
                    }
                    asked += range.len();
                }
            }
        }
    }
    assert!(asked > 0);
}

#[test]
fn kernels_that_do_not_say_are_not_taken() {
    let isa = Isa::best();
    let axes = [Axis::NONE, axis(40, 3, 2, 1), axis(40, 3, 2, 1)];
    let geometry = Geometry { batch: 2, axes, channels: 8, filters: 8, groups: 1 };
    let several_classes = Convolution::input_gradient(isa, geometry, Epilogue::default());
    assert!(!Reduced::takes(&several_classes, geometry.inputs()));
    let overlapping = MaxPool::new(isa, Geometry { groups: 8, ..geometry }, MaxPooling::Gradient);
    assert!(!Reduced::takes(&overlapping, geometry.inputs()));
    let planes = [axis(30, 2, 2, 0), axis(30, 2, 2, 0), axis(8, 2, 2, 0)];
    let geometry = Geometry { batch: 2, axes: planes, channels: 8, filters: 8, groups: 8 };
    assert!(!Reduced::takes(&MaxPool::new(isa, geometry, MaxPooling::Gradient), geometry.inputs()));
    let shape = Shape { batch: 1, m: 2000, n: 2000, k: 100, transpose_a: false, transpose_b: false };
    let wide = Matmul::new(isa, shape, Epilogue::default());
    assert!(!Reduced::takes(&wide, 2000 * 2000));
    assert!(!Reduced::takes(&Reduce::sum(isa, FLOAT, &[9, 9], &[0]), 9));
}

/// Steps with the same scratch, of which one ends after some chunks.
#[test]
fn begins_anew_after_a_step_that_failed() {
    let isa = Isa::best();
    let producer = &producers(isa)[0];
    let kernel = producer.reduced(isa);
    let (rows, columns) = (producer.shape[0], producer.shape[1]);
    let mut inputs = producer.data();
    inputs.extend([numbers(rows * columns, 8), numbers(columns, 9)]);
    let mut outputs: Vec<Vec<f32>> = [rows * columns, rows * columns, columns, columns, 1, columns, columns]
        .map(|elements| vec![f32::NAN; elements])
        .to_vec();
    let mut shared = vec![f32::NAN; kernel.scratch().shared];
    let inputs: Vec<Buffer> = inputs.iter_mut().map(|input| buffer(input)).collect();
    let buffers: Vec<Buffer> = outputs.iter_mut().map(|output| buffer(output)).collect();
    let operands = Operands { inputs: &inputs, outputs: &buffers, shared: buffer(&mut shared), ahead: &[] };
    run_all(&kernel, &operands);
    let first = outputs.clone();
    for _ in 0..2 {
        let mut private = vec![f32::NAN; kernel.scratch().private];
        kernel.run(0, 0, &operands, &mut private).unwrap();
        for chunk in (1..kernel.phases()[1]).step_by(2) {
            kernel.run(1, chunk, &operands, &mut private).unwrap();
        }
        outputs.iter_mut().for_each(|output| output.fill(f32::NAN));
        run_all(&kernel, &operands);
        assert_eq!(outputs, first);
    }
}

/// Threads that write the parts' elements in turns, time and again.
#[test]
fn parts_are_reduced_once_and_complete() {
    let isa = Isa::best();
    let (rows, columns) = (16 * 1024 + 27, 8);
    let copy = operation(LaneOp::Copy, &[Source::Input(0)], 0);
    let segment = Segment { rows, columns, access: vec![Access::Full] };
    let copy =
        || Elementwise::new(isa, vec![copy.clone()], vec![FLOAT], vec![(FLOAT, 0)], vec![segment.clone()]);
    let sum = Reduce::sum(isa, FLOAT, &[rows, columns], &[0]);
    assert!(sum.parts() > 4);
    let kernel = Reduced::new(Box::new(copy()), 1, 1, vec![(Box::new(sum), vec![Origin::Output(0)])]);
    let mut input = numbers(rows * columns, 3);
    let (mut output, mut sums) = (vec![f32::NAN; rows * columns], vec![f32::NAN; columns]);
    let mut shared = vec![f32::NAN; kernel.scratch().shared];
    let inputs = [buffer(&mut input)];
    let buffers = [buffer(&mut output), buffer(&mut sums)];
    let operands = Operands { inputs: &inputs, outputs: &buffers, shared: buffer(&mut shared), ahead: &[] };
    run_all(&kernel, &operands);
    let expected = sums.clone();
    for round in 0..200 {
        output.fill(f32::NAN);
        sums.fill(f32::NAN);
        let mut private = vec![f32::NAN; kernel.scratch().private];
        kernel.run(0, 0, &operands, &mut private).unwrap();
        let (next, chunks) = (AtomicUsize::new(0), kernel.phases()[1] as usize);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut private = vec![f32::NAN; kernel.scratch().private];
                    loop {
                        let claimed = next.fetch_add(1, Ordering::Relaxed);
                        if claimed >= chunks {
                            return;
                        }
                        let chunk = (claimed * 7 + round) % chunks;
                        kernel.run(1, chunk as u32, &operands, &mut private).unwrap();
                    }
                });
            }
        });
        for phase in 2..kernel.phases().len() {
            (0..kernel.phases()[phase])
                .for_each(|chunk| kernel.run(phase as u32, chunk, &operands, &mut private).unwrap());
        }
        assert_eq!(sums, expected);
    }
}

#[test]
fn operands_of_reductions_stay() {
    let isa = Isa::best();
    let producer = &producers(isa)[0];
    let kernel = producer.reduced(isa);
    assert!(kernel.may_alias(0, 0) && !kernel.may_alias(0, 1));
    assert!((0..7).all(|output| (2..4).all(|input| !kernel.may_alias(output, input))));
    assert!((2..7).all(|output| !kernel.may_alias(output, 0)));
    let total = Reduce::sum(isa, FLOAT, &producer.shape, &[0]);
    let reads = Reduced::new(
        (producer.make)(),
        2,
        2,
        vec![(
            Box::new(product_sum(isa, producer.shape)),
            vec![Origin::Input(0), Origin::Input(1), Origin::Output(0)],
        )],
    );
    assert!(!reads.may_alias(0, 0) && !reads.may_alias(1, 0));
    // What is summed does not come from memory.
    let copies = (producer.make)().cost().bytes;
    let reduced = Reduced::new((producer.make)(), 2, 2, vec![(Box::new(total), vec![Origin::Output(0)])]);
    assert_eq!(reduced.cost().bytes, copies + 4 * producer.shape[1] as u64);
}
