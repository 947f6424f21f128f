//! Control flow before it is laid out: instructions that run graphs of their own.

use crate::arena::aligned;
use crate::graph::Graph;
use crate::layout::Layout;

/// What is done with the bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlKind {
    /// The body whose number the first input holds runs on the others.
    Switch,
    /// The second body runs on its own results while the first makes true of them.
    While { constants: usize, most_iterations: u32 },
    /// The body runs on each slice of the last inputs.
    Scan { constants: usize, carries: usize, length: usize, reverse: bool },
}

#[derive(Debug)]
pub struct Control {
    pub kind: ControlKind,
    pub bodies: Vec<Graph>,
    /// One for each body, once its kernels are built.
    pub layouts: Vec<Layout>,
    /// The bytes of each value that the body of a loop makes for its next iteration.
    pub carry_bytes: Vec<usize>,
}

/// Offsets within the scratch memory of an instruction.
#[derive(Clone, Debug, Default)]
pub struct ScratchMap {
    /// Two places for each carry: an iteration reads from one and writes to the other.
    pub carries: Vec<[usize; 2]>,
    /// What the condition of a loop makes.
    pub truth: usize,
    pub bytes: usize,
}

impl Control {
    /// The scratch memory: from offset 0 the values of the body that runs, then what outlives it.
    pub fn scratch(&self) -> ScratchMap {
        let mut bytes = self.layouts.iter().map(|layout| layout.arena_bytes).max().unwrap_or(0);
        let mut take = |size: usize| {
            let offset = bytes;
            bytes = bytes.saturating_add(aligned(size));
            offset
        };
        let carries = self.carry_bytes.iter().map(|&size| [take(size), take(size)]).collect();
        let truth = if matches!(self.kind, ControlKind::While { .. }) { take(1) } else { 0 };
        ScratchMap { carries, truth, bytes }
    }

    /// Whether the data can make a body fail.
    pub fn is_fallible(&self) -> bool {
        self.bodies.iter().any(|body| body.nodes.iter().any(|node| node.fallible))
    }
}
