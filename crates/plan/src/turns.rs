//! A lock that is handed on in the order of arrival, so that a long run cannot starve the others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub struct Turns {
    tickets: Mutex<Tickets>,
    called: Condvar,
    waiting: AtomicUsize,
}

#[derive(Debug, Default)]
struct Tickets {
    next: u64,
    serving: u64,
}

/// One's turn, until dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    turns: &'a Turns,
}

impl Turns {
    /// Waits for one's turn.
    pub fn take(&self) -> Turn<'_> {
        let mut tickets = self.tickets();
        let ticket = tickets.next;
        tickets.next += 1;
        if tickets.serving != ticket {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            while tickets.serving != ticket {
                tickets = self.called.wait(tickets).unwrap_or_else(PoisonError::into_inner);
            }
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        Turn { turns: self }
    }

    /// Whether somebody waits for the turn to end.
    pub fn wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    fn tickets(&self) -> MutexGuard<'_, Tickets> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.tickets().serving += 1;
        if self.turns.wanted() {
            self.turns.called.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn hands_on_to_whoever_waits() {
        let turns = Turns::default();
        let served = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let mut turn = turns.take();
            scope.spawn(|| {
                let _turn = turns.take();
                served.store(true, Ordering::SeqCst);
            });
            while !turns.wanted() {
                std::thread::yield_now();
            }
            // Taking the next turn at once comes after the one who waits.
            drop(turn);
            turn = turns.take();
            assert!(served.load(Ordering::SeqCst));
            drop(turn);
        });
        assert!(!turns.wanted());
    }

    #[test]
    fn one_at_a_time() {
        let turns = Turns::default();
        let count = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        let _turn = turns.take();
                        let seen = count.load(Ordering::Relaxed);
                        std::hint::black_box(seen);
                        count.store(seen + 1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(count.into_inner(), 4_000);
    }
}
