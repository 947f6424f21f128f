//! Instructions in an order, and where each finds its operands: a whole step, or a body of control flow.

use layerwise_kernels::Kernel;

use crate::control::{Control, ControlKind, ScratchMap};
use crate::graph::{Graph, Node, Work};
use crate::layout::{Layout, Place};
use crate::sharing::Sharing;
use crate::store::Needs;

#[derive(Debug)]
pub(crate) struct Block {
    pub instructions: Vec<Instruction>,
    /// Copies at the end, between operands.
    pub transfers: Vec<(usize, usize)>,
    /// For each input the operands that lie in it, and for each output.
    pub inputs: Vec<Vec<usize>>,
    pub outputs: Vec<Vec<usize>>,
}

#[derive(Debug)]
pub(crate) struct Instruction {
    pub task: Task,
    /// The primitives that it does.
    pub ops: String,
    /// Where its operands begin, where its outputs do, and where its scratch is.
    pub inputs: usize,
    pub outputs: usize,
    pub scratch: usize,
}

#[derive(Debug)]
pub(crate) enum Task {
    Kernel { kernel: Box<dyn Kernel>, sharing: Sharing },
    Control(Flow),
}

/// Control flow that is ready to run.
#[derive(Debug)]
pub(crate) struct Flow {
    pub kind: ControlKind,
    pub bodies: Vec<Block>,
    /// The operands that hold each carry in turn.
    pub carries: Vec<[usize; 2]>,
    /// The operand that holds what the condition of a loop made.
    pub truth: usize,
}

/// A stretch of memory that a step touches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand {
    pub place: Place,
    pub bytes: usize,
}

/// The operands of all blocks of a plan, and what memory they need beyond the arena.
#[derive(Debug, Default)]
pub(crate) struct Operands {
    pub list: Vec<Operand>,
    pub private: usize,
}

impl Operands {
    fn push(&mut self, place: Place, bytes: usize) -> usize {
        self.list.push(Operand { place, bytes });
        self.list.len() - 1
    }

    /// What a plan with an arena of so many bytes needs.
    pub fn needs(&self, arena: usize) -> Needs {
        Needs { arena, private: self.private }
    }
}

impl Block {
    /// A graph whose kernels are built, with its values from an offset of the arena.
    pub fn new(graph: Graph, layout: &Layout, base: usize, operands: &mut Operands) -> Self {
        let mut block = Block {
            instructions: Vec::with_capacity(graph.nodes.len()),
            transfers: Vec::with_capacity(layout.transfers.len()),
            inputs: vec![Vec::new(); graph.inputs],
            outputs: vec![Vec::new(); graph.outputs.len()],
        };
        let Graph { nodes, values, .. } = graph;
        for (node, &scratch) in nodes.into_iter().zip(&layout.scratch) {
            let [inputs, outputs] = [&node.inputs, &node.outputs].map(|ids| {
                let first = operands.list.len();
                for &id in ids {
                    block.operand(layout.places[id], values[id].tensor.bytes(), base, operands);
                }
                first
            });
            let scratch = block.operand(scratch, node.scratch_bytes(), base, operands);
            let Node { work, ops, .. } = node;
            let task = match work {
                Work::Kernel(kernel) => {
                    let private = kernel.scratch().private * size_of::<f32>();
                    operands.private = operands.private.max(private);
                    Task::Kernel { sharing: Sharing::new(&*kernel), kernel }
                }
                Work::Control(control) => Task::Control(Flow::new(control, scratch, operands)),
                other => unreachable!("kernels are built, not {other:?}"),
            };
            block.instructions.push(Instruction { task, ops: ops.join("+"), inputs, outputs, scratch });
        }
        for transfer in &layout.transfers {
            let [from, to] = [transfer.from, transfer.to]
                .map(|place| block.operand(place, transfer.bytes, base, operands));
            block.transfers.push((from, to));
        }
        block
    }

    fn operand(&mut self, place: Place, bytes: usize, base: usize, operands: &mut Operands) -> usize {
        let place = match place {
            Place::Arena(offset) => Place::Arena(base + offset),
            other => other,
        };
        let index = operands.push(place, bytes);
        match place {
            Place::Input(input) => self.inputs[input].push(index),
            Place::Output(output) => self.outputs[output].push(index),
            _ => {}
        }
        index
    }

    /// Whether a team may be of use to it, as far as is known.
    pub fn may_share(&self) -> bool {
        self.instructions.iter().any(|instruction| match &instruction.task {
            Task::Kernel { sharing, .. } => sharing.is_possible(),
            Task::Control(flow) => flow.bodies.iter().any(Block::may_share),
        })
    }
}

impl Flow {
    /// Control flow whose scratch memory is an operand.
    fn new(control: Control, scratch: usize, operands: &mut Operands) -> Self {
        let ScratchMap { carries, truth, .. } = control.scratch();
        let base = match operands.list[scratch].place {
            Place::Arena(offset) => offset,
            _ => 0,
        };
        let within = |offset: usize, bytes: usize, operands: &mut Operands| {
            operands.push(if bytes == 0 { Place::Empty } else { Place::Arena(base + offset) }, bytes)
        };
        let places = carries.into_iter().zip(&control.carry_bytes);
        let carries =
            places.map(|(offsets, &bytes)| offsets.map(|offset| within(offset, bytes, operands))).collect();
        let has_truth = matches!(control.kind, ControlKind::While { .. });
        let truth = within(truth, usize::from(has_truth), operands);
        let graphs = control.bodies.into_iter().zip(&control.layouts);
        let bodies = graphs.map(|(graph, layout)| Block::new(graph, layout, base, operands)).collect();
        Flow { kind: control.kind, bodies, carries, truth }
    }
}
