//! The instruction table: one line for each primitive of a program.

use layerwise_kernels::{Binary, BinaryI32, Compare, CompareI32, Unary, UnaryI32};
use serde::{Serialize, Serializer};

use crate::attributes::{
    AttributeKind::{self, Boolean, Dtype, Integer, Integers, Name},
    AttributeSchema, Attributes,
};
use crate::control::ControlKind;
use crate::ops::elementwise::{self, Rule};
use crate::ops::{
    Lowered, Signature, Site, control, convolution, cumulative, embed, gather, join, matmul, movement, pool,
    random, reduce, resample, slice, softmax, sort,
};
use crate::program::Program;
use crate::tensor::TensorType;

/// All primitives.
pub static OPS: &[Op] = &[
    unary("negative", Unary::Negative, Some(UnaryI32::Negative)),
    unary("absolute", Unary::Absolute, Some(UnaryI32::Absolute)),
    unary("sign", Unary::Sign, Some(UnaryI32::Sign)),
    unary("exp", Unary::Exp, None),
    unary("log", Unary::Log, None),
    unary("expm1", Unary::Expm1, None),
    unary("log1p", Unary::Log1p, None),
    unary("log2", Unary::Log2, None),
    unary("log10", Unary::Log10, None),
    unary("sqrt", Unary::Sqrt, None),
    unary("tanh", Unary::Tanh, None),
    unary("sigmoid", Unary::Sigmoid, None),
    unary("sin", Unary::Sin, None),
    unary("cos", Unary::Cos, None),
    unary("arcsin", Unary::Arcsin, None),
    unary("arccos", Unary::Arccos, None),
    unary("arctan", Unary::Arctan, None),
    unary("sinh", Unary::Sinh, None),
    unary("cosh", Unary::Cosh, None),
    unary("arcsinh", Unary::Arcsinh, None),
    unary("arccosh", Unary::Arccosh, None),
    unary("arctanh", Unary::Arctanh, None),
    unary("floor", Unary::Floor, None),
    unary("ceil", Unary::Ceil, None),
    unary("round", Unary::Round, None),
    unary("trunc", Unary::Trunc, None),
    unary("erf", Unary::Erf, None),
    unary("relu", Unary::Relu, None),
    unary("erfinv", Unary::Erfinv, None),
    binary("add", Binary::Add, Some(BinaryI32::Add)),
    binary("subtract", Binary::Subtract, Some(BinaryI32::Subtract)),
    binary("multiply", Binary::Multiply, Some(BinaryI32::Multiply)),
    binary("divide", Binary::Divide, None),
    binary("maximum", Binary::Maximum, Some(BinaryI32::Maximum)),
    binary("minimum", Binary::Minimum, Some(BinaryI32::Minimum)),
    binary("power", Binary::Power, None),
    binary("floorDivide", Binary::FloorDivide, Some(BinaryI32::FloorDivide)),
    binary("mod", Binary::Modulo, Some(BinaryI32::Modulo)),
    binary("arctan2", Binary::Arctan2, None),
    binary("hypot", Binary::Hypot, None),
    op("equal", 2, &[], lanes(Rule::Compare(Compare::Equal, CompareI32::Equal))),
    op("less", 2, &[], lanes(Rule::Compare(Compare::Less, CompareI32::Less))),
    op("lessEqual", 2, &[], lanes(Rule::Compare(Compare::LessEqual, CompareI32::LessEqual))),
    op("where", 3, &[], lanes(Rule::Where)),
    op("cast", 1, &[("dtype", Dtype)], lanes(Rule::Cast)),
    op("reshape", 1, &[("shape", Integers)], rules(movement::infer_reshape, movement::lower_reshape)),
    op("transpose", 1, &[("axes", Integers)], rules(movement::infer_transpose, movement::lower_transpose)),
    op("broadcastTo", 1, &[("shape", Integers)], rules(movement::infer_broadcast, movement::lower_broadcast)),
    op("concatenate", 1, &[("axis", Integer)], rules(join::infer, join::lower)).variadic(),
    op(
        "slice",
        1,
        &[("start", Integers), ("shape", Integers), ("strides", Integers)],
        rules(slice::infer, slice::lower),
    ),
    op("dynamicSlice", 2, &[("shape", Integers)], rules(slice::infer_dynamic, slice::lower_dynamic))
        .fallible(),
    op("flip", 1, &[("axes", Integers)], rules(slice::infer_flip, slice::lower_flip)),
    op(
        "pad",
        2,
        &[("low", Integers), ("high", Integers), ("interior", Integers)],
        rules(embed::infer_pad, embed::lower_pad),
    ),
    op("sliceUpdate", 2, &[("start", Integers)], rules(embed::infer_update, embed::lower_update)),
    op("dynamicSliceUpdate", 3, &[], rules(embed::infer_dynamic_update, embed::lower_dynamic_update))
        .fallible(),
    op("sum", 1, &[("axes", Integers)], rules(reduce::infer_total, reduce::lower_sum)),
    op("prod", 1, &[("axes", Integers)], rules(reduce::infer_total, reduce::lower_product)),
    op(
        "sumSquaredDeviations",
        1,
        &[("axes", Integers)],
        rules(reduce::infer_squared_deviations, reduce::lower_squared_deviations),
    ),
    op("max", 1, &[("axes", Integers)], rules(reduce::infer_extremum, reduce::lower_max)),
    op("min", 1, &[("axes", Integers)], rules(reduce::infer_extremum, reduce::lower_min)),
    op("argmax", 1, &[("axis", Integer)], rules(reduce::infer_argmax, reduce::lower_argmax)),
    op(
        "cumsum",
        1,
        &[("axis", Integer), ("reverse", Boolean)],
        rules(cumulative::infer_running, cumulative::lower_sum),
    ),
    op(
        "cumprod",
        1,
        &[("axis", Integer), ("reverse", Boolean)],
        rules(cumulative::infer_running, cumulative::lower_product),
    ),
    op(
        "cummax",
        1,
        &[("axis", Integer), ("reverse", Boolean)],
        rules(cumulative::infer_running, cumulative::lower_max),
    ),
    op(
        "linearRecurrence",
        2,
        &[("axis", Integer), ("reverse", Boolean)],
        rules(cumulative::infer_recurrence, cumulative::lower_recurrence),
    ),
    op("matmul", 2, &[("transposeA", Boolean), ("transposeB", Boolean)], rules(matmul::infer, matmul::lower)),
    op(
        "convolution",
        2,
        &[
            ("strides", Integers),
            ("dilations", Integers),
            ("low", Integers),
            ("high", Integers),
            ("groups", Integer),
        ],
        rules(convolution::infer, convolution::lower),
    ),
    op(
        "convolutionInputGradient",
        2,
        &[
            ("strides", Integers),
            ("dilations", Integers),
            ("low", Integers),
            ("high", Integers),
            ("groups", Integer),
            ("input", Integers),
        ],
        rules(convolution::infer_input_gradient, convolution::lower_input_gradient),
    ),
    op(
        "convolutionKernelGradient",
        2,
        &[
            ("strides", Integers),
            ("dilations", Integers),
            ("low", Integers),
            ("high", Integers),
            ("groups", Integer),
            ("window", Integers),
        ],
        rules(convolution::infer_kernel_gradient, convolution::lower_kernel_gradient),
    ),
    op(
        "maxPool",
        1,
        &[("window", Integers), ("strides", Integers), ("low", Integers), ("high", Integers)],
        rules(pool::infer, pool::lower),
    ),
    op(
        "maxPoolSelect",
        2,
        &[("window", Integers), ("strides", Integers), ("low", Integers), ("high", Integers)],
        rules(pool::infer_select, pool::lower_select),
    ),
    op(
        "maxPoolGradient",
        2,
        &[("window", Integers), ("strides", Integers), ("low", Integers), ("high", Integers)],
        rules(pool::infer_gradient, pool::lower_gradient),
    ),
    op(
        "resample",
        1,
        &[
            ("axis", Integer),
            ("size", Integer),
            ("method", Name),
            ("antialias", Boolean),
            ("transposed", Boolean),
        ],
        rules(resample::infer, resample::lower),
    ),
    op("softmax", 1, &[], rules(softmax::infer_softmax, softmax::lower_softmax)),
    op("sparseSoftmaxCrossentropy", 2, &[], rules(softmax::infer_crossentropy, softmax::lower_crossentropy)),
    op("take", 2, &[], rules(gather::infer_take, gather::lower_take)).fallible(),
    op("segmentSum", 2, &[("segments", Integer)], rules(gather::infer_segments, gather::lower_segment_sum))
        .fallible(),
    op("segmentMax", 2, &[("segments", Integer)], rules(gather::infer_segments, gather::lower_segment_max))
        .fallible(),
    op(
        "takeAlongAxis",
        2,
        &[("axis", Integer)],
        rules(gather::infer_take_along_axis, gather::lower_take_along_axis),
    )
    .fallible(),
    op("scatterUpdate", 3, &[], rules(gather::infer_scatter_update, gather::lower_scatter_update)).fallible(),
    op(
        "scatterPlaces",
        1,
        &[("shape", Integers)],
        rules(gather::infer_scatter_places, gather::lower_scatter_places),
    )
    .fallible(),
    op(
        "argsort",
        1,
        &[("count", Integer), ("descending", Boolean)],
        rules(sort::infer_argsort, sort::lower_argsort),
    ),
    op("searchsorted", 2, &[("right", Boolean)], rules(sort::infer_searchsorted, sort::lower_searchsorted)),
    op(
        "randomUniform",
        2,
        &[("shape", Integers), ("stream", Integer)],
        rules(random::infer_uniform, random::lower_uniform),
    ),
    op(
        "randomIntegers",
        2,
        &[("shape", Integers), ("stream", Integer), ("range", Integer)],
        rules(random::infer_integers, random::lower_integers),
    ),
    op(
        "randomGamma",
        3,
        &[("stream", Integer), ("logarithm", Boolean)],
        rules(random::infer_gamma, random::lower_gamma),
    ),
    op(
        "randomPermutation",
        2,
        &[("length", Integer), ("stream", Integer)],
        rules(random::infer_permutation, random::lower_permutation),
    ),
    control("switch", &[], control::Rule::Switch),
    control("while", &[("constants", Integer), ("maximumIterations", Integer)], control::Rule::While),
    control(
        "scan",
        &[("constants", Integer), ("carries", Integer), ("length", Integer), ("reverse", Boolean)],
        control::Rule::Scan,
    ),
];

/// How many inputs a primitive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    Exactly(usize),
    /// One or more.
    Variadic,
    /// None or more.
    Any,
}

impl Arity {
    /// Whether so many inputs are right.
    pub fn accepts(self, inputs: usize) -> bool {
        match self {
            Arity::Exactly(count) => inputs == count,
            Arity::Variadic => inputs > 0,
            Arity::Any => true,
        }
    }
}

impl std::fmt::Display for Arity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Arity::Exactly(count) => write!(formatter, "{count} inputs"),
            Arity::Variadic => formatter.write_str("one or more inputs"),
            Arity::Any => formatter.write_str("any number of inputs"),
        }
    }
}

impl Serialize for Arity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Arity::Exactly(count) => count.serialize(serializer),
            Arity::Variadic => "variadic".serialize(serializer),
            Arity::Any => "any".serialize(serializer),
        }
    }
}

/// One primitive: what it takes, what it makes and what it becomes.
#[derive(Debug)]
pub struct Op {
    pub name: &'static str,
    pub arity: Arity,
    pub attributes: &'static [AttributeSchema],
    /// Whether its kernel can find the data to be wrong.
    pub fallible: bool,
    definition: Definition,
}

#[derive(Debug)]
enum Definition {
    /// One lane operation.
    Lanes(Rule),
    Rules {
        infer: fn(&Signature) -> Result<TensorType, String>,
        lower: fn(&Site) -> Lowered,
    },
    /// Runs bodies, and may have several outputs.
    Control(control::Rule),
}

const fn op(
    name: &'static str,
    arity: usize,
    attributes: &'static [AttributeSchema],
    definition: Definition,
) -> Op {
    Op { name, arity: Arity::Exactly(arity), attributes, fallible: false, definition }
}

const fn lanes(rule: Rule) -> Definition {
    Definition::Lanes(rule)
}

const fn rules(
    infer: fn(&Signature) -> Result<TensorType, String>,
    lower: fn(&Site) -> Lowered,
) -> Definition {
    Definition::Rules { infer, lower }
}

const fn unary(name: &'static str, float: Unary, int: Option<UnaryI32>) -> Op {
    op(name, 1, &[], lanes(Rule::Unary(float, int)))
}

const fn binary(name: &'static str, float: Binary, int: Option<BinaryI32>) -> Op {
    op(name, 2, &[], lanes(Rule::Binary(float, int)))
}

const fn control(name: &'static str, attributes: &'static [AttributeSchema], rule: control::Rule) -> Op {
    Op { name, arity: Arity::Any, attributes, fallible: false, definition: Definition::Control(rule) }
}

impl Op {
    const fn fallible(mut self) -> Self {
        self.fallible = true;
        self
    }

    const fn variadic(mut self) -> Self {
        self.arity = Arity::Variadic;
        self
    }

    /// The types of all outputs, or why there are none.
    pub fn infer_outputs(
        &self,
        signature: &Signature,
        bodies: &[Program],
    ) -> Result<Vec<TensorType>, String> {
        match &self.definition {
            Definition::Control(rule) => control::infer(*rule, signature, bodies),
            _ if bodies.is_empty() => self.infer(signature).map(|output| vec![output]),
            _ => Err("takes no bodies".into()),
        }
    }

    /// What a control-flow op does with its bodies.
    pub fn control(&self, attributes: &Attributes) -> Option<ControlKind> {
        match &self.definition {
            Definition::Control(rule) => Some(control::kind(*rule, attributes)),
            _ => None,
        }
    }

    /// The type of the output of a primitive, or why there is none.
    pub fn infer(&self, signature: &Signature) -> Result<TensorType, String> {
        match &self.definition {
            Definition::Lanes(rule) => elementwise::infer(*rule, signature),
            Definition::Rules { infer, .. } => infer(signature),
            Definition::Control(_) => Err("is no primitive".into()),
        }
    }

    /// What an instruction of a primitive that passed the shape rule becomes.
    pub fn lower(&self, site: &Site) -> Lowered {
        match &self.definition {
            Definition::Lanes(rule) => elementwise::lower(*rule, site),
            Definition::Rules { lower, .. } => lower(site),
            Definition::Control(_) => unreachable!("control flow has bodies to lower"),
        }
    }
}

/// The primitive of that name.
pub fn find(name: &str) -> Option<&'static Op> {
    OPS.iter().find(|op| op.name == name)
}

/// What a program may say of one primitive, as data to hold against the table in TypeScript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstructionSchema {
    pub name: &'static str,
    pub inputs: Arity,
    pub attributes: Vec<AttributeField>,
}

/// The name and kind of one attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttributeField {
    pub name: &'static str,
    pub kind: AttributeKind,
}

/// The schema of every primitive.
pub fn instruction_table() -> Vec<InstructionSchema> {
    let field = |&(name, kind): &AttributeSchema| AttributeField { name, kind };
    let schema = |op: &Op| InstructionSchema {
        name: op.name,
        inputs: op.arity,
        attributes: op.attributes.iter().map(field).collect(),
    };
    OPS.iter().map(schema).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_found() {
        for op in OPS {
            assert!(std::ptr::eq(find(op.name).unwrap(), op), "{} stands twice", op.name);
        }
        assert!(find("conv4d").is_none());
    }

    #[test]
    fn every_elementwise_kernel_has_a_line() {
        let names = Unary::ALL.iter().map(|op| op.name()).chain(Binary::ALL.iter().map(|op| op.name()));
        for name in names.chain(Compare::ALL.iter().map(|op| op.name())) {
            assert!(find(name).is_some(), "{name} has no line in the table");
        }
    }
}
