//! Where every value of a graph lives, and what is copied at the end of a step.

use crate::arena::{Arena, aligned};
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
}

impl Layout {
    /// Lays out a graph whose kernels are built.
    pub fn new(graph: &Graph) -> Self {
        let mut filling = Filling::new(graph);
        let scratch = (0..graph.nodes.len()).map(|index| filling.visit(index)).collect();
        let places: Vec<Place> =
            filling.places.into_iter().map(|place| place.unwrap_or(Place::Empty)).collect();
        let transfers = transfers(graph, &places);
        Layout { places, scratch, transfers, arena_bytes: filling.arena.bytes() }
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

/// The walk through the nodes that fills the arena.
struct Filling<'a> {
    graph: &'a Graph,
    arena: Arena,
    places: Vec<Option<Place>>,
    /// The node after which a value's memory is free, where it ever is.
    last_reads: Vec<Option<usize>>,
}

impl<'a> Filling<'a> {
    fn new(graph: &'a Graph) -> Self {
        let mut places: Vec<Option<Place>> = graph.values.iter().map(place_outside_arena).collect();
        for (index, &output) in graph.outputs.iter().enumerate() {
            places[output].get_or_insert(Place::Output(index));
        }
        let kept = graph.kept();
        let mut last_reads = vec![None; graph.values.len()];
        for (index, node) in graph.nodes.iter().enumerate() {
            for &value in node.inputs.iter().chain(&node.outputs).filter(|&&value| !kept[value]) {
                last_reads[value] = Some(index);
            }
        }
        Filling { graph, arena: Arena::default(), places, last_reads }
    }

    /// Places the outputs of a node and returns the place of its scratch memory.
    fn visit(&mut self, index: usize) -> Place {
        let graph = self.graph;
        let node = &graph.nodes[index];
        for (output, &value) in node.outputs.iter().enumerate() {
            if self.places[value].is_none() {
                let place = self.operand_to_replace(index, node, output);
                self.places[value] =
                    Some(Place::Arena(place.unwrap_or_else(|| self.arena.take(self.bytes(value)))));
            }
        }
        let scratch = size_of::<f32>().saturating_mul(node.kernel().scratch().shared);
        let scratch_place = match scratch {
            0 => Place::Empty,
            bytes => {
                let offset = self.arena.take(bytes);
                self.arena.give_back(offset, bytes);
                Place::Arena(offset)
            }
        };
        for &value in node.inputs.iter().chain(&node.outputs) {
            if self.last_reads[value] == Some(index)
                && let Some(Place::Arena(offset)) = self.places[value]
            {
                self.arena.give_back(offset, self.bytes(value));
                self.last_reads[value] = None;
            }
        }
        scratch_place
    }

    /// The offset of an operand that nobody reads after this node and that the node may write an output over. The operand
    /// gives its memory up.
    fn operand_to_replace(&mut self, index: usize, node: &Node, output: usize) -> Option<usize> {
        if !self.graph.reuses_operands {
            return None;
        }
        let size = aligned(self.bytes(node.outputs[output]));
        node.inputs.iter().enumerate().find_map(|(input, &value)| {
            let Some(Place::Arena(offset)) = self.places[value] else { return None };
            let ends = self.last_reads[value] == Some(index) && aligned(self.bytes(value)) == size;
            // Whether the kernel allows this read is soon said; a node of many segments has many others.
            let possible = ends && node.kernel().may_alias(output, input);
            if !possible || !node.may_replace(value, output) {
                return None;
            }
            self.last_reads[value] = None;
            Some(offset)
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
