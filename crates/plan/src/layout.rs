//! Where every value of a graph lives, and what is copied at the end of a step.

use crate::arena::{Arena, Slot, aligned};
use crate::graph::{Graph, Node, Source, Value};
use crate::program::ValueId;

/// The memory that holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// From an offset of the store's arena.
    Arena(usize),
    /// From an offset of the plan's constants.
    Constants(usize),
    Variable(usize),
    Input(usize),
    /// The part of an output buffer that belongs to the step.
    Output(usize),
    /// Nowhere: the value has no bytes.
    Empty,
}

/// Bytes copied at the end of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub from: Place,
    pub to: Place,
    pub bytes: usize,
}

#[derive(Debug)]
pub struct Layout {
    /// One for each value.
    pub places: Vec<Place>,
    /// The shared scratch memory of each node.
    pub scratch: Vec<Place>,
    pub transfers: Vec<Transfer>,
    pub arena_bytes: usize,
    /// The most bytes of values and scratch that are live at once; the rest of the arena lies in gaps between them.
    pub peak_bytes: usize,
}

impl Layout {
    /// Lays out a graph whose kernels are built.
    pub fn new(graph: &Graph) -> Self {
        let mut lifetimes = Lifetimes::new(graph);
        let scratch: Vec<Option<usize>> =
            (0..graph.nodes.len()).map(|index| lifetimes.visit(index)).collect();
        let arena = Arena::new(&lifetimes.slots);
        let place = |slot: usize| Place::Arena(arena.offsets[slot]);
        let scratch = scratch.into_iter().map(|slot| slot.map_or(Place::Empty, place)).collect();
        let places: Vec<Place> = lifetimes
            .outside
            .into_iter()
            .zip(lifetimes.slot_of)
            .map(|(outside, slot)| outside.or(slot.map(place)).unwrap_or(Place::Empty))
            .collect();
        let transfers = transfers(graph, &places);
        Layout { places, scratch, transfers, arena_bytes: arena.bytes, peak_bytes: arena.peak }
    }
}

/// Outputs and updates that are not written where they belong in the first place. Every value handed on is the work of a
/// node, so no transfer reads what another overwrites.
fn transfers(graph: &Graph, places: &[Place]) -> Vec<Transfer> {
    let outputs = graph.outputs.iter().enumerate().map(|(index, &value)| (Place::Output(index), value));
    let updates = graph.updates.iter().map(|update| (Place::Variable(update.variable), update.value));
    outputs
        .chain(updates)
        .map(|(to, value)| Transfer { from: places[value], to, bytes: graph.values[value].tensor.bytes() })
        .filter(|transfer| transfer.from != transfer.to && transfer.bytes > 0)
        .collect()
}

/// The walk through the nodes that finds from where to where each value needs memory in the arena.
struct Lifetimes<'a> {
    graph: &'a Graph,
    slots: Vec<Slot>,
    /// The slot of each value that has one; a result in the place of an operand has the operand's.
    slot_of: Vec<Option<usize>>,
    /// The places of values that are not in the arena.
    outside: Vec<Option<Place>>,
    /// The node that reads each value last, or the end of the step.
    last_reads: Vec<usize>,
    /// Whether a result has the place of a value.
    replaced: Vec<bool>,
}

impl<'a> Lifetimes<'a> {
    fn new(graph: &'a Graph) -> Self {
        let mut outside: Vec<Option<Place>> = graph.values.iter().map(place_outside_arena).collect();
        for (index, &output) in graph.outputs.iter().enumerate() {
            outside[output].get_or_insert(Place::Output(index));
        }
        let mut last_reads = vec![0; graph.values.len()];
        for (index, node) in graph.nodes.iter().enumerate() {
            node.inputs.iter().chain(&node.outputs).for_each(|&value| last_reads[value] = index);
        }
        for (last, kept) in last_reads.iter_mut().zip(graph.kept()) {
            if kept {
                *last = graph.nodes.len();
            }
        }
        let count = graph.values.len();
        let (slot_of, replaced) = (vec![None; count], vec![false; count]);
        Lifetimes { graph, slots: Vec::new(), slot_of, outside, last_reads, replaced }
    }

    /// Gives the outputs of a node their slots and returns that of its scratch memory.
    fn visit(&mut self, index: usize) -> Option<usize> {
        let graph = self.graph;
        let node = &graph.nodes[index];
        for (output, &value) in node.outputs.iter().enumerate() {
            if self.outside[value].is_some() {
                continue;
            }
            let last = self.last_reads[value];
            let slot = match self.operand_to_replace(index, node, output) {
                Some((operand, slot)) => {
                    // Only one output can have its place.
                    self.slots[slot].last = last;
                    self.replaced[operand] = true;
                    slot
                }
                None => self.add(Slot { bytes: self.bytes(value), first: index, last }),
            };
            self.slot_of[value] = Some(slot);
        }
        let bytes = node.scratch_bytes();
        (bytes > 0).then(|| self.add(Slot { bytes, first: index, last: index }))
    }

    fn add(&mut self, slot: Slot) -> usize {
        self.slots.push(slot);
        self.slots.len() - 1
    }

    /// An operand that nobody reads after this node and that the node may write an output over, and its slot.
    fn operand_to_replace(&self, index: usize, node: &Node, output: usize) -> Option<(ValueId, usize)> {
        if !self.graph.reuses_operands {
            return None;
        }
        let size = aligned(self.bytes(node.outputs[output]));
        node.inputs.iter().enumerate().find_map(|(input, &value)| {
            let slot = self.slot_of[value]?;
            let ends = self.last_reads[value] == index
                && !self.replaced[value]
                && aligned(self.bytes(value)) == size;
            // Whether the kernel allows this read is soon said; a node of many segments has many others.
            let possible = ends && node.may_alias(output, input);
            (possible && node.may_replace(value, output)).then_some((value, slot))
        })
    }

    fn bytes(&self, value: ValueId) -> usize {
        self.graph.values[value].tensor.bytes()
    }
}

fn place_outside_arena(value: &Value) -> Option<Place> {
    match (&value.source, value.home) {
        _ if value.tensor.bytes() == 0 => Some(Place::Empty),
        (Source::Input(index), _) => Some(Place::Input(*index)),
        (Source::Variable(index), _) => Some(Place::Variable(*index)),
        (Source::Constant(bytes), _) => Some(Place::Constants(bytes.start)),
        (Source::Node, home) => home.map(Place::Variable),
    }
}
