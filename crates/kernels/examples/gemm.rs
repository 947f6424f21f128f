//! The speed of matrix multiplication by shape and instruction set, on one thread, in JSON lines.
//!
//!     cargo run --release -p layerwise-kernels --example gemm [isa] [m,n,k,form ...]
//!
//! The form says which operand is stored transposed: NN, TN, NT or TT. A figure is the best of many runs, on data that
//! stays in the caches that hold it. `share` is relative to a loop of nothing but multiply-adds, measured beside each
//! shape because clocks wander.

use layerwise_kernels::{Buffer, Epilogue, Isa, Kernel, Matmul, Operands, Unary};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The dense layers of three models, forward, input gradient (NT) and weight gradient (TN), then squares.
const SHAPES: [&str; 31] = [
    "32,64,64,NN",
    "32,32,64,NN",
    "32,10,32,NN",
    "32,64,64,NT",
    "32,64,32,NT",
    "32,32,10,NT",
    "64,64,32,TN",
    "64,32,32,TN",
    "32,10,32,TN",
    "128,512,784,NN",
    "128,256,512,NN",
    "128,10,256,NN",
    "128,512,256,NT",
    "128,256,10,NT",
    "784,512,128,TN",
    "512,256,128,TN",
    "256,10,128,TN",
    "256,4096,1024,NN",
    "256,4096,4096,NN",
    "256,1000,4096,NN",
    "256,4096,4096,NT",
    "256,4096,1000,NT",
    "1024,4096,256,TN",
    "4096,4096,256,TN",
    "4096,1000,256,TN",
    "1,64,64,NN",
    "1,4096,4096,NN",
    "64,64,64,NN",
    "256,256,256,NN",
    "1024,1024,1024,NN",
    "1024,1024,1024,NT",
];

/// The f32 of a cache line.
const LINE: usize = 16;

#[derive(Clone, Copy)]
struct Shape {
    m: usize,
    n: usize,
    k: usize,
    transpose_a: bool,
    transpose_b: bool,
}

impl Shape {
    fn parse(text: &str) -> Option<Shape> {
        let parts: Vec<&str> = text.split(',').collect();
        let &[m, n, k, form] = parts.as_slice() else { return None };
        let (transpose_a, transpose_b) = (form.starts_with('T'), form.ends_with('T'));
        Some(Shape { m: m.parse().ok()?, n: n.parse().ok()?, k: k.parse().ok()?, transpose_a, transpose_b })
    }
}

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let only = arguments.first().and_then(|name| Isa::from_name(name));
    if only.is_some() {
        arguments.remove(0);
    }
    let shapes = if arguments.is_empty() { SHAPES.map(String::from).to_vec() } else { arguments };
    for isa in Isa::available().into_iter().rev().filter(|&isa| only.is_none_or(|only| only == isa)) {
        for text in &shapes {
            let Some(shape) = Shape::parse(text) else { panic!("{text} is not of the form m,n,k,NN") };
            let plain = measure(isa, shape, Epilogue { bias: false, activation: None });
            let fused = measure(isa, shape, Epilogue { bias: true, activation: Some(Unary::Relu) });
            let peak = peak(isa);
            println!(
                r#"{{"isa":"{}","shape":"{text}","gflops":{plain:.1},"withBiasAndRelu":{fused:.1},"peak":{peak:.1},"share":{:.2}}}"#,
                isa.name(),
                plain / peak,
            );
        }
    }
}

/// The best rate of a product, in GFLOP/s.
fn measure(isa: Isa, shape: Shape, epilogue: Epilogue) -> f64 {
    let Shape { m, n, k, transpose_a, transpose_b } = shape;
    let kernel = Matmul::new(isa, 1, m, n, k, transpose_a, transpose_b, epilogue);
    let memory =
        |elements: usize| (0..elements + LINE).map(|index| (index % 17) as f32 - 8.0).collect::<Vec<_>>();
    let scratch = kernel.scratch();
    let (mut a, mut b, mut bias, mut c) = (memory(m * k), memory(k * n), memory(n), memory(m * n));
    let (mut shared, mut private) = (memory(scratch.shared), memory(scratch.private));
    let buffer = |memory: &mut Vec<f32>| {
        // Plans keep their values at multiples of 64 bytes.
        let start = memory.as_ptr().align_offset(64);
        let elements = memory.len() - LINE;
        let values = &mut memory[start..start + elements];
        // SAFETY: the vectors outlive the runs, and no other thread exists.
        unsafe { Buffer::new(values.as_mut_ptr().cast(), size_of_val(values)) }
    };
    let inputs = [buffer(&mut a), buffer(&mut b), buffer(&mut bias)];
    let inputs = &inputs[..if epilogue.bias { 3 } else { 2 }];
    let operands = Operands { inputs, outputs: &[buffer(&mut c)], shared: buffer(&mut shared) };
    let seconds = best(&mut || {
        for (phase, &chunks) in kernel.phases().iter().enumerate() {
            for chunk in 0..chunks {
                kernel.run(phase as u32, chunk, &operands, &mut private).expect("no error is possible");
            }
        }
    });
    kernel.cost().flops as f64 / seconds / 1e9
}

/// Seconds that one call takes, the best of many.
fn best(run: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    run();
    // Enough calls in a sample that the clock does not count.
    let calls = (Duration::from_micros(30).as_nanos() / start.elapsed().as_nanos().max(1)).max(1) as u32;
    let mut best = f64::INFINITY;
    let start = Instant::now();
    let mut samples = 0;
    while samples < 5 || start.elapsed() < Duration::from_millis(150) {
        let sample = Instant::now();
        for _ in 0..calls {
            run();
        }
        best = best.min(sample.elapsed().as_secs_f64() / f64::from(calls));
        samples += 1;
    }
    best
}

/// The rate of a loop of independent multiply-adds, in GFLOP/s.
fn peak(isa: Isa) -> f64 {
    const STEPS: usize = 10_000;
    let flops = |lanes: usize| (2 * 12 * lanes * STEPS) as f64 / 1e9;
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the instruction set is available.
        Isa::Avx512 => flops(16) / best(&mut || unsafe { chains::avx512(STEPS) }),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the instruction set is available.
        Isa::Avx2 => flops(8) / best(&mut || unsafe { chains::avx2(STEPS) }),
        _ => flops(4) / best(&mut || portable_chains(STEPS)),
    }
}

fn portable_chains(steps: usize) {
    let mut sums = [[1.0f32; 4]; 12];
    let half = black_box([0.5f32; 4]);
    for _ in 0..steps {
        for sum in &mut sums {
            for lane in 0..4 {
                sum[lane] = sum[lane] * half[lane] + half[lane];
            }
        }
    }
    black_box(sums);
}

#[cfg(target_arch = "x86_64")]
mod chains {
    use std::arch::x86_64::*;
    use std::hint::black_box;

    #[target_feature(enable = "avx512f")]
    pub fn avx512(steps: usize) {
        let mut sums = [_mm512_set1_ps(1.0); 12];
        let half = black_box(_mm512_set1_ps(0.5));
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(*sum, half, half);
            }
        }
        black_box(sums);
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn avx2(steps: usize) {
        let mut sums = [_mm256_set1_ps(1.0); 12];
        let half = black_box(_mm256_set1_ps(0.5));
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, half, half);
            }
        }
        black_box(sums);
    }
}
