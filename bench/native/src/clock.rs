//! What time is measured by.

use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    Wall,
    /// The time that this thread had a core: what neighbours do to the machine is not in it.
    Thread,
}

impl Clock {
    /// The fairest clock for work on so many threads.
    pub fn of(threads: usize) -> Clock {
        if threads == 1 { Clock::Thread } else { Clock::Wall }
    }

    /// How long some work takes.
    pub fn time(self, work: impl FnOnce()) -> Duration {
        if self == Clock::Thread && cfg!(unix) {
            let start = thread_time();
            work();
            return thread_time() - start;
        }
        let start = Instant::now();
        work();
        start.elapsed()
    }
}

#[cfg(unix)]
fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the time to write is ours.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0, "every thread has a clock");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(not(unix))]
fn thread_time() -> Duration {
    unreachable!("the wall clock measures here")
}
