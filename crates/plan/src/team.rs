//! The process-wide team of threads that shares the chunks of a phase.
//!
//! Nobody waits for a thread to arrive: chunks are claimed, the leader claims too, and a worker that the system has taken
//! off its core costs the chunk that it holds, at most. Idle workers sleep; they keep no process alive.

mod account;
mod board;
mod look_out;
#[cfg(all(test, loom))]
mod model;
mod sync;
#[cfg(all(test, not(loom)))]
mod tests;
mod worker;

pub use look_out::look_out;

use account::Account;
use board::{Board, MOST_CHUNKS, MOST_THREADS, Work};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::time::{Duration, Instant};
use worker::Worker;

/// The threads that compute together. One leader at a time enters the team; whoever finds it taken computes alone.
pub struct Team {
    board: Arc<Board>,
    /// Who holds the lock leads.
    crew: Mutex<Crew>,
    threads: AtomicUsize,
}

/// What the leader of the moment has.
#[derive(Default)]
struct Crew {
    /// Started when first needed.
    workers: Vec<Worker>,
    account: Account,
}

/// The exclusive use of a team by one leader, until dropped.
pub struct Session<'a> {
    board: &'a Board,
    crew: MutexGuard<'a, Crew>,
    threads: usize,
}

/// What a chunk said when it panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanicMessage(pub String);

/// How many threads the team of this process has, the leader included.
pub fn threads() -> usize {
    Team::global().threads.load(Ordering::Relaxed)
}

/// Sets how many threads the team of this process has, the leader included, from the next session on.
pub fn set_threads(threads: usize) {
    Team::global().set_threads(threads);
}

/// LAYERWISE_THREADS where it is a positive number, otherwise the processors that affinity and, on Linux, the quotas of control
/// groups leave to this process: `available_parallelism` reads both.
fn default_threads() -> usize {
    let wanted = std::env::var("LAYERWISE_THREADS").ok().and_then(|text| text.trim().parse().ok());
    wanted
        .filter(|&threads| threads > 0)
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get()))
}

impl Team {
    /// The team of this process.
    pub fn global() -> &'static Team {
        static TEAM: OnceLock<Team> = OnceLock::new();
        TEAM.get_or_init(|| Team::new(default_threads()))
    }

    /// A team of so many threads, the leader included.
    pub fn new(threads: usize) -> Self {
        let team =
            Team { board: Arc::new(Board::new()), crew: Mutex::default(), threads: AtomicUsize::new(1) };
        team.set_threads(threads);
        team
    }

    /// Sets how many threads the team has, the leader included, from the next session on.
    pub fn set_threads(&self, threads: usize) {
        self.threads.store(threads.clamp(1, MOST_THREADS), Ordering::Relaxed);
    }

    /// The use of the team, unless another leader has it.
    pub fn enter(&self) -> Option<Session<'_>> {
        let mut crew = match self.crew.try_lock() {
            Ok(crew) => crew,
            // A leader that panicked between phases left nothing behind.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let wanted = self.threads.load(Ordering::Relaxed);
        let Crew { workers, .. } = &mut *crew;
        while workers.len() + 1 < wanted {
            match Worker::start(self.board.clone(), workers.len() + 1) {
                Ok(worker) => workers.push(worker),
                // The system gives no more threads: those that there are do the work.
                Err(_) => break,
            }
        }
        let threads = wanted.min(workers.len() + 1);
        Some(Session { board: &self.board, crew, threads })
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        let crew = std::mem::take(self.crew.get_mut().unwrap_or_else(PoisonError::into_inner));
        self.board.close();
        Worker::wake(crew.workers.iter());
        crew.workers.into_iter().for_each(Worker::join);
    }
}

impl Session<'_> {
    /// How many threads take part, the leader included: `run` hands out thread numbers below it.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Whether sharing is worth a try now: it was not, of late, where the system keeps the workers off their cores.
    pub fn pays(&mut self, now: Instant) -> bool {
        self.crew.account.pays(now)
    }

    /// Takes account of shared work that began at `start` and would have taken one thread so long.
    pub fn settle(&mut self, alone: Duration, start: Instant) {
        let now = Instant::now();
        self.crew.account.settle(alone, now - start, now);
    }

    /// Calls `work(chunk, thread)` once for each chunk below `chunks`, on any thread of the team, and returns when all
    /// calls have returned. The calling thread is number 0. A panic in a chunk is reported after the other chunks ran.
    pub fn run(&mut self, chunks: u32, work: &Work<'_>) -> Result<(), PanicMessage> {
        if self.threads == 1 || !(2..MOST_CHUNKS).contains(&chunks) {
            return run_alone(chunks, work);
        }
        let panic = Mutex::new(None);
        let guarded = |chunk, thread| {
            if let Err(message) = guard(work, chunk, thread) {
                panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(message);
            }
        };
        let helpers = (self.threads - 1).min(chunks as usize - 1);
        // SAFETY: a session is the only one of its team, `&mut self` allows one phase at a time, and panics are caught.
        unsafe {
            self.board
                .lead(self.threads, chunks, &guarded, || Worker::wake(self.crew.workers[..helpers].iter()));
        }
        panic.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }
}

/// What [`Session::run`] does, on the calling thread alone.
pub fn run_alone(chunks: u32, work: &Work<'_>) -> Result<(), PanicMessage> {
    let mut result = Ok(());
    for chunk in 0..chunks {
        result = result.and(guard(work, chunk, 0));
    }
    result
}

fn guard(work: &Work<'_>, chunk: u32, thread: usize) -> Result<(), PanicMessage> {
    catch_unwind(AssertUnwindSafe(|| work(chunk, thread))).map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
        PanicMessage(text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default())
    })
}
