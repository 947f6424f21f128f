//! Benchmarks without JavaScript, in JSON lines. `npm run -s bench -- limits` and `npm run -s bench -- gemm` start them and say
//! what the lines mean.
//!
//!     layerwise-bench limits SECONDS THREADS …
//!     layerwise-bench peak ISA THREADS SECONDS
//!     layerwise-bench gemm ISA PRECISION THREADS SECONDS MKL SHAPE …
//!
//! MKL is the path of libmkl_rt.so or nothing (`''`), a shape is such as `128,512,784,NN`. Seconds are for each measurement.

mod bandwidth;
mod clock;
mod gemm_crate;
mod limits;
mod mkl;
mod ours;
mod peak;
mod products;
mod shape;
mod timing;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use layerwise_kernels::{Isa, Precision};
use layerwise_plan::CompileOptions;

use crate::mkl::Mkl;
use crate::peak::Peak;
use crate::products::Comparison;
use crate::shape::Shape;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["limits", budget, ref counts @ ..] => limits(budget, counts),
        ["peak", isa, threads, budget] => peak(isa, threads, budget),
        ["gemm", isa, precision, threads, budget, mkl, ref shapes @ ..] => {
            gemm(isa, precision, threads, budget, mkl, shapes)
        }
        _ => Err("see the head of bench/native/src/main.rs".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn limits(budget: &str, counts: &[&str]) -> Result<(), String> {
    let counts = counts.iter().map(|count| positive(count)).collect::<Result<Vec<_>, _>>()?;
    limits::limits(&counts, seconds(budget)?);
    Ok(())
}

fn peak(isa: &str, threads: &str, budget: &str) -> Result<(), String> {
    limits::peak(&Peak::of(instruction_set(isa)?), positive(threads)?, seconds(budget)?);
    Ok(())
}

fn gemm(
    isa: &str,
    precision: &str,
    threads: &str,
    budget: &str,
    mkl: &str,
    shapes: &[&str],
) -> Result<(), String> {
    let precision = Precision::from_name(precision).ok_or("the precision is highest, high or medium")?;
    let load = || Mkl::load(Path::new(mkl)).map_err(|error| format!("{mkl}: {error}"));
    let comparison = Comparison {
        options: CompileOptions { precision, ..CompileOptions::new(instruction_set(isa)?) },
        mkl: if mkl.is_empty() { None } else { Some(load()?) },
        threads: positive(threads)?,
        budget: seconds(budget)?,
    };
    let shapes = shapes.iter().map(|text| Shape::parse(text)).collect::<Result<Vec<_>, _>>()?;
    shapes.iter().try_for_each(|shape| comparison.print(shape))
}

fn instruction_set(name: &str) -> Result<Isa, String> {
    let isa = Isa::from_name(name).filter(|isa| isa.is_available());
    isa.ok_or_else(|| {
        let names: Vec<_> = Isa::available().into_iter().map(Isa::name).collect();
        format!("this machine has the instruction sets {}", names.join(", "))
    })
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&number| number > 0).ok_or_else(|| format!("{text} is not a positive number"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| format!("{text} is not a number of seconds"))
}
