//! Which instructions the team shares. Measured times decide that, and nothing else: the chunks are the same in any case.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use layerwise_kernels::{Cost, Kernel};

use crate::team::Session;

/// Sharing an instruction costs up to a microsecond, more when the other threads have gone to sleep.
const WORTH_SHARING: Duration = Duration::from_micros(15);

/// Less work than this, some 5 µs of it, is not worth looking at the clock.
const TIMED_FLOPS: u64 = 250_000;
const TIMED_BYTES: u64 = 200_000;

/// What the runs of an instruction have shown about it.
#[derive(Debug)]
pub(crate) struct Sharing {
    /// The least nanoseconds that it took on one thread, or one of the states below.
    alone: AtomicU64,
}

/// One thread does it.
const NEVER: u64 = 0;
/// Not run yet. The first run touches memory for the first time, so that it is not measured.
const NEW: u64 = u64::MAX;
/// To be measured on one thread.
const UNKNOWN: u64 = u64::MAX - 1;

impl Sharing {
    pub fn new(kernel: &dyn Kernel) -> Self {
        let Cost { flops, bytes } = kernel.cost();
        let possible = kernel.phases().iter().any(|&chunks| chunks > 1)
            && (flops >= TIMED_FLOPS || bytes >= TIMED_BYTES);
        Sharing { alone: AtomicU64::new(if possible { NEW } else { NEVER }) }
    }

    /// Whether a team may be of use, as far as is known.
    pub fn is_possible(&self) -> bool {
        self.alone.load(Ordering::Relaxed) >= WORTH_SHARING.as_nanos() as u64
    }

    /// Runs the instruction in one of two ways.
    pub fn run<R>(
        &self,
        session: &mut Session,
        alone: impl FnOnce() -> R,
        shared: impl FnOnce(&mut Session) -> R,
    ) -> R {
        if !self.is_possible() {
            return alone();
        }
        let known = self.alone.load(Ordering::Relaxed);
        if known == NEW {
            self.alone.store(UNKNOWN, Ordering::Relaxed);
            return shared(session);
        }
        let start = Instant::now();
        if known != UNKNOWN && session.pays(start) {
            let result = shared(session);
            session.settle(Duration::from_nanos(known), start);
            return result;
        }
        let result = alone();
        let took = start.elapsed().as_nanos() as u64;
        self.alone.fetch_min(took.max(1), Ordering::Relaxed);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::team::Team;

    /// How often each way was taken, in so many runs of which each takes at least so long.
    fn ways(sharing: &Sharing, runs: u32, microseconds: u64) -> (u32, u32) {
        let team = Team::new(2);
        let mut session = team.enter().unwrap();
        let (mut alone, mut shared) = (0, 0);
        let wait = || {
            let end = Instant::now() + Duration::from_micros(microseconds);
            while Instant::now() < end {}
        };
        for _ in 0..runs {
            sharing.run(
                &mut session,
                || {
                    wait();
                    alone += 1;
                },
                |_| shared += 1,
            );
        }
        (alone, shared)
    }

    fn new(alone: u64) -> Sharing {
        Sharing { alone: AtomicU64::new(alone) }
    }

    #[test]
    fn is_measured_once_and_then_shared_where_it_takes_long() {
        assert_eq!(ways(&new(NEW), 10, 20), (1, 9));
    }

    #[test]
    fn one_thread_does_what_it_does_soon() {
        assert_eq!(ways(&new(NEVER), 10, 0), (10, 0));
        let known = new(WORTH_SHARING.as_nanos() as u64 - 1);
        assert!(!known.is_possible());
        assert_eq!(ways(&known, 10, 0), (10, 0));
    }

    #[test]
    fn the_least_time_counts() {
        let sharing = new(UNKNOWN);
        sharing.alone.fetch_min(20_000, Ordering::Relaxed);
        assert!(sharing.is_possible());
        sharing.alone.fetch_min(14_999, Ordering::Relaxed);
        assert!(!sharing.is_possible());
    }
}
