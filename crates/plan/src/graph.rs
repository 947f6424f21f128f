//! The form in which a program is rewritten: nodes of one or more primitives over values in memory.

use std::ops::Range;

use layerwise_kernels::{Isa, Kernel, LaneOp, MaxPool, Precision};

use crate::control::{Control, ControlKind};
use crate::dag::Dag;
use crate::elementwise::Elementwise;
use crate::ops::{Lowered, Site};
use crate::product::Product;
use crate::program::{Instruction, Program, Update, ValueId};
use crate::reduce::{Reduced, Reductions};
use crate::tensor::TensorType;
use crate::transpose::Transpose;

/// A lowered program. Views are resolved: a value here is memory of its own. The nodes are in an order that runs, and
/// every output and every update is the output of a node.
#[derive(Debug)]
pub struct Graph {
    pub isa: Isa,
    /// The elements of all constants, from any offset that is a multiple of 4.
    pub constants: Vec<u8>,
    pub values: Vec<Value>,
    pub nodes: Vec<Node>,
    /// How many inputs it is given.
    pub inputs: usize,
    pub outputs: Vec<ValueId>,
    pub updates: Vec<Update>,
    /// Whether a result may lie where an operand that is read for the last time lay.
    pub reuses_operands: bool,
}

#[derive(Clone, Debug)]
pub struct Value {
    pub tensor: TensorType,
    pub source: Source,
    /// The variable whose memory the value is written to, so that its update is done when the value is.
    pub home: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Input(usize),
    Variable(usize),
    Constant(Range<usize>),
    Node,
}

#[derive(Debug)]
pub struct Node {
    /// The primitives that the node does, in order.
    pub ops: Vec<&'static str>,
    pub work: Work,
    pub inputs: Vec<ValueId>,
    pub outputs: Vec<ValueId>,
    /// Whether the data can make it fail: then the step ends before it has changed any variable.
    pub fallible: bool,
}

#[derive(Debug)]
pub enum Work {
    Elementwise(Elementwise),
    Product(Product),
    Reduce(Reductions),
    MaxPool(MaxPool),
    Transpose(Transpose),
    Reduced(Reduced),
    Kernel(Box<dyn Kernel>),
    Control(Control),
}

impl Graph {
    /// Lowers a program op by op. `constants` is the blob that came with it.
    pub fn new(program: &Program, constants: Vec<u8>, isa: Isa, precision: Precision) -> Self {
        let mut values: Vec<Value> = program
            .values
            .iter()
            .map(|tensor| Value { tensor: tensor.clone(), source: Source::Node, home: None })
            .collect();
        for (index, &id) in program.inputs.iter().enumerate() {
            values[id].source = Source::Input(index);
        }
        for (index, &id) in program.variables.iter().enumerate() {
            values[id].source = Source::Variable(index);
        }
        for constant in &program.constants {
            values[constant.value].source = Source::Constant(constant.bytes.clone());
        }
        let (nodes, outputs, updates) = (Vec::new(), Vec::new(), Vec::new());
        let inputs = program.inputs.len();
        let mut graph =
            Graph { isa, constants, values, nodes, inputs, outputs, updates, reuses_operands: false };
        // The value whose memory each value of the program is.
        let mut memory: Vec<ValueId> = (0..program.values.len()).collect();
        for instruction in &program.instructions {
            if let Some(kind) = instruction.op.control(&instruction.attributes) {
                let work = lower_control(kind, instruction, program, isa, precision);
                graph.add(instruction, Work::Control(work), &memory);
                continue;
            }
            match lower(instruction, program, isa, precision) {
                None => {}
                Some(Lowered::View) => memory[instruction.outputs[0]] = memory[instruction.inputs[0]],
                Some(Lowered::Elementwise(work)) => graph.add(instruction, Work::Elementwise(work), &memory),
                Some(Lowered::Product(work)) => graph.add(instruction, Work::Product(work), &memory),
                Some(Lowered::Reduce(work)) => {
                    graph.add(instruction, Work::Reduce(Reductions(vec![work])), &memory)
                }
                Some(Lowered::MaxPool(work)) => graph.add(instruction, Work::MaxPool(work), &memory),
                Some(Lowered::Transpose(work)) => graph.add(instruction, Work::Transpose(work), &memory),
                Some(Lowered::Kernel(work)) => graph.add(instruction, Work::Kernel(work), &memory),
            }
        }
        for &id in &program.outputs {
            let output = graph.computed(memory[id], &program.values[id]);
            graph.outputs.push(output);
        }
        for &Update { variable, value } in &program.updates {
            let unchanged = graph.values[memory[value]].source == Source::Variable(variable);
            if !unchanged && program.values[value].elements() > 0 {
                let value = graph.computed(memory[value], &program.values[value]);
                graph.updates.push(Update { variable, value });
            }
        }
        graph.remove_dead();
        graph
    }

    fn add(&mut self, instruction: &Instruction, work: Work, memory: &[ValueId]) {
        let within = matches!(&work, Work::Control(control) if control.is_fallible());
        self.nodes.push(Node {
            ops: vec![instruction.op.name],
            work,
            inputs: instruction.inputs.iter().map(|&id| memory[id]).collect(),
            outputs: instruction.outputs.clone(),
            fallible: instruction.op.fallible || within,
        });
    }

    /// The value itself where a node makes it, otherwise a copy of it. So what a step hands on is written in the step, and
    /// reads of variables and inputs are all reads by nodes.
    fn computed(&mut self, value: ValueId, tensor: &TensorType) -> ValueId {
        if self.values[value].source == Source::Node || tensor.elements() == 0 {
            return value;
        }
        let copy = self.values.len();
        let dtype = tensor.dtype();
        self.values.push(Value { tensor: tensor.clone(), source: Source::Node, home: None });
        self.nodes.push(Node {
            ops: vec!["copy"],
            work: Work::Elementwise(Elementwise::single(LaneOp::Copy, &[dtype], dtype, tensor.elements())),
            inputs: vec![value],
            outputs: vec![copy],
            fallible: false,
        });
        copy
    }

    /// The node that makes each value.
    pub fn producers(&self) -> Vec<Option<usize>> {
        let mut producers = vec![None; self.values.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            node.outputs.iter().for_each(|&value| producers[value] = Some(index));
        }
        producers
    }

    /// The nodes that read each value, once for each time.
    pub fn readers(&self) -> Vec<Vec<usize>> {
        let mut readers = vec![Vec::new(); self.values.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            node.inputs.iter().for_each(|&value| readers[value].push(index));
        }
        readers
    }

    /// Which values the step hands on, as outputs or updates.
    pub fn kept(&self) -> Vec<bool> {
        let mut kept = vec![false; self.values.len()];
        self.outputs.iter().for_each(|&value| kept[value] = true);
        self.updates.iter().for_each(|update| kept[update.value] = true);
        kept
    }

    /// The order that nodes must keep because one reads what another makes.
    pub fn dag(&self) -> Dag {
        let producers = self.producers();
        let mut dag = Dag::new(self.nodes.len());
        for (index, node) in self.nodes.iter().enumerate() {
            let mut before: Vec<usize> = node.inputs.iter().filter_map(|&value| producers[value]).collect();
            before.sort_unstable();
            before.dedup();
            before.into_iter().for_each(|producer| dag.add_edge(producer, index));
        }
        dag
    }

    /// Removes nodes whose results nobody reads.
    pub fn remove_dead(&mut self) {
        let mut needed = self.kept();
        let mut live = vec![false; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate().rev() {
            live[index] = node.outputs.iter().any(|&value| needed[value]);
            if live[index] {
                node.inputs.iter().for_each(|&value| needed[value] = true);
            }
        }
        let mut live = live.into_iter();
        self.nodes.retain(|_| live.next() == Some(true));
    }

    /// Replaces each group of the graph's nodes by what `join` makes of it, in an order that runs.
    pub fn regroup(&mut self, dag: &Dag, mut join: impl FnMut(Vec<Node>) -> Node) {
        let mut nodes: Vec<Option<Node>> = std::mem::take(&mut self.nodes).into_iter().map(Some).collect();
        for group in dag.order() {
            let members = dag.members(group).iter();
            let mut members: Vec<Node> = members.filter_map(|&node| nodes[node].take()).collect();
            let node = if members.len() == 1 { members.remove(0) } else { join(members) };
            self.nodes.push(node);
        }
    }

    /// Makes a kernel of every node's work; no pass that joins nodes can follow.
    pub fn build_kernels(&mut self) {
        let isa = self.isa;
        for node in &mut self.nodes {
            if let Some(kernel) = node.work.build(isa) {
                node.work = Work::Kernel(kernel);
            }
        }
    }
}

impl Work {
    /// The kernel of work that is none yet.
    pub fn build(&self, isa: Isa) -> Option<Box<dyn Kernel>> {
        match self {
            Work::Elementwise(work) => Some(Box::new(work.kernel(isa))),
            Work::Product(work) => Some(work.kernel(isa)),
            Work::Reduce(work) => Some(work.kernel(isa)),
            Work::MaxPool(work) => Some(Box::new(work.clone())),
            Work::Transpose(work) => Some(Box::new(work.kernel())),
            Work::Reduced(work) => work.kernel(isa),
            Work::Kernel(_) | Work::Control(_) => None,
        }
    }
}

impl Node {
    /// The kernel, once kernels are built.
    pub fn kernel(&self) -> &dyn Kernel {
        match &self.work {
            Work::Kernel(kernel) => &**kernel,
            other => unreachable!("kernels are built, not {other:?}"),
        }
    }

    /// Whether the node may write its output of that number over an input, wherever it reads that.
    pub fn may_replace(&self, input: ValueId, output: usize) -> bool {
        let mut reads = (0..self.inputs.len()).filter(|&index| self.inputs[index] == input);
        reads.all(|index| self.may_alias(output, index))
    }

    /// Whether an output may be the same memory as an input.
    pub fn may_alias(&self, output: usize, input: usize) -> bool {
        match &self.work {
            Work::Control(_) => false,
            _ => self.kernel().may_alias(output, input),
        }
    }

    /// The scratch memory that its threads share.
    pub fn scratch_bytes(&self) -> usize {
        match &self.work {
            Work::Control(control) => control.scratch().bytes,
            _ => size_of::<f32>().saturating_mul(self.kernel().scratch().shared),
        }
    }

    /// The reductions, if it is those.
    pub fn reductions(&self) -> Option<&Reductions> {
        match &self.work {
            Work::Reduce(work) => Some(work),
            _ => None,
        }
    }

    /// The operation of elementwise work that does one.
    pub fn single_op(&self) -> Option<LaneOp> {
        self.elementwise()?.as_single()
    }

    /// The elementwise work of one segment, if it is that.
    pub fn elementwise(&self) -> Option<&Elementwise> {
        match &self.work {
            Work::Elementwise(work) => Some(work),
            _ => None,
        }
    }
}

/// What becomes of an instruction: nothing, when there is nothing to compute.
fn lower(instruction: &Instruction, program: &Program, isa: Isa, precision: Precision) -> Option<Lowered> {
    let output = &program.values[instruction.outputs[0]];
    if output.elements() == 0 && !instruction.op.fallible {
        return None;
    }
    let inputs: Vec<&TensorType> = instruction.inputs.iter().map(|&id| &program.values[id]).collect();
    let attributes = &instruction.attributes;
    Some(instruction.op.lower(&Site { inputs: &inputs, output, attributes, isa, precision }))
}

/// Control flow, with its bodies lowered op by op. Their constants are those of the whole program.
fn lower_control(
    kind: ControlKind,
    instruction: &Instruction,
    program: &Program,
    isa: Isa,
    precision: Precision,
) -> Control {
    let bodies = instruction.bodies.iter().map(|body| Graph::new(body, Vec::new(), isa, precision));
    let carries = match kind {
        ControlKind::Switch => 0,
        ControlKind::While { .. } => instruction.outputs.len(),
        ControlKind::Scan { carries, .. } => carries,
    };
    let carries = &instruction.outputs[..carries];
    Control {
        kind,
        bodies: bodies.collect(),
        layouts: Vec::new(),
        carry_bytes: carries.iter().map(|&id| program.values[id].bytes()).collect(),
    }
}
