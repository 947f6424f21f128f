//! Holds every f32 operation of one operand to its bound on all 2^32 inputs, on every instruction set of this machine.
//! Prints one line for each; exits with 1 when a bound is broken. Arguments name the operations to check, all by default.

use layerwise_kernels::accuracy::{Worst, worst};
use layerwise_kernels::{Isa, Unary};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// The inputs are claimed in parts of this many.
const PART: u32 = 1 << 20;

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let isas = Isa::available();
    let mut kept = true;
    for op in Unary::ALL.iter().filter(|op| names.is_empty() || names.iter().any(|name| name == op.name())) {
        for (worst, isa) in worst_of_all(*op, &isas).into_iter().zip(&isas) {
            let within = worst.ulp <= op.bound() + ROUNDING;
            kept &= within;
            println!(
                "{:<10} {:<9} {:.4} ulp at {:e} ({:#010x}), bound {}: {}",
                op.name(),
                isa.name(),
                worst.ulp,
                worst.input,
                worst.input.to_bits(),
                op.bound(),
                if within { "kept" } else { "BROKEN" }
            );
        }
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the rounding of the f64 oracle may add.
const ROUNDING: f64 = 1e-6;

fn worst_of_all(op: Unary, isas: &[Isa]) -> Vec<Worst> {
    let next = AtomicU32::new(0);
    let search = || {
        let mut found = vec![Worst::default(); isas.len()];
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            let Some(first) = part.checked_mul(PART) else { return found };
            found = or(found, worst(op, isas, first..=first + (PART - 1)));
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..thread::available_parallelism().map_or(1, usize::from))
            .map(|_| scope.spawn(search))
            .collect();
        let found = threads.into_iter().map(|thread| thread.join().expect("a search does not panic"));
        found.reduce(or).expect("there is at least one thread")
    })
}

fn or(a: Vec<Worst>, b: Vec<Worst>) -> Vec<Worst> {
    a.into_iter().zip(b).map(|(a, b)| a.or(b)).collect()
}
