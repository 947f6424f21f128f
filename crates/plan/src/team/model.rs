//! The model check: loom runs this under every order of the atomic operations that the memory model allows with up to three
//! preemptions: `RUSTFLAGS="--cfg loom" cargo test -p layerwise-plan --release team`.

use super::board::Board;
use super::sync::{AtomicU32, Ordering, UnsafeCell};
use super::worker::Worker;
use std::sync::Arc;

/// Two phases of two chunks, a leader and a sleeping worker. Phase 1 reads without atomics what phase 0 wrote.
#[test]
fn phases_are_ordered_and_nobody_oversleeps() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let board = Arc::new(Board::new());
        let worker = [Worker::start(board.clone(), 1).expect("loom starts threads")];
        let cells: [UnsafeCell<u32>; 2] = [UnsafeCell::new(0), UnsafeCell::new(0)];
        let cells = Shared(&cells);
        let claimed = AtomicU32::new(0);
        for phase in 0..2 {
            let work = |chunk: u32, _: usize| {
                claimed.fetch_add(1, Ordering::Relaxed);
                // The second phase takes the cells crosswise, so that a chunk may meet memory of another thread.
                let cell = &cells.get()[(chunk ^ phase) as usize];
                // SAFETY: each chunk of a phase has a cell of its own.
                cell.with_mut(|value| unsafe { *value += 1 });
            };
            // SAFETY: one leader, and the work does not unwind.
            unsafe { board.lead(2, 2, &work, || Worker::wake(worker.iter())) };
        }
        for cell in cells.get() {
            // SAFETY: no phase is on the board.
            cell.with(|value| assert_eq!(unsafe { *value }, 2));
        }
        assert_eq!(claimed.load(Ordering::Relaxed), 4);
        board.close();
        Worker::wake(worker.iter());
        worker.into_iter().for_each(Worker::join);
    });
}

struct Shared<'a>(&'a [UnsafeCell<u32>; 2]);

impl<'a> Shared<'a> {
    fn get(&self) -> &'a [UnsafeCell<u32>; 2] {
        self.0
    }
}

// SAFETY: the phases under test are what keeps accesses apart, and loom reports where they do not.
unsafe impl Sync for Shared<'_> {}
