//! Products on layerwise, the gemm crate and MKL, in turn in one process.

use std::cell::RefCell;
use std::time::Duration;

use layerwise_kernels::Precision;
use layerwise_plan::{CompileOptions, set_threads};
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::gemm_crate;
use crate::mkl::Mkl;
use crate::ours::Ours;
use crate::peak::Peak;
use crate::shape::Shape;
use crate::timing::{Seconds, Work, race};

/// What to compare.
pub struct Comparison {
    pub options: CompileOptions,
    pub mkl: Option<Mkl>,
    pub threads: usize,
    /// Time for each library and shape.
    pub budget: Duration,
}

impl Comparison {
    /// Checks and times the products of a shape and prints a line of JSON.
    pub fn print(&self, shape: &Shape) -> Result<(), String> {
        let &Comparison { ref options, threads, budget, .. } = self;
        let (a, b) = (numbers(shape.m * shape.k, 1), numbers(shape.k * shape.n, 2));
        let c = RefCell::new(vec![0.0; shape.m * shape.n]);
        set_threads(threads);
        let ours = Ours::new(options, shape, &a, &b).map_err(|error| format!("{error:?}"))?;
        let with_crate = || gemm_crate::multiply(shape, &a, &b, &mut c.borrow_mut(), threads);
        let with_mkl = |mkl: &Mkl| mkl.multiply(shape, &a, &b, &mut c.borrow_mut());

        let check = |name: &str, c: &[f32], tolerance| {
            let agrees = shape.agrees(&a, &b, c, tolerance);
            if agrees { Ok(()) } else { Err(format!("{shape}: {name} has another result than float64")) }
        };
        ours.run(1);
        check("layerwise", &ours.result(), tolerance(options.precision))?;
        with_crate();
        check("the gemm crate", &c.borrow(), tolerance(Precision::Highest))?;
        if let Some(mkl) = &self.mkl {
            with_mkl(mkl);
            check("MKL", &c.borrow(), tolerance(Precision::Highest))?;
        }

        let peak = Peak::of(options.isa);
        let mut works: Vec<Work<'_>> = vec![
            Box::new(|times| (0..times).for_each(|_| _ = peak.run())),
            Box::new(|times| ours.run(times)),
            Box::new(|times| (0..times).for_each(|_| with_crate())),
        ];
        if let Some(mkl) = &self.mkl {
            works.push(Box::new(|times| (0..times).for_each(|_| with_mkl(mkl))));
        }
        let times = race(&mut works, Clock::of(threads), budget);
        let rates = |seconds: &Seconds| rates(shape.flops(), seconds);
        let line = json!({
            "shape": shape.to_string(), "threads": threads, "isa": options.isa.name(),
            "precision": options.precision.name(), "kernel": ours.kernel(),
            "peak": rounded((peak.run() * threads) as f64 / times[0].median),
            "layerwise": rates(&times[1]), "gemm": rates(&times[2]), "mkl": times.get(3).map(rates),
        });
        println!("{line}");
        Ok(())
    }
}

/// The largest error of products of numbers from -1 to 1, in relation to the root of k, which the errors of sums grow with.
fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::Highest => 1.0 / 65536.0,
        // The units in the last place of 16 and of 8 bits, twice.
        Precision::High => 1.0 / 16384.0,
        Precision::Medium => 1.0 / 64.0,
    }
}

fn rates(flops: f64, seconds: &Seconds) -> Value {
    json!({ "median": rounded(flops / seconds.median), "best": rounded(flops / seconds.best) })
}

/// In GFLOP/s.
fn rounded(rate: f64) -> f64 {
    (rate / 1e8).round() / 10.0
}

/// Numbers from -1 to 1 (a linear congruential generator, constants of Numerical Recipes).
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}
