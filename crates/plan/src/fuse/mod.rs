//! The passes that join instructions. Each can be switched off by its name, and changes no bit of any result.

mod elementwise;
mod in_place;
mod matmul_epilogue;
mod segments;

use crate::graph::Graph;

/// A pass over a graph, which says how many instructions or copies it saved.
pub struct Pass {
    pub name: &'static str,
    pub apply: fn(&mut Graph) -> usize,
}

/// The passes that join nodes, in the order in which they run.
pub const JOINING: [Pass; 3] = [
    Pass { name: "matmulEpilogue", apply: matmul_epilogue::apply },
    Pass { name: "elementwise", apply: elementwise::apply },
    Pass { name: "segments", apply: segments::apply },
];

/// The pass over kernels that lets results take the place of operands.
pub const IN_PLACE: Pass = Pass { name: "inPlace", apply: in_place::apply };

/// The names of all passes.
pub fn fusions() -> Vec<&'static str> {
    JOINING.iter().chain([&IN_PLACE]).map(|pass| pass.name).collect()
}
