//! Kernels that go wrong on purpose, so that tests can see what becomes of it.

use layerwise_kernels::{Cost, Kernel, KernelError, Operands, Scratch};

use crate::graph::{Graph, Node, Work};

/// Which op goes wrong, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub op: String,
    pub kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The kernel panics.
    Panic,
    /// The first element of its output is wrong.
    Wrong,
}

/// Makes every kernel that does the fault's op faulty.
pub fn inject(graph: &mut Graph, fault: &Fault) {
    let nodes = std::mem::take(&mut graph.nodes).into_iter();
    graph.nodes = nodes
        .map(|node| match node.work {
            Work::Kernel(kernel) if node.ops.iter().any(|op| *op == fault.op) => {
                let element = graph.values[node.outputs[0]].tensor.dtype().bytes();
                let faulty = Faulty { kernel, kind: fault.kind, element };
                Node { work: Work::Kernel(Box::new(faulty)), ..node }
            }
            work => Node { work, ..node },
        })
        .collect();
}

#[derive(Debug)]
struct Faulty {
    kernel: Box<dyn Kernel>,
    kind: FaultKind,
    element: usize,
}

impl Kernel for Faulty {
    fn name(&self) -> &'static str {
        self.kernel.name()
    }

    fn phases(&self) -> &[u32] {
        self.kernel.phases()
    }

    fn cost(&self) -> Cost {
        self.kernel.cost()
    }

    fn scratch(&self) -> Scratch {
        self.kernel.scratch()
    }

    fn may_alias(&self, output: usize, input: usize) -> bool {
        self.kernel.may_alias(output, input)
    }

    fn run(
        &self,
        phase: u32,
        chunk: u32,
        operands: &Operands<'_>,
        private: &mut [f32],
    ) -> Result<(), KernelError> {
        assert!(self.kind != FaultKind::Panic, "a kernel panics on purpose");
        self.kernel.run(phase, chunk, operands, private)?;
        let output = &operands.outputs[0];
        if phase as usize + 1 == self.phases().len() && chunk == 0 && output.bytes() > 0 {
            // The difference between 0.0 and 1.0 in the exponent; for a narrow element its lowest bit.
            let mask: &[u8] = if self.element == 4 { &[0, 0, 0x80, 0x3F] } else { &[1] };
            // SAFETY: the first element belongs to the first chunk, which is complete.
            let first = unsafe { output.slice_mut::<u8>(0..mask.len()) };
            first.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        }
        Ok(())
    }
}
