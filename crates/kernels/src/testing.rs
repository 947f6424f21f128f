//! Runs kernels for their tests: in order, in reverse and on threads, with the same bits each time.

use crate::kernel::{Buffer, Kernel, KernelError, Operands};
use std::sync::atomic::{AtomicU32, Ordering};

/// Numbers in [-1, 1) from a multiplicative generator, the same in every run.
pub(crate) fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Whether products of tiles can be tested, in software where the machine has no tiles. Says where they cannot, and why.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_tiles() -> bool {
    let has_tiles = crate::isa::Isa::Amx.is_available();
    match has_tiles {
        false => eprintln!("this machine lacks AVX-512 with BF16: products of tiles are not tested"),
        true if !crate::arch::amx::tiles_are_available() => {
            eprintln!("this machine lacks AMX: tiles in software")
        }
        true => (),
    }
    has_tiles
}

/// Test data as an operand.
pub(crate) trait Memory {
    fn bytes(&self) -> &[u8];
    fn bytes_mut(&mut self) -> &mut [u8];
}

macro_rules! memory {
    ($($element:ty),*) => {$(
        impl Memory for Vec<$element> {
            fn bytes(&self) -> &[u8] {
                // SAFETY: numbers have no padding.
                unsafe { std::slice::from_raw_parts(self.as_ptr().cast(), size_of_val(self.as_slice())) }
            }

            fn bytes_mut(&mut self) -> &mut [u8] {
                // SAFETY: numbers have no padding, and every bit pattern is one.
                unsafe { std::slice::from_raw_parts_mut(self.as_mut_ptr().cast(), size_of_val(self.as_slice())) }
            }
        }
    )*};
}
memory!(f32, i32, u32, u8);

/// Runs the kernel three ways and requires the same bits of each.
pub(crate) fn run_kernel(
    kernel: &dyn Kernel,
    inputs: &[&dyn Memory],
    outputs: &mut [&mut dyn Memory],
) -> Result<(), KernelError> {
    let chunks: u32 = kernel.phases().iter().sum();
    let result = run_once(kernel, inputs, outputs, Order::Ascending);
    if chunks as usize > kernel.phases().len() {
        let first: Vec<Vec<u8>> = outputs.iter().map(|output| output.bytes().to_vec()).collect();
        for order in [Order::Descending, Order::Threads] {
            outputs.iter_mut().for_each(|output| output.bytes_mut().fill(0xAA));
            let again = run_once(kernel, inputs, outputs, order);
            if result.is_ok() {
                assert_eq!(result, again);
                assert!(outputs.iter().zip(&first).all(|(output, first)| output.bytes() == first));
            } else {
                assert!(again.is_err());
            }
        }
    }
    result
}

#[derive(Clone, Copy)]
enum Order {
    Ascending,
    Descending,
    Threads,
}

fn run_once(
    kernel: &dyn Kernel,
    inputs: &[&dyn Memory],
    outputs: &mut [&mut dyn Memory],
    order: Order,
) -> Result<(), KernelError> {
    let scratch = kernel.scratch();
    let mut shared = vec![f32::NAN; scratch.shared];
    // SAFETY: the memory outlives the run; inputs are only read.
    let buffer = |bytes: &[u8]| unsafe { Buffer::new(bytes.as_ptr().cast_mut(), bytes.len()) };
    let inputs: Vec<Buffer> = inputs.iter().map(|input| buffer(input.bytes())).collect();
    let outputs: Vec<Buffer> = outputs
        .iter_mut()
        .map(|output| {
            let bytes = output.bytes_mut();
            // SAFETY: the memory outlives the run, which alone uses it.
            unsafe { Buffer::new(bytes.as_mut_ptr(), bytes.len()) }
        })
        .collect();
    // SAFETY: as for the outputs.
    let shared = unsafe { Buffer::new(shared.as_mut_ptr().cast(), shared.len() * 4) };
    let operands = Operands { inputs: &inputs, outputs: &outputs, shared, ahead: &[] };
    let private = || vec![f32::NAN; scratch.private];
    for (phase, &chunks) in kernel.phases().iter().enumerate() {
        let run = |chunk, private: &mut [f32]| kernel.run(phase as u32, chunk, &operands, private);
        match order {
            Order::Ascending => (0..chunks).try_for_each(|chunk| run(chunk, &mut private()))?,
            Order::Descending => (0..chunks).rev().try_for_each(|chunk| run(chunk, &mut private()))?,
            Order::Threads => {
                let next = AtomicU32::new(0);
                let claim = || {
                    let mut private = private();
                    std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed))
                        .take_while(|&chunk| chunk < chunks)
                        .try_for_each(|chunk| run(chunk, &mut private))
                };
                std::thread::scope(|scope| {
                    let threads = [(); 3].map(|()| scope.spawn(claim));
                    threads.into_iter().try_for_each(|thread| thread.join().expect("no chunk panics"))
                })?;
            }
        }
    }
    Ok(())
}
