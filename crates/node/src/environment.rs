//! JavaScript environments: the main thread and each worker thread are one, and a worker's ends while its runs go on.

use napi::{Env, Result};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::driver;

/// One environment, as far as its runs are concerned.
#[derive(Default)]
pub struct Environment {
    ended: AtomicBool,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Environment>>> = const { RefCell::new(None) };
}

impl Environment {
    /// The environment of this thread. The first time, arranges that its runs stop before its memory goes.
    pub fn current(env: &Env) -> Result<Arc<Self>> {
        if let Some(current) = CURRENT.with_borrow(Clone::clone) {
            return Ok(current);
        }
        // Threads of the team and the driver outlive the environment that loaded this library, so it must stay loaded.
        napi::bindgen_prelude::retain_current_module_for_unload_safety();
        let current = Arc::new(Environment::default());
        env.add_env_cleanup_hook(current.clone(), |environment| {
            environment.ended.store(true, Ordering::Relaxed);
            driver::abandon(&environment);
            CURRENT.take();
        })?;
        CURRENT.set(Some(current.clone()));
        Ok(current)
    }

    /// Whether it is being torn down.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}
