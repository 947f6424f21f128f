//! A worker: claims chunks while there are any, looks out for more for a while, then sleeps until it is called.

use super::board::Board;
use super::look_out::look_out;
use super::sync::{AtomicBool, Ordering, fence, thread};
use std::sync::Arc;

/// A worker as its leader sees it.
pub struct Worker {
    asleep: Arc<AtomicBool>,
    handle: thread::JoinHandle<()>,
}

impl Worker {
    /// Starts the worker of that number, or says why the system refused.
    pub fn start(board: Arc<Board>, thread: usize) -> std::io::Result<Self> {
        let asleep = Arc::new(AtomicBool::new(false));
        let seat = asleep.clone();
        let handle =
            thread::Builder::new().name("layerwise".into()).spawn(move || serve(&board, &seat, thread))?;
        Ok(Worker { asleep, handle })
    }

    /// Wakes those of the workers that sleep, after a change to the board.
    pub fn wake<'a>(workers: impl Iterator<Item = &'a Worker>) {
        // Either the leader sees that a worker sleeps, or the worker sees the change: both fences are in one total order.
        fence(Ordering::SeqCst);
        for worker in workers {
            if worker.asleep.load(Ordering::Relaxed) {
                worker.handle.thread().unpark();
            }
        }
    }

    /// Waits for the end of a worker that was sent away.
    pub fn join(self) {
        let _ = self.handle.join();
    }
}

fn serve(board: &Board, asleep: &AtomicBool, thread: usize) {
    #[cfg(not(loom))]
    let _flush = layerwise_kernels::FlushDenormals::new();
    while !board.is_closed() {
        board.share(thread);
        if !look_out(|| board.calls(thread)) {
            asleep.store(true, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if !board.calls(thread) {
                thread::park();
            }
            asleep.store(false, Ordering::Relaxed);
        }
    }
}
