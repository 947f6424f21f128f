//! A compiled program: kernels in an order, and where each finds its operands.

use layerwise_kernels::{Cost, Isa, Precision};
use serde::Serialize;

use crate::block::{Block, Operand, Operands};
use crate::control::{Control, ControlKind};
use crate::error::Error;
use crate::fault::{self, Fault};
use crate::fuse;
use crate::graph::{Graph, Node, Work};
use crate::layout::Layout;
use crate::memory::AlignedBytes;
use crate::program::Program;
use crate::store::Needs;
use crate::tensor::TensorType;

/// What a program is compiled for.
#[derive(Clone, Debug)]
pub struct CompileOptions {
    pub isa: Isa,
    /// How exact matrix products must be.
    pub precision: Precision,
    /// Names of fusions, from [`fuse::fusions`], that must not be applied.
    pub disabled_fusions: Vec<String>,
    /// Bytes that arena, constants and outputs of a step may take together.
    pub memory_budget: u64,
    /// For tests: an op that goes wrong.
    pub fault: Option<Fault>,
}

impl CompileOptions {
    /// All fusions, the highest precision and no bound on memory.
    pub fn new(isa: Isa) -> Self {
        CompileOptions {
            isa,
            precision: Precision::Highest,
            disabled_fusions: Vec::new(),
            memory_budget: u64::MAX,
            fault: None,
        }
    }
}

/// A compiled program. It holds no state: any number of stores can bind it.
#[derive(Debug)]
pub struct Plan {
    pub(crate) block: Block,
    /// Every stretch of memory that the step touches: for each instruction its inputs, its outputs and its scratch.
    pub(crate) operands: Vec<Operand>,
    pub(crate) constants: AlignedBytes,
    pub(crate) needs: Needs,
    signature: PlanSignature,
    info: PlanInfo,
}

/// The types of what a plan is bound to and run with.
#[derive(Clone, Debug, Serialize)]
pub struct PlanSignature {
    pub inputs: Vec<TensorType>,
    pub variables: Vec<TensorType>,
    pub outputs: Vec<TensorType>,
}

/// What a plan does, for people and tests.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanInfo {
    pub isa: &'static str,
    pub instructions: Vec<InstructionInfo>,
    pub fusions: Vec<FusionInfo>,
    pub arena_bytes: usize,
    /// What of the arena is in use at the worst instruction.
    pub peak_bytes: usize,
    pub constant_bytes: usize,
    /// Bytes copied at the end of a step because they could not be written in place.
    pub copied_bytes: usize,
    pub flops: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct InstructionInfo {
    /// The kernel; the op, where it is one of the many that share a kernel.
    pub name: &'static str,
    /// The primitives that it does.
    pub ops: Vec<&'static str>,
    pub inputs: Vec<TensorType>,
    pub outputs: Vec<TensorType>,
    pub flops: u64,
    pub bytes: u64,
    /// Chunks of each phase.
    pub chunks: Vec<u32>,
    /// The instructions of the bodies of control flow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bodies: Vec<Vec<InstructionInfo>>,
}

/// How many instructions or copies a fusion saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FusionInfo {
    pub name: &'static str,
    pub count: usize,
}

/// Compiles a program, which need not be trusted.
pub fn compile(program: &str, constants: &[u8], options: &CompileOptions) -> Result<Plan, Error> {
    let known = fuse::fusions();
    if let Some(name) = options.disabled_fusions.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Error::program(format!("fusion {name:?} is not known, there are {}", known.join(", "))));
    }
    let mut program = Program::decode(program, constants.len())?;
    let mut fusions = Vec::new();
    rewrite(&fuse::COMMON_SUBEXPRESSIONS, &mut program, options, &mut fusions);
    let mut blob = Vec::new();
    blob.try_reserve_exact(constants.len())
        .map_err(|_| Error::memory_budget(constants.len() as u64, options.memory_budget))?;
    blob.extend_from_slice(constants);
    let mut graph = Graph::new(&program, blob, options.isa, options.precision);
    fuse_and_build(&mut graph, options, &mut fusions);
    let layout = Layout::new(&graph);
    let output_bytes = program.outputs.iter().map(|&id| program.values[id].bytes() as u64).sum::<u64>();
    let needed =
        (layout.arena_bytes as u64).saturating_add(graph.constants.len() as u64).saturating_add(output_bytes);
    if needed > options.memory_budget {
        return Err(Error::memory_budget(needed, options.memory_budget));
    }
    let constants = AlignedBytes::copy_of(&graph.constants)
        .ok_or_else(|| Error::memory_budget(needed, options.memory_budget))?;
    Ok(Plan::new(&program, graph, layout, constants, options.isa, fusions))
}

/// Runs a pass that is not switched off.
fn rewrite<T>(
    pass: &fuse::Pass<T>,
    subject: &mut T,
    options: &CompileOptions,
    fusions: &mut Vec<FusionInfo>,
) {
    if !options.disabled_fusions.iter().any(|name| name == pass.name) {
        let count = (pass.apply)(subject);
        match fusions.iter_mut().find(|fusion| fusion.name == pass.name) {
            Some(fusion) => fusion.count += count,
            None => fusions.push(FusionInfo { name: pass.name, count }),
        }
    }
}

fn fuse_and_build(graph: &mut Graph, options: &CompileOptions, fusions: &mut Vec<FusionInfo>) {
    let Graph { nodes, constants, .. } = graph;
    for node in nodes {
        let Work::Control(control) = &mut node.work else { continue };
        for body in &mut control.bodies {
            // All graphs of a program share its constants.
            std::mem::swap(constants, &mut body.constants);
            fuse_and_build(body, options, fusions);
            std::mem::swap(constants, &mut body.constants);
            control.layouts.push(Layout::new(body));
        }
    }
    fuse::JOINING.iter().for_each(|pass| rewrite(pass, graph, options, fusions));
    graph.build_kernels();
    if let Some(fault) = &options.fault {
        fault::inject(graph, fault);
    }
    rewrite(&fuse::IN_PLACE, graph, options, fusions);
}

impl Plan {
    fn new(
        program: &Program,
        graph: Graph,
        layout: Layout,
        constants: AlignedBytes,
        isa: Isa,
        fusions: Vec<FusionInfo>,
    ) -> Self {
        let types = |ids: &[usize]| ids.iter().map(|&id| program.values[id].clone()).collect();
        let signature = PlanSignature {
            inputs: types(&program.inputs),
            variables: types(&program.variables),
            outputs: types(&program.outputs),
        };
        let infos = InstructionInfo::of_all(&graph);
        let info = PlanInfo {
            isa: isa.name(),
            fusions,
            arena_bytes: layout.arena_bytes,
            peak_bytes: layout.peak_bytes,
            constant_bytes: constants.len(),
            copied_bytes: layout.transfers.iter().map(|transfer| transfer.bytes).sum(),
            flops: infos.iter().map(|instruction| instruction.flops).fold(0, u64::saturating_add),
            instructions: infos,
        };
        let mut operands = Operands::default();
        let block = Block::new(graph, &layout, 0, &mut operands);
        let needs = operands.needs(layout.arena_bytes);
        Plan { block, operands: operands.list, constants, needs, signature, info }
    }

    /// The types of what the plan is bound to and run with.
    pub fn signature(&self) -> &PlanSignature {
        &self.signature
    }

    /// What the plan does.
    pub fn info(&self) -> &PlanInfo {
        &self.info
    }
}

impl InstructionInfo {
    /// Those of a graph whose kernels are built.
    fn of_all(graph: &Graph) -> Vec<Self> {
        graph.nodes.iter().map(|node| InstructionInfo::new(node, graph)).collect()
    }

    fn new(node: &Node, graph: &Graph) -> Self {
        let types = |ids: &[usize]| ids.iter().map(|&id| graph.values[id].tensor.clone()).collect();
        let (name, cost, chunks, bodies) = match &node.work {
            Work::Control(control) => {
                let bodies: Vec<Vec<_>> = control.bodies.iter().map(Self::of_all).collect();
                (node.ops[0], cost_of(control, &bodies), Vec::new(), bodies)
            }
            _ => {
                let kernel = node.kernel();
                (kernel.name(), kernel.cost(), kernel.phases().to_vec(), Vec::new())
            }
        };
        InstructionInfo {
            name: match (name, &node.ops[..]) {
                ("elementwise" | "stridedCopy", &[op]) => op,
                (name, _) => name,
            },
            ops: node.ops.clone(),
            inputs: types(&node.inputs),
            outputs: types(&node.outputs),
            flops: cost.flops,
            bytes: cost.bytes,
            chunks,
            bodies,
        }
    }
}

/// What control flow costs where that is known: each body once, and that of a scan for each slice.
fn cost_of(control: &Control, bodies: &[Vec<InstructionInfo>]) -> Cost {
    let times = match control.kind {
        ControlKind::Scan { length, .. } => length as u64,
        _ => 1,
    };
    let total = |part: fn(&InstructionInfo) -> u64| {
        let once = bodies.iter().flatten().map(part).fold(0, u64::saturating_add);
        once.saturating_mul(times)
    };
    Cost { flops: total(|instruction| instruction.flops), bytes: total(|instruction| instruction.bytes) }
}
