//! Programs that take turns on one machine, so that what disturbs one disturbs all.

use std::time::{Duration, Instant};

use crate::clock::Clock;

/// Samples shorter than this would measure the clock.
const SHORTEST_SAMPLE: Duration = Duration::from_micros(100);

const ROUNDS: u32 = 5;

/// Does its work so many times.
pub type Work<'a> = Box<dyn FnMut(u32) + 'a>;

/// Seconds of one call of the work.
#[derive(Clone, Copy, Debug)]
pub struct Seconds {
    pub median: f64,
    pub best: f64,
}

/// Times each work for about `budget`, in several rounds in which they take turns.
pub fn race(works: &mut [Work<'_>], clock: Clock, budget: Duration) -> Vec<Seconds> {
    let calls: Vec<u32> = works.iter_mut().map(|work| calls_per_sample(work, clock)).collect();
    let mut samples = vec![Vec::new(); works.len()];
    for _ in 0..ROUNDS {
        for ((work, &calls), samples) in works.iter_mut().zip(&calls).zip(&mut samples) {
            // What another one left in the caches is not this one's cost.
            work(calls);
            let end = Instant::now() + budget / ROUNDS;
            loop {
                samples.push(clock.time(|| work(calls)).as_secs_f64() / f64::from(calls));
                if Instant::now() > end {
                    break;
                }
            }
        }
    }
    samples.into_iter().map(summary).collect()
}

fn calls_per_sample(work: &mut Work<'_>, clock: Clock) -> u32 {
    let mut calls = 1;
    while clock.time(|| work(calls)) < SHORTEST_SAMPLE {
        calls *= 2;
    }
    calls
}

fn summary(mut samples: Vec<f64>) -> Seconds {
    samples.sort_by(f64::total_cmp);
    Seconds { median: samples[samples.len() / 2], best: samples[0] }
}
