//! The driver: one thread in the process that works through asynchronous runs, of all environments, a slice of time each.

use layerwise_kernels::Buffer;
use layerwise_plan::{BoundPlan, Error, look_out};
use std::collections::VecDeque;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::environment::Environment;

/// After this long a run lets the next one go on, at the end of its step.
const SLICE: Duration = Duration::from_millis(10);

/// Some steps of a plan, and what to do in the end.
pub struct Run {
    pub environment: Arc<Environment>,
    pub plan: Arc<BoundPlan>,
    pub inputs: Vec<Buffer>,
    pub outputs: Vec<Buffer>,
    pub steps: Range<u64>,
    /// Settles the promise. Never called once the environment has ended.
    pub settle: Box<dyn FnOnce(Result<(), Error>) + Send>,
}

struct Driver {
    state: Mutex<State>,
    changed: Condvar,
    /// Whether runs wait in the queue.
    wanted: AtomicBool,
}

struct State {
    queue: VecDeque<Run>,
    /// Whose memory the driver may be touching.
    busy: Option<Arc<Environment>>,
    started: bool,
}

static DRIVER: Driver = Driver {
    state: Mutex::new(State { queue: VecDeque::new(), busy: None, started: false }),
    changed: Condvar::new(),
    wanted: AtomicBool::new(false),
};

/// Hands a run to the driver, which is started if this is the first one.
pub fn submit(run: Run) {
    let mut state = DRIVER.lock();
    if !state.started {
        let thread = std::thread::Builder::new().name("layerwise-runs".into());
        if let Err(error) = thread.spawn(|| DRIVER.serve()) {
            return (run.settle)(Err(Error::run(format!("no thread to run on: {error}"))));
        }
        state.started = true;
    }
    state.queue.push_back(run);
    DRIVER.wanted.store(true, Ordering::Relaxed);
    DRIVER.changed.notify_all();
}

/// Drops the runs of an environment that has ended. When this returns, nothing touches its memory.
pub fn abandon(environment: &Arc<Environment>) {
    let mut state = DRIVER.lock();
    state.queue.retain(|run| !Arc::ptr_eq(&run.environment, environment));
    while state.busy.as_ref().is_some_and(|busy| Arc::ptr_eq(busy, environment)) {
        state = DRIVER.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

impl Driver {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        loop {
            let run = self.next();
            let unfinished = self.slice(run);
            let mut state = self.lock();
            // In one step with leaving the memory alone, so that no run of an ended environment comes back.
            state.queue.extend(unfinished.filter(|run| !run.environment.has_ended()));
            self.wanted.store(!state.queue.is_empty(), Ordering::Relaxed);
            state.busy = None;
            self.changed.notify_all();
        }
    }

    /// The next run. One often follows another soon: a training reads its losses and goes on.
    fn next(&self) -> Run {
        look_out(|| self.wanted.load(Ordering::Relaxed));
        let mut state = self.lock();
        loop {
            if let Some(run) = state.queue.pop_front() {
                self.wanted.store(!state.queue.is_empty(), Ordering::Relaxed);
                state.busy = Some(run.environment.clone());
                return run;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Works at a run until it ends or its time is up and others wait; returns it if there is more to do.
    fn slice(&self, mut run: Run) -> Option<Run> {
        let end = Instant::now() + SLICE;
        let should_yield =
            || run.environment.has_ended() || self.wanted.load(Ordering::Relaxed) && Instant::now() >= end;
        let work = || run.plan.run(&run.inputs, &run.outputs, run.steps.clone(), &should_yield);
        let result =
            catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Error::kernel_panic("", "")));
        match result {
            Ok(step) if step < run.steps.end => {
                run.steps.start = step;
                return Some(run);
            }
            result if !run.environment.has_ended() => {
                // A promise that cannot be settled must not take the driver, and all other runs, with it.
                let _ = catch_unwind(AssertUnwindSafe(|| (run.settle)(result.map(drop))));
            }
            _ => {}
        }
        None
    }
}
