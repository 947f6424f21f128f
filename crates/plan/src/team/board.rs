//! How the chunks of a phase are handed out: one atomic word to claim them from and one counter of those that are done.
//!
//! The leader writes the work, then the claim word. Whoever takes a chunk off the word's range by compare-and-swap owns it,
//! and only then reads the work. The leader returns once every chunk that others claimed has been counted as done, so nobody
//! holds the work any longer. A thread that was off its core between reading the word and swapping it can do no harm: either
//! the word has changed and the swap fails, or the word is that of a newer phase by then and it owns a chunk of that one.

use super::look_out::look_out;
use super::sync::{AtomicU32, AtomicU64, Condvar, Mutex, Ordering, PoisonError, UnsafeCell};

/// What is done to a chunk by a thread of that number.
pub type Work<'a> = dyn Fn(u32, usize) + Sync + 'a;

const CHUNK_BITS: u32 = 26;
const CHUNK_MASK: u64 = (1 << CHUNK_BITS) - 1;

/// The most chunks that a phase on the board can have.
pub const MOST_CHUNKS: u32 = CHUNK_MASK as u32;

/// The most threads that can share a board.
pub const MOST_THREADS: usize = (1 << (64 - 2 * CHUNK_BITS)) - 1;

/// From the top: how many threads may claim, and the end and the start of the range of chunks that are left.
///
/// Threads of even numbers claim from the start, the others from the end: of what one phase writes and the next one reads, most
/// stays with the same core then.
#[derive(Clone, Copy)]
struct Claim(u64);

impl Claim {
    const CLOSED: Claim = Claim(u64::MAX);

    fn new(threads: usize, chunks: u32) -> Self {
        debug_assert!(threads <= MOST_THREADS && chunks < MOST_CHUNKS);
        Claim((threads as u64) << (2 * CHUNK_BITS) | u64::from(chunks) << CHUNK_BITS)
    }

    /// The chunk that a thread of this number may take, and the word without it.
    fn next(self, thread: usize) -> Option<(u32, Claim)> {
        let (start, end) = (self.0 & CHUNK_MASK, self.0 >> CHUNK_BITS & CHUNK_MASK);
        if start >= end || thread as u64 >= self.0 >> (2 * CHUNK_BITS) {
            return None;
        }
        Some(if thread.is_multiple_of(2) {
            (start as u32, Claim(self.0 + 1))
        } else {
            (end as u32 - 1, Claim(self.0 - (1 << CHUNK_BITS)))
        })
    }
}

/// Keeps what workers hammer on in cache lines of its own (pairs of lines are fetched together).
#[repr(align(128))]
struct Apart<T>(T);

/// The board on which a leader puts up one phase after another.
pub struct Board {
    claim: Apart<AtomicU64>,
    /// Chunks of this phase that workers have finished, less those that the leader knows they have claimed: 0 when the
    /// leader need not wait for any.
    completed: Apart<AtomicU32>,
    work: UnsafeCell<Option<*const Work<'static>>>,
    /// Whether the leader sleeps until the chunks that workers hold are done.
    asleep: Mutex<bool>,
    awake: Condvar,
}

// SAFETY: the work is `Sync`, written only while no chunk is claimed, and read only by owners of a claimed chunk.
unsafe impl Send for Board {}
// SAFETY: as for Send.
unsafe impl Sync for Board {}

impl Board {
    pub fn new() -> Self {
        Board {
            claim: Apart(AtomicU64::new(0)),
            completed: Apart(AtomicU32::new(0)),
            work: UnsafeCell::new(None),
            asleep: Mutex::new(false),
            awake: Condvar::new(),
        }
    }

    /// Puts up a phase, calls `wake`, does chunks as thread 0 and returns when all are done.
    ///
    /// # Safety
    /// One leader at a time, and `work` does not unwind.
    pub unsafe fn lead(&self, threads: usize, chunks: u32, work: &Work<'_>, wake: impl FnOnce()) {
        // SAFETY: a longer lifetime for a reference that is read only by owners of a chunk, and the wait below outlasts them.
        let work = unsafe { std::mem::transmute::<*const Work<'_>, *const Work<'static>>(work) };
        // SAFETY: no chunk is claimed now, so nobody reads the cell.
        self.work.with_mut(|cell| unsafe { *cell = Some(work) });
        self.claim.0.store(Claim::new(threads, chunks).0, Ordering::Release);
        wake();
        let own = self.share(0);
        self.await_workers(chunks - own);
    }

    /// Waits for the chunks that workers claimed. One that is off its core may need this one, so the leader sleeps in the end.
    fn await_workers(&self, claimed: u32) {
        let completed = self.completed.0.fetch_sub(claimed, Ordering::Acquire);
        let all_done = || self.completed.0.load(Ordering::Acquire) == 0;
        if completed == claimed || look_out(all_done) {
            return;
        }
        let mut asleep = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        *asleep = true;
        while !all_done() {
            asleep = self.awake.wait(asleep).unwrap_or_else(PoisonError::into_inner);
        }
        *asleep = false;
    }

    /// Counts a worker's chunk as done; the last one that a leader waits for calls it.
    fn complete(&self) {
        let before = self.completed.0.fetch_add(1, Ordering::Release);
        if before == 0u32.wrapping_sub(1) && *self.asleep.lock().unwrap_or_else(PoisonError::into_inner) {
            self.awake.notify_one();
        }
    }

    /// Does chunks until none is left to claim, and says how many it did.
    pub fn share(&self, thread: usize) -> u32 {
        let mut done = 0;
        while let Some(chunk) = self.claim(thread) {
            // SAFETY: the owner of a claimed chunk sees the work that the claim word released, and the leader keeps it
            // alive until that chunk is counted.
            let work = self.work.with(|cell| unsafe { &*(*cell).expect("a phase on the board has work") });
            work(chunk, thread);
            done += 1;
            if thread != 0 {
                self.complete();
            }
        }
        done
    }

    fn claim(&self, thread: usize) -> Option<u32> {
        let mut seen = self.claim.0.load(Ordering::Acquire);
        loop {
            let (chunk, rest) = Claim(seen).next(thread)?;
            match self.claim.0.compare_exchange_weak(seen, rest.0, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return Some(chunk),
                Err(now) => seen = now,
            }
        }
    }

    /// Whether a worker of this number has something to do or should leave.
    pub fn calls(&self, thread: usize) -> bool {
        let seen = Claim(self.claim.0.load(Ordering::Relaxed));
        seen.next(thread).is_some() || seen.0 == Claim::CLOSED.0
    }

    /// Sends the workers away for good. No phase may be on the board.
    pub fn close(&self) {
        self.claim.0.store(Claim::CLOSED.0, Ordering::Release);
    }

    pub fn is_closed(&self) -> bool {
        self.claim.0.load(Ordering::Acquire) == Claim::CLOSED.0
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// The chunks that threads get in turn.
    fn claimed(chunks: u32, threads: &[usize]) -> Vec<Option<u32>> {
        let mut claim = Claim::new(3, chunks);
        let next = |&thread: &usize| {
            let (chunk, rest) = claim.next(thread)?;
            claim = rest;
            Some(chunk)
        };
        threads.iter().map(next).collect()
    }

    #[test]
    fn threads_claim_from_both_ends_until_they_meet() {
        assert_eq!(claimed(4, &[0, 1, 0, 0, 0]), [Some(0), Some(3), Some(1), Some(2), None]);
        assert_eq!(claimed(4, &[1, 2, 1, 1, 1]), [Some(3), Some(0), Some(2), Some(1), None]);
        assert_eq!(claimed(1, &[1, 0, 1]), [Some(0), None, None]);
    }

    #[test]
    fn nobody_else_claims() {
        assert_eq!(claimed(4, &[3, 4]), [None, None]);
        assert!((0..4).all(|thread| Claim::CLOSED.next(thread).is_none() && Claim(0).next(thread).is_none()));
    }
}
