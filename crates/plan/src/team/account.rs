//! What sharing has gained and lost. A machine that keeps the team's cores for others makes a phase wait for a thread that does not
//! run; then the leader had better work alone, and try again later.

use std::time::{Duration, Instant};

/// Gains beyond this are forgotten, so that a run notices soon when a neighbour arrives.
const MOST_GAIN: i64 = 5_000_000;

/// Losses of so much in all are borne: workers that have gone to sleep take so long to come.
const TOLERATED_LOSS: i64 = 250_000;

/// A leader works alone so many times as long as it lost: a team that others hold up costs a twentieth of the time at most.
const REST: u32 = 20;

/// One loss counts no more than this: a machine that was asleep says nothing of its cores.
const MOST_LOSS: i64 = 20_000_000;

/// The nanoseconds that sharing saved lately, and until when the leader works alone if it cost more than it saved.
#[derive(Debug, Default)]
pub struct Account {
    saved: i64,
    rests_until: Option<Instant>,
}

impl Account {
    /// Whether sharing is worth a try.
    pub fn pays(&mut self, now: Instant) -> bool {
        if self.rests_until.is_some_and(|end| now < end) {
            return false;
        }
        self.rests_until = None;
        true
    }

    /// Takes account of shared work that took this long, and would have taken one thread that long.
    pub fn settle(&mut self, alone: Duration, shared: Duration, now: Instant) {
        let nanoseconds = |time: Duration| time.as_nanos().min(i64::MAX as u128) as i64;
        let gain = nanoseconds(alone).saturating_sub(nanoseconds(shared));
        self.saved = (self.saved + gain.clamp(-MOST_LOSS, MOST_GAIN)).min(MOST_GAIN);
        if self.saved < -TOLERATED_LOSS {
            self.rests_until = Some(now + Duration::from_nanos(self.saved.unsigned_abs()) * REST);
            self.saved = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn losses_beyond_the_gains_are_paid_back_alone() {
        let (mut account, start) = (Account::default(), Instant::now());
        assert!(account.pays(start));
        account.settle(3 * MILLISECOND, 2 * MILLISECOND, start);
        account.settle(MILLISECOND, 4 * MILLISECOND, start);
        assert!(!account.pays(start));
        assert!(!account.pays(start + 39 * MILLISECOND));
        assert!(account.pays(start + 40 * MILLISECOND));
        assert!(account.pays(start));
    }

    #[test]
    fn gains_make_up_for_losses() {
        let (mut account, start) = (Account::default(), Instant::now());
        account.settle(2 * MILLISECOND, MILLISECOND, start);
        account.settle(MILLISECOND, 2 * MILLISECOND, start);
        assert!(account.pays(start));
        account.settle(MILLISECOND, 2 * MILLISECOND, start);
        assert!(!account.pays(start));
    }

    #[test]
    fn workers_may_be_late_at_first() {
        let (mut account, start) = (Account::default(), Instant::now());
        let late = Duration::from_nanos(TOLERATED_LOSS as u64);
        account.settle(Duration::ZERO, late, start);
        assert!(account.pays(start));
        account.settle(Duration::ZERO, MILLISECOND, start);
        assert!(!account.pays(start + (late + MILLISECOND) * REST - MILLISECOND));
        assert!(account.pays(start + (late + MILLISECOND) * REST));
    }

    #[test]
    fn neither_old_gains_nor_one_loss_count_for_long() {
        let (mut account, start) = (Account::default(), Instant::now());
        account.settle(Duration::from_secs(1), Duration::ZERO, start);
        account.settle(Duration::ZERO, Duration::from_secs(1), start);
        let rest = Duration::from_nanos((MOST_LOSS - MOST_GAIN) as u64) * REST;
        assert!(!account.pays(start + rest - MILLISECOND));
        assert!(account.pays(start + rest));
    }
}
