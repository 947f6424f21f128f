//! Waiting for what usually comes soon.

use std::time::{Duration, Instant};

/// How long a thread looks out before it sleeps. Within a run phases follow each other in less; between runs, and where another
/// thread has lost its core, the core belongs to others.
const LOOKOUT: Duration = Duration::from_micros(50);

/// Whether `called` becomes true soon.
pub fn look_out(called: impl Fn() -> bool) -> bool {
    if cfg!(loom) {
        return called();
    }
    let end = Instant::now() + LOOKOUT;
    loop {
        for _ in 0..32 {
            if called() {
                return true;
            }
            std::hint::spin_loop();
        }
        if Instant::now() > end {
            return false;
        }
    }
}
