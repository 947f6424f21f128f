//! Elementwise work before it is a kernel: a tape of lane operations over segments of elements.

use layerwise_kernels::{self as kernels, Access, Dtype, Isa, LaneOp, Source, TapeOp};

/// How an operand is read over the elements of an iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// An element each.
    Full,
    /// One element for all.
    Scalar,
    /// A row of `columns` elements, repeated.
    Row { columns: usize },
    /// Each element `columns` times.
    Column { columns: usize },
}

/// Where an operation of a tape finds an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    Input(usize),
    /// The result of an earlier operation.
    Result(usize),
}

/// One lane operation of a tape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    pub op: LaneOp,
    pub operands: Vec<Operand>,
}

/// Lane operations in order, each with a result of its own; some results are outputs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tape {
    pub operations: Vec<Operation>,
    pub inputs: Vec<Dtype>,
    /// The type in memory and the operation of each output.
    pub outputs: Vec<(Dtype, usize)>,
}

/// One stretch of elements that a tape runs over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub elements: usize,
    /// One for each input of the tape.
    pub patterns: Vec<Pattern>,
}

/// A tape run over segments: the operands of a segment follow those of the one before.
#[derive(Clone, Debug)]
pub struct Elementwise {
    pub tape: Tape,
    pub segments: Vec<Segment>,
}

impl Pattern {
    /// How a tensor of shape `from` is read as one of shape `to`, if one of the patterns says it.
    pub fn of_broadcast(from: &[usize], to: &[usize]) -> Option<Pattern> {
        let leading = to.len() - from.len();
        // Runs of axes that are all repeated or all kept, from the outermost.
        let mut runs: Vec<(bool, usize)> = Vec::new();
        for (axis, &extent) in to.iter().enumerate().filter(|&(_, &extent)| extent != 1) {
            let repeated = axis < leading || from[axis - leading] == 1;
            match runs.last_mut() {
                Some((last, elements)) if *last == repeated => *elements *= extent,
                _ => runs.push((repeated, extent)),
            }
        }
        match runs[..] {
            [] | [(false, _)] => Some(Pattern::Full),
            [(true, _)] => Some(Pattern::Scalar),
            [(true, _), (false, columns)] => Some(Pattern::Row { columns }),
            [(false, _), (true, columns)] => Some(Pattern::Column { columns }),
            _ => None,
        }
    }

    /// The length of a row, where the pattern knows rows.
    pub fn columns(self) -> Option<usize> {
        match self {
            Pattern::Full | Pattern::Scalar => None,
            Pattern::Row { columns } | Pattern::Column { columns } => Some(columns),
        }
    }
}

/// Patterns that do not agree on the length of a row.
#[derive(Debug)]
pub struct RowsDiffer;

/// The length of the rows that all patterns agree on, or none where no pattern has rows.
pub fn common_columns(patterns: impl IntoIterator<Item = Pattern>) -> Result<Option<usize>, RowsDiffer> {
    patterns.into_iter().filter_map(Pattern::columns).try_fold(None, |common, columns| match common {
        Some(common) if common != columns => Err(RowsDiffer),
        _ => Ok(Some(columns)),
    })
}

impl Elementwise {
    /// One operation on operands that are all read in full.
    pub fn single(op: LaneOp, inputs: &[Dtype], output: Dtype, elements: usize) -> Self {
        let patterns = vec![Pattern::Full; inputs.len()];
        Self::of(op, inputs.to_vec(), output, Segment { elements, patterns })
    }

    /// The repetition of one operand.
    pub fn broadcast(dtype: Dtype, elements: usize, pattern: Pattern) -> Self {
        Self::of(LaneOp::Copy, vec![dtype], dtype, Segment { elements, patterns: vec![pattern] })
    }

    fn of(op: LaneOp, inputs: Vec<Dtype>, output: Dtype, segment: Segment) -> Self {
        let operands = (0..inputs.len()).map(Operand::Input).collect();
        let operations = vec![Operation { op, operands }];
        Elementwise { tape: Tape { operations, inputs, outputs: vec![(output, 0)] }, segments: vec![segment] }
    }

    /// The operation of a tape over one segment that does one.
    pub fn as_single(&self) -> Option<LaneOp> {
        match (&self.tape.operations[..], &self.segments[..]) {
            ([operation], [_]) => Some(operation.op),
            _ => None,
        }
    }

    /// The pattern of the only input of a tape that repeats it and does nothing else.
    pub fn as_broadcast(&self) -> Option<Pattern> {
        (self.as_single()? == LaneOp::Copy).then(|| self.segments[0].patterns[0])
    }

    /// The kernel.
    pub fn kernel(&self, isa: Isa) -> kernels::Elementwise {
        self.kernel_of(isa, Segment::as_matrix)
    }

    /// The kernel over rows of a given length, with which the patterns agree.
    pub fn kernel_over_rows(&self, isa: Isa, columns: usize) -> kernels::Elementwise {
        self.kernel_of(isa, |segment| segment.as_rows(columns))
    }

    fn kernel_of(&self, isa: Isa, segment: impl Fn(&Segment) -> kernels::Segment) -> kernels::Elementwise {
        let source = |operand: &Operand| match *operand {
            Operand::Input(input) => Source::Input(input),
            Operand::Result(result) => Source::Register(result),
        };
        let tape = self.tape.operations.iter().enumerate().map(|(register, operation)| TapeOp {
            op: operation.op,
            operands: operation.operands.iter().map(source).collect(),
            register,
        });
        let segments = self.segments.iter().map(segment).collect();
        let (inputs, outputs) = (self.tape.inputs.clone(), self.tape.outputs.clone());
        kernels::Elementwise::new(isa, tape.collect(), inputs, outputs, segments)
    }
}

impl Segment {
    fn as_matrix(&self) -> kernels::Segment {
        let columns =
            common_columns(self.patterns.iter().copied()).expect("passes keep to one length of rows");
        self.as_rows(columns.unwrap_or(self.elements))
    }

    fn as_rows(&self, columns: usize) -> kernels::Segment {
        let access = self.patterns.iter().map(|pattern| match pattern {
            Pattern::Full => Access::Full,
            Pattern::Scalar => Access::Scalar,
            Pattern::Row { .. } => Access::Row,
            Pattern::Column { .. } => Access::Column,
        });
        kernels::Segment { rows: self.elements / columns, columns, access: access.collect() }
    }
}
