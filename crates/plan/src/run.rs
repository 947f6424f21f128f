//! Running a plan over the variables of a store, step by step.

use std::any::Any;
use std::cell::Cell;
use std::collections::HashSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use layerwise_kernels::{Buffer, FlushDenormals};
use serde_json::json;

use crate::error::Error;
use crate::layout::Place;
use crate::plan::Plan;
use crate::step::Step;
use crate::store::{Store, Variable, Working};
use crate::team::{self, Session, Team};
use crate::tensor::TensorType;

/// A plan with the variables that it reads and updates.
#[derive(Debug)]
pub struct BoundPlan {
    plan: Arc<Plan>,
    store: Arc<Store>,
    variables: Vec<Arc<Variable>>,
    /// The plan's operands during a step, kept so that no step allocates.
    table: Mutex<Vec<Buffer>>,
}

/// Binds a plan to variables of a store, in the order of the program's variables.
pub fn bind(plan: Arc<Plan>, store: Arc<Store>, variables: Vec<Arc<Variable>>) -> Result<BoundPlan, Error> {
    let expected = &plan.signature().variables;
    if variables.len() != expected.len() {
        return Err(Error::variable_mismatch(None, expected.len().into(), variables.len().into()));
    }
    let mut bound = HashSet::new();
    for (index, (variable, expected)) in variables.iter().zip(expected).enumerate() {
        if variable.tensor() != expected {
            return Err(Error::variable_mismatch(Some(index), json!(expected), json!(variable.tensor())));
        }
        if !variable.belongs_to(&store) {
            return Err(Error::run(format!("variable {index} belongs to another store")));
        }
        if !bound.insert(Arc::as_ptr(variable)) {
            return Err(Error::run(format!("variable {index} is bound twice")));
        }
    }
    let mut usage = store.enter()?;
    store.grow(&mut usage.working, plan.needs, team::threads())?;
    drop(usage);
    store.reserve(plan.constants.len())?;
    let table = Mutex::new(vec![Buffer::EMPTY; plan.operands.len()]);
    Ok(BoundPlan { plan, store, variables, table })
}

impl Drop for BoundPlan {
    fn drop(&mut self) {
        self.store.give_back(self.plan.constants.len());
    }
}

impl BoundPlan {
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Runs steps `steps.start` to `steps.end`, or fewer: between two steps it asks `should_yield`, and returns the number
    /// of the step to go on with by another call. Others who wait for the store get it between two steps in any case.
    ///
    /// Outputs hold `steps.end` steps, one after the other. A step that fails because of its data has changed no variable.
    pub fn run(
        &self,
        inputs: &[Buffer],
        outputs: &[Buffer],
        steps: Range<u64>,
        should_yield: &dyn Fn() -> bool,
    ) -> Result<u64, Error> {
        self.run_marked(inputs, outputs, steps, should_yield, &mut |_| {})
    }

    /// As [`BoundPlan::run`]. In each step it calls `mark` with the number of an instruction before it runs, with the
    /// number of all before the transfers, and with one more after them.
    pub(crate) fn run_marked(
        &self,
        inputs: &[Buffer],
        outputs: &[Buffer],
        steps: Range<u64>,
        should_yield: &dyn Fn() -> bool,
        mark: &mut impl FnMut(usize),
    ) -> Result<u64, Error> {
        self.check(inputs, outputs, steps.end)?;
        let mut step = steps.start;
        while step < steps.end {
            let mut usage = self.store.enter()?;
            let mut session = self.session();
            let threads = session.as_ref().map_or(1, Session::threads);
            self.store.grow(&mut usage.working, self.plan.needs, threads)?;
            let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
            self.resolve(&mut table, &usage.working, inputs);
            let _flush = FlushDenormals::new();
            loop {
                for (output, operands) in self.plan.block.outputs.iter().enumerate() {
                    let bytes = self.plan.signature().outputs[output].bytes();
                    let start = step as usize * bytes;
                    let part = outputs[output].part(start..start + bytes);
                    operands.iter().for_each(|&operand| table[operand] = part);
                }
                self.step(&mut table, &usage.working, session.as_mut(), mark)?;
                step += 1;
                if step == steps.end || should_yield() {
                    return Ok(step);
                }
                if self.store.is_wanted() {
                    break;
                }
            }
        }
        Ok(step)
    }

    /// The team, if it may be of use.
    fn session(&self) -> Option<Session<'static>> {
        let session = if self.plan.block.may_share() { Team::global().enter() } else { None };
        session.filter(|session| session.threads() > 1)
    }

    fn check(&self, inputs: &[Buffer], outputs: &[Buffer], steps: u64) -> Result<(), Error> {
        let signature = self.plan.signature();
        check_buffers("input", inputs, &signature.inputs, 1)?;
        check_buffers("output", outputs, &signature.outputs, steps)?;
        for (index, output) in outputs.iter().enumerate() {
            if inputs.iter().chain(&outputs[..index]).any(|other| output.overlaps(other)) {
                return Err(Error::run(format!("output {index} overlaps an input or another output")));
            }
        }
        Ok(())
    }

    /// Finds all operands but those that move: the outputs of the step, inputs and outputs of bodies.
    fn resolve(&self, table: &mut [Buffer], working: &Working, inputs: &[Buffer]) {
        for (buffer, operand) in table.iter_mut().zip(&self.plan.operands) {
            let from = |buffer: Buffer, start: usize| buffer.part(start..start + operand.bytes);
            *buffer = match operand.place {
                Place::Arena(offset) => from(working.arena.buffer(), offset),
                Place::Constants(offset) => from(self.plan.constants.buffer(), offset),
                Place::Variable(index) => from(self.variables[index].buffer(), 0),
                Place::Input(_) | Place::Output(_) | Place::Empty => Buffer::EMPTY,
            };
        }
        for (input, operands) in inputs.iter().zip(&self.plan.block.inputs) {
            operands.iter().for_each(|&operand| table[operand] = *input);
        }
    }

    fn step(
        &self,
        table: &mut [Buffer],
        working: &Working,
        session: Option<&mut Session<'static>>,
        mark: &mut impl FnMut(usize),
    ) -> Result<(), Error> {
        let block = &self.plan.block;
        let at = Cell::new("");
        let mut step = Step { table, working, session, at: &at };
        let run = || {
            for (index, instruction) in block.instructions.iter().enumerate() {
                mark(index);
                step.instruction(instruction)?;
            }
            mark(block.instructions.len());
            step.transfers(block);
            Ok(())
        };
        catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|payload| Err(Error::kernel_panic(at.get(), &panic_message(&*payload))))?;
        mark(block.instructions.len() + 1);
        Ok(())
    }
}

fn check_buffers(kind: &str, buffers: &[Buffer], types: &[TensorType], steps: u64) -> Result<(), Error> {
    if buffers.len() != types.len() {
        return Err(Error::run(format!("expected {} {kind}s, got {}", types.len(), buffers.len())));
    }
    for (index, (buffer, tensor)) in buffers.iter().zip(types).enumerate() {
        let expected = (tensor.bytes() as u64).checked_mul(steps);
        if expected != Some(buffer.bytes() as u64) {
            let (expected, got) = (expected.unwrap_or(u64::MAX), buffer.bytes());
            return Err(Error::run(format!("{kind} {index} must have {expected} bytes, got {got}")));
        }
        let aligned = (buffer.pointer::<u8>() as usize).is_multiple_of(tensor.dtype().bytes());
        if !aligned && buffer.bytes() > 0 {
            return Err(Error::run(format!("{kind} {index} is not aligned to its elements")));
        }
    }
    Ok(())
}

/// What a panic said.
fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}
