//! Reductions before they are a kernel, so that the work before them can join them, and they each other.

use layerwise_kernels::{self as kernels, ByParts, Dtype, Isa, Kernel, Origin};

use crate::elementwise::{Elementwise, common_columns};
use crate::graph::Work;

/// Reductions that do not wait for each other: the operands of one follow those of the one before.
#[derive(Clone, Debug)]
pub struct Reductions(pub Vec<Reduction>);

#[derive(Clone, Debug)]
pub struct Reduction {
    pub kind: ReductionKind,
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub axes: Vec<usize>,
    /// What computes the tensor that is reduced, where that does not lie in memory: one segment with one output.
    pub chain: Option<Elementwise>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReductionKind {
    Sum,
    Product,
    Max,
    Min,
    SquaredDeviations,
}

/// Work, and reductions of its results while they are in the cache. The operands that the reductions find elsewhere follow those of the
/// work, and so do their results.
#[derive(Debug)]
pub struct Reduced {
    pub work: Box<Work>,
    /// The operands of the work.
    pub inputs: usize,
    pub outputs: usize,
    pub reductions: Vec<(Reduction, Vec<Origin>)>,
}

impl Reductions {
    /// Whether this is one reduction that can compute a chain with one output while it reads.
    pub fn take(&self, chain: &Elementwise) -> bool {
        let ([reduction], [segment]) = (&self.0[..], &chain.segments[..]) else { return false };
        let columns = common_columns(segment.patterns.iter().copied());
        let whole = |columns| reduction.reads_rows_of(columns);
        reduction.chain.is_none()
            && reduction.kind != ReductionKind::SquaredDeviations
            && reduction.dtype == Dtype::Float32
            && chain.tape.outputs.len() == 1
            && columns.is_ok_and(|columns| columns.is_none_or(whole))
    }

    /// The kernel.
    pub fn kernel(&self, isa: Isa) -> Box<dyn Kernel> {
        let mut kernels = self.0.iter().map(|reduction| {
            let kernel: Box<dyn Kernel> = reduction.kernel(isa);
            (kernel, reduction.inputs(), 1)
        });
        match (kernels.next(), self.0.len()) {
            (Some((kernel, ..)), 1) => kernel,
            (first, _) => Box::new(kernels::Several::new(first.into_iter().chain(kernels).collect())),
        }
    }
}

impl Reduction {
    /// Whether one element is left.
    pub fn is_total(&self) -> bool {
        (0..self.shape.len()).all(|axis| self.axes.contains(&axis) || self.shape[axis] == 1)
    }

    /// Whether it reads only whole rows of so many elements.
    fn reads_rows_of(&self, columns: usize) -> bool {
        kernels::Reduce::reads_rows_of(&self.shape, &self.axes, columns)
    }

    /// How many operands it has.
    pub fn inputs(&self) -> usize {
        self.chain.as_ref().map_or(1, |chain| chain.tape.inputs.len())
    }

    /// The kernel.
    pub fn kernel(&self, isa: Isa) -> Box<dyn ByParts> {
        let make = match self.kind {
            ReductionKind::Sum => kernels::Reduce::sum,
            ReductionKind::Product => kernels::Reduce::product,
            ReductionKind::Max => kernels::Reduce::max,
            ReductionKind::Min => kernels::Reduce::min,
            ReductionKind::SquaredDeviations => {
                return Box::new(kernels::SquaredDeviations::new(isa, &self.shape, &self.axes));
            }
        };
        let kernel = make(isa, self.dtype, &self.shape, &self.axes);
        Box::new(match &self.chain {
            Some(chain) => kernel.of_chain(chain.kernel(isa)),
            None => kernel,
        })
    }
}

impl Reduced {
    /// The kernel.
    pub fn kernel(&self, isa: Isa) -> Option<Box<dyn Kernel>> {
        let reductions = self.reductions.iter();
        let reductions = reductions.map(|(reduction, origins)| (reduction.kernel(isa), origins.clone()));
        let kernel = self.work.build(isa)?;
        Some(Box::new(kernels::Reduced::new(kernel, self.inputs, self.outputs, reductions.collect())))
    }
}
