//! What the machine can do: arithmetic by instruction set, and memory traffic by cache level.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use layerwise_kernels::Isa;
use serde_json::json;

use crate::bandwidth::{Access, Level};
use crate::peak::Peak;

/// The u64 of a cache line.
const LINE: usize = 8;

/// Measures each limit for about `budget` on some numbers of threads, and prints a line of JSON for each.
pub fn limits(counts: &[usize], budget: Duration) {
    for &threads in counts {
        Peak::all().iter().for_each(|peak| self::peak(peak, threads, budget));
    }
    let isa = Isa::best();
    for &threads in counts {
        for level in Level::all(threads) {
            let words = level.bytes / size_of::<u64>();
            // Small memory is walked many times between two looks at the clock.
            let walks = (256usize << 10).div_ceil(level.bytes);
            for access in Access::ALL {
                let rate = rate(threads, budget, || {
                    let mut memory = vec![1u64; words + LINE];
                    move || {
                        let start = memory.as_ptr().align_offset(64);
                        let memory = &mut memory[start..start + words];
                        (0..walks).for_each(|_| access.walk(memory, isa));
                        walks * size_of_val(memory)
                    }
                });
                let name = format!("{} {}", level.name, access.name());
                print("GB/s", &name, threads, Some(level.bytes), rate);
            }
        }
    }
}

/// Measures one loop for about `budget` and prints a line of JSON.
pub fn peak(peak: &Peak, threads: usize, budget: Duration) {
    print("GFLOP/s", peak.name, threads, None, rate(threads, budget, || || peak.run()));
}

/// Of all threads together.
struct Rate {
    median: f64,
    best: f64,
}

fn print(unit: &str, name: &str, threads: usize, bytes: Option<usize>, rate: Rate) {
    let rounded = |rate: f64| (rate / 1e8).round() / 10.0;
    let (median, best) = (rounded(rate.median), rounded(rate.best));
    let line = json!({
        "limit": name, "unit": unit, "threads": threads, "bytesPerThread": bytes, "median": median, "best": best,
    });
    println!("{line}");
}

/// The amount of work in a second that so many threads do at once. `make` is called on each of them, and what it returns
/// does some work and says how much.
fn rate<W: FnMut() -> usize>(threads: usize, budget: Duration, make: impl Fn() -> W + Sync) -> Rate {
    let start = Barrier::new(threads);
    let measure = || {
        let mut work = make();
        work();
        start.wait();
        let end = Instant::now() + budget;
        let mut rates = Vec::new();
        loop {
            let sample = Instant::now();
            let amount = work();
            rates.push(amount as f64 / sample.elapsed().as_secs_f64());
            if Instant::now() > end {
                break;
            }
        }
        rates.sort_by(f64::total_cmp);
        Rate { median: rates[rates.len() / 2], best: rates[rates.len() - 1] }
    };
    let rates: Vec<Rate> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(measure)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no measurement panics")).collect()
    });
    Rate {
        median: rates.iter().map(|rate| rate.median).sum(),
        best: rates.iter().map(|rate| rate.best).sum(),
    }
}
