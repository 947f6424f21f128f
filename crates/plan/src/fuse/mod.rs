//! The passes that rewrite programs. Each can be switched off by its name, and changes no bit of any result.

mod broadcasts;
mod common_subexpressions;
mod constants;
mod elementwise;
mod in_place;
mod matmul_bias;
mod matmul_epilogue;
mod matmul_transpose;
mod pool_places;
mod pool_relu;
mod recompute;
mod reduce_epilogue;
mod reduce_producers;
mod segments;
mod softmax_crossentropy;

use crate::graph::Graph;
use crate::program::Program;

/// A pass over a program or a graph, which says how many instructions or copies it saved.
pub struct Pass<T> {
    pub name: &'static str,
    pub apply: fn(&mut T) -> usize,
}

/// The pass over a program that is not lowered yet.
pub const COMMON_SUBEXPRESSIONS: Pass<Program> =
    Pass { name: "commonSubexpressions", apply: common_subexpressions::apply };

/// The passes that remove and join nodes, in the order in which they run. A convolution pools what bias and relu have left, for a gradient
/// that has taken over the relu's.
pub const JOINING: [Pass<Graph>; 13] = [
    Pass { name: "constants", apply: constants::apply },
    Pass { name: "softmaxCrossentropy", apply: softmax_crossentropy::apply },
    Pass { name: "poolRelu", apply: pool_relu::apply },
    Pass { name: "matmulTranspose", apply: matmul_transpose::apply },
    Pass { name: "matmulBias", apply: matmul_bias::apply },
    Pass { name: "poolPlaces", apply: pool_places::apply },
    Pass { name: "broadcasts", apply: broadcasts::apply },
    Pass { name: "recompute", apply: recompute::apply },
    Pass { name: "elementwise", apply: elementwise::apply },
    Pass { name: "reduceProducers", apply: reduce_producers::apply },
    Pass { name: "matmulEpilogue", apply: matmul_epilogue::apply },
    Pass { name: "segments", apply: segments::apply },
    Pass { name: "reduceEpilogue", apply: reduce_epilogue::apply },
];

/// The pass over kernels that lets results take the place of operands.
pub const IN_PLACE: Pass<Graph> = Pass { name: "inPlace", apply: in_place::apply };

/// The names of all passes.
pub fn fusions() -> Vec<&'static str> {
    let joining = JOINING.iter().chain([&IN_PLACE]).map(|pass| pass.name);
    [COMMON_SUBEXPRESSIONS.name].into_iter().chain(joining).collect()
}
