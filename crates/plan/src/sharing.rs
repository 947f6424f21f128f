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

    /// Runs the instruction in one of two ways. One that fails ends early, which says nothing about its time.
    pub fn run<E>(
        &self,
        session: &mut Session,
        alone: impl FnOnce() -> Result<(), E>,
        shared: impl FnOnce(&mut Session) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.is_possible() {
            return alone();
        }
        let way = self.way(|| session.pays(Instant::now()));
        let start = Instant::now();
        match way {
            Way::Alone => alone(),
            Way::AloneToMeasure => {
                alone()?;
                self.measured(start.elapsed());
                Ok(())
            }
            Way::Shared => shared(session),
            Way::SharedToCompare(known) => {
                shared(session)?;
                session.settle(known, start);
                Ok(())
            }
        }
    }

    /// How to run it now, where `pays` says whether sharing is worth a try.
    fn way(&self, pays: impl FnOnce() -> bool) -> Way {
        match self.alone.load(Ordering::Relaxed) {
            NEW => {
                self.alone.store(UNKNOWN, Ordering::Relaxed);
                Way::Shared
            }
            UNKNOWN => Way::AloneToMeasure,
            _ if !self.is_possible() => Way::Alone,
            known if pays() => Way::SharedToCompare(Duration::from_nanos(known)),
            _ => Way::AloneToMeasure,
        }
    }

    fn measured(&self, alone: Duration) {
        self.alone.fetch_min(alone.as_nanos().max(1) as u64, Ordering::Relaxed);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Alone,
    AloneToMeasure,
    Shared,
    /// With the time that one thread would take.
    SharedToCompare(Duration),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_state(alone: u64) -> Sharing {
        Sharing { alone: AtomicU64::new(alone) }
    }

    #[test]
    fn is_measured_once_and_then_shared_where_it_takes_long() {
        let sharing = in_state(NEW);
        assert_eq!(sharing.way(|| true), Way::Shared);
        assert_eq!(sharing.way(|| true), Way::AloneToMeasure);
        sharing.measured(WORTH_SHARING);
        assert_eq!(sharing.way(|| true), Way::SharedToCompare(WORTH_SHARING));
        assert_eq!(sharing.way(|| true), Way::SharedToCompare(WORTH_SHARING));
    }

    #[test]
    fn is_measured_again_while_sharing_does_not_pay() {
        let sharing = in_state(UNKNOWN);
        sharing.measured(2 * WORTH_SHARING);
        assert_eq!(sharing.way(|| false), Way::AloneToMeasure);
        sharing.measured(3 * WORTH_SHARING);
        assert_eq!(sharing.way(|| true), Way::SharedToCompare(2 * WORTH_SHARING));
    }

    #[test]
    fn one_thread_does_what_it_does_soon() {
        let sharing = in_state(UNKNOWN);
        assert!(sharing.is_possible());
        sharing.measured(WORTH_SHARING - Duration::from_nanos(1));
        assert!(!sharing.is_possible());
        assert_eq!(sharing.way(|| true), Way::Alone);
        assert_eq!(in_state(NEVER).way(|| true), Way::Alone);
    }
}
