//! What lives longer than a plan: variables, and the arena that all plans of a store share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use layerwise_kernels::Buffer;

use crate::error::Error;
use crate::memory::AlignedBytes;
use crate::tensor::TensorType;
use crate::turns::{Turn, Turns};

/// Variables and working memory. One step of one run at a time uses them.
#[derive(Debug)]
pub struct Store {
    turns: Turns,
    working: Mutex<Working>,
    budget: AtomicU64,
    used: AtomicU64,
    closed: AtomicBool,
}

/// The memory of the step that runs. Nothing in it outlives the step.
#[derive(Debug)]
pub(crate) struct Working {
    pub arena: AlignedBytes,
    /// The scratch memory of each thread.
    pub private: Vec<AlignedBytes>,
}

/// What a plan needs of the working memory.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needs {
    pub arena: usize,
    /// Private scratch memory of each thread.
    pub private: usize,
}

/// The use of a store for some steps.
pub(crate) struct Use<'a> {
    pub working: MutexGuard<'a, Working>,
    _turn: Turn<'a>,
}

impl Store {
    /// A store whose variables, working memory and plans' constants together stay within `budget` bytes.
    pub fn new(budget: u64) -> Arc<Self> {
        let working = Working { arena: AlignedBytes::EMPTY, private: Vec::new() };
        Arc::new(Store {
            turns: Turns::default(),
            working: Mutex::new(working),
            budget: AtomicU64::new(budget),
            used: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        })
    }

    /// Sets how many bytes variables and working memory may take together from now on.
    pub fn set_budget(&self, budget: u64) {
        self.budget.store(budget, Ordering::Relaxed);
    }

    /// A new variable of this store, all zeros.
    pub fn variable(self: &Arc<Self>, tensor: TensorType) -> Result<Arc<Variable>, Error> {
        self.require_open()?;
        let memory = self.allocate(tensor.bytes())?;
        Ok(Arc::new(Variable { store: self.clone(), tensor, memory }))
    }

    /// The bytes of all variables, of the working memory, and of the constants of all plans that are bound.
    pub fn bytes(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Ends the store: what runs ends after its step, what comes later is refused, and working memory is freed.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let _turn = self.turns.take();
        let mut working = self.working();
        self.release(std::mem::replace(&mut working.arena, AlignedBytes::EMPTY));
        working.private.drain(..).for_each(|private| self.release(private));
    }

    /// Whether the store was closed.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Whether somebody waits to use the store.
    pub(crate) fn is_wanted(&self) -> bool {
        self.turns.wanted()
    }

    /// Waits for the use of the store.
    pub(crate) fn enter(&self) -> Result<Use<'_>, Error> {
        let turn = self.turns.take();
        self.require_open()?;
        Ok(Use { working: self.working(), _turn: turn })
    }

    /// Grows working memory to what a plan needs for so many threads.
    pub(crate) fn grow(&self, working: &mut Working, needs: Needs, threads: usize) -> Result<(), Error> {
        self.grow_one(&mut working.arena, needs.arena)?;
        if working.private.len() < threads {
            working.private.resize_with(threads, || AlignedBytes::EMPTY);
        }
        working.private[..threads].iter_mut().try_for_each(|private| self.grow_one(private, needs.private))
    }

    fn grow_one(&self, memory: &mut AlignedBytes, bytes: usize) -> Result<(), Error> {
        if memory.len() < bytes {
            self.release(std::mem::replace(memory, AlignedBytes::EMPTY));
            *memory = self.allocate(bytes)?;
        }
        Ok(())
    }

    /// Counts bytes of a plan that is bound to this store, until `give_back`.
    pub(crate) fn reserve(&self, bytes: usize) -> Result<(), Error> {
        let added = bytes as u64;
        let needed = self.used.fetch_add(added, Ordering::Relaxed).saturating_add(added);
        let budget = self.budget.load(Ordering::Relaxed);
        if needed <= budget {
            return Ok(());
        }
        self.give_back(bytes);
        Err(Error::memory_budget(needed, budget))
    }

    /// Counts bytes no longer.
    pub(crate) fn give_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes as u64, Ordering::Relaxed);
    }

    fn allocate(&self, bytes: usize) -> Result<AlignedBytes, Error> {
        self.reserve(bytes)?;
        AlignedBytes::new(bytes).ok_or_else(|| {
            self.give_back(bytes);
            Error::memory_budget(
                self.bytes().saturating_add(bytes as u64),
                self.budget.load(Ordering::Relaxed),
            )
        })
    }

    fn release(&self, memory: AlignedBytes) {
        self.give_back(memory.len());
    }

    fn require_open(&self) -> Result<(), Error> {
        if self.is_closed() { Err(Error::closed()) } else { Ok(()) }
    }

    fn working(&self) -> MutexGuard<'_, Working> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tensor that outlives steps, and the only kind that programs change.
#[derive(Debug)]
pub struct Variable {
    store: Arc<Store>,
    tensor: TensorType,
    memory: AlignedBytes,
}

impl Variable {
    pub fn tensor(&self) -> &TensorType {
        &self.tensor
    }

    /// Copies the value between two steps.
    pub fn read(&self, into: &mut [u8]) -> Result<(), Error> {
        self.require_length(into.len())?;
        let _use = self.store.enter()?;
        // SAFETY: only steps and `write` change the memory, and all wait for the store's turn, which this thread has.
        into.copy_from_slice(unsafe { self.memory.buffer().slice::<u8>() });
        Ok(())
    }

    /// Sets the value between two steps.
    pub fn write(&self, from: &[u8]) -> Result<(), Error> {
        self.require_length(from.len())?;
        let _use = self.store.enter()?;
        // SAFETY: as in `read`, nobody else reads or writes the memory during this thread's turn.
        unsafe { self.memory.buffer().slice_mut::<u8>(0..from.len()) }.copy_from_slice(from);
        Ok(())
    }

    /// The memory, for steps of the same store.
    pub(crate) fn buffer(&self) -> Buffer {
        self.memory.buffer()
    }

    pub(crate) fn belongs_to(&self, store: &Arc<Store>) -> bool {
        Arc::ptr_eq(&self.store, store)
    }

    fn require_length(&self, got: usize) -> Result<(), Error> {
        let expected = self.tensor.bytes();
        if got == expected {
            return Ok(());
        }
        Err(Error::variable_mismatch(None, expected.into(), got.into()))
    }
}

impl Drop for Variable {
    fn drop(&mut self) {
        self.store.release(std::mem::replace(&mut self.memory, AlignedBytes::EMPTY));
    }
}
