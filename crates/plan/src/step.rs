//! One step: the instructions of a block in turn, and those of the blocks inside it.

use std::cell::Cell;
use std::sync::{Mutex, PoisonError};

use layerwise_kernels::{Buffer, Kernel, KernelError, Operands};

use crate::block::{Block, Flow, Instruction, Task};
use crate::control::ControlKind;
use crate::error::Error;
use crate::memory::AlignedBytes;
use crate::sharing::Sharing;
use crate::store::Working;
use crate::team::{PanicMessage, Session};

/// What a step works with.
pub(crate) struct Step<'a, 'p> {
    /// Where each operand lies at present.
    pub table: &'a mut [Buffer],
    pub working: &'a Working,
    pub session: Option<&'a mut Session<'static>>,
    /// The ops of the instruction that runs, for whoever catches a panic.
    pub at: &'a Cell<&'p str>,
}

impl<'p> Step<'_, 'p> {
    pub fn block(&mut self, block: &'p Block) -> Result<(), Error> {
        block.instructions.iter().try_for_each(|instruction| self.instruction(instruction))?;
        self.transfers(block);
        Ok(())
    }

    pub fn instruction(&mut self, instruction: &'p Instruction) -> Result<(), Error> {
        match &instruction.task {
            Task::Kernel { kernel, sharing } => self.kernel(instruction, &**kernel, sharing),
            Task::Control(flow) => self.flow(instruction, flow),
        }
    }

    /// The copies at the end of a block.
    pub fn transfers(&mut self, block: &Block) {
        block.transfers.iter().for_each(|&(from, to)| self.copy(from, to));
    }

    fn copy(&mut self, from: usize, to: usize) {
        let (from, to) = (self.table[from], self.table[to]);
        // SAFETY: copies are between distinct places of equal size, and this thread has the store's turn.
        unsafe { to.slice_mut::<u8>(0..to.bytes()).copy_from_slice(from.slice::<u8>()) };
    }

    fn kernel(
        &mut self,
        instruction: &'p Instruction,
        kernel: &dyn Kernel,
        sharing: &Sharing,
    ) -> Result<(), Error> {
        self.at.set(&instruction.ops);
        let (table, working) = (&*self.table, self.working);
        let operands = Operands {
            inputs: &table[instruction.inputs..instruction.outputs],
            outputs: &table[instruction.outputs..instruction.scratch],
            shared: table[instruction.scratch],
            ahead: &[],
        };
        let alone = || run_alone(kernel, &operands, working);
        match &mut self.session {
            Some(session) => sharing
                .run(session, alone, |session| share(kernel, &instruction.ops, &operands, working, session)),
            None => alone(),
        }
    }

    fn flow(&mut self, instruction: &'p Instruction, flow: &'p Flow) -> Result<(), Error> {
        match (flow.kind, &flow.bodies[..]) {
            (ControlKind::Switch, bodies) => self.switch(instruction, bodies),
            (ControlKind::While { constants, most_iterations }, [condition, body]) => {
                self.repeat(instruction, flow, condition, body, constants, most_iterations)
            }
            (ControlKind::Scan { constants, carries, length, reverse }, [body]) => {
                self.scan(instruction, flow, body, constants, carries, length, reverse)
            }
            (kind, bodies) => unreachable!("{kind:?} has not {} bodies", bodies.len()),
        }
    }

    fn switch(&mut self, instruction: &'p Instruction, bodies: &'p [Block]) -> Result<(), Error> {
        // SAFETY: the index is an int32 scalar that an earlier instruction made.
        let index = unsafe { self.table[instruction.inputs].slice::<i32>() }[0];
        let body = &bodies[(index.max(0) as usize).min(bodies.len() - 1)];
        self.give_inputs(body, 0, instruction.inputs + 1, body.inputs.len());
        self.give_outputs(body, 0, instruction.outputs, body.outputs.len());
        self.block(body)
    }

    /// Iterations read the carries where the one before wrote them, by turns in two places.
    fn repeat(
        &mut self,
        instruction: &'p Instruction,
        flow: &'p Flow,
        condition: &'p Block,
        body: &'p Block,
        constants: usize,
        most_iterations: u32,
    ) -> Result<(), Error> {
        self.give_inputs(condition, 0, instruction.inputs, constants);
        self.give_inputs(body, 0, instruction.inputs, constants);
        let initial = instruction.inputs + constants;
        let truth = self.table[flow.truth];
        self.give(&condition.outputs[0], truth);
        let mut iteration = 0;
        while iteration < most_iterations {
            for (carry, places) in flow.carries.iter().enumerate() {
                let from = if iteration == 0 { initial + carry } else { places[(iteration % 2) as usize] };
                let (from, to) = (self.table[from], self.table[places[(iteration + 1) as usize % 2]]);
                self.give(&condition.inputs[constants + carry], from);
                self.give(&body.inputs[constants + carry], from);
                self.give(&body.outputs[carry], to);
            }
            self.block(condition)?;
            // SAFETY: the condition has made a bool scalar.
            if unsafe { truth.slice::<u8>() }[0] == 0 {
                break;
            }
            self.block(body)?;
            iteration += 1;
        }
        for (carry, places) in flow.carries.iter().enumerate() {
            let from = if iteration == 0 { initial + carry } else { places[(iteration % 2) as usize] };
            self.copy(from, instruction.outputs + carry);
        }
        Ok(())
    }

    /// As a loop does, except that the first iteration reads the carries where they are and the last one writes them where they belong.
    #[allow(clippy::too_many_arguments)]
    fn scan(
        &mut self,
        instruction: &'p Instruction,
        flow: &'p Flow,
        body: &'p Block,
        constants: usize,
        carries: usize,
        length: usize,
        reverse: bool,
    ) -> Result<(), Error> {
        self.give_inputs(body, 0, instruction.inputs, constants);
        let (initial, last) = (instruction.inputs + constants, instruction.outputs);
        for iteration in 0..length {
            for (carry, places) in flow.carries.iter().enumerate() {
                let from = if iteration == 0 { initial + carry } else { places[iteration % 2] };
                let to = if iteration + 1 == length { last + carry } else { places[(iteration + 1) % 2] };
                let (from, to) = (self.table[from], self.table[to]);
                self.give(&body.inputs[constants + carry], from);
                self.give(&body.outputs[carry], to);
            }
            let slice = if reverse { length - 1 - iteration } else { iteration };
            let part = |stack: Buffer| {
                let bytes = stack.bytes() / length;
                stack.part(slice * bytes..(slice + 1) * bytes)
            };
            for (x, ports) in body.inputs[constants + carries..].iter().enumerate() {
                let part = part(self.table[initial + carries + x]);
                self.give(ports, part);
            }
            for (y, ports) in body.outputs[carries..].iter().enumerate() {
                let part = part(self.table[last + carries + y]);
                self.give(ports, part);
            }
            self.block(body)?;
        }
        if length == 0 {
            (0..carries).for_each(|carry| self.copy(initial + carry, last + carry));
        }
        Ok(())
    }

    /// Lets inputs of a body, from one on, be operands, from one on.
    fn give_inputs(&mut self, body: &Block, first: usize, operand: usize, count: usize) {
        for (input, ports) in body.inputs[first..first + count].iter().enumerate() {
            self.give(ports, self.table[operand + input]);
        }
    }

    fn give_outputs(&mut self, body: &Block, first: usize, operand: usize, count: usize) {
        for (output, ports) in body.outputs[first..first + count].iter().enumerate() {
            self.give(ports, self.table[operand + output]);
        }
    }

    fn give(&mut self, ports: &[usize], buffer: Buffer) {
        ports.iter().for_each(|&port| self.table[port] = buffer);
    }
}

/// All chunks of an instruction on this thread.
fn run_alone(kernel: &dyn Kernel, operands: &Operands, working: &Working) -> Result<(), Error> {
    // SAFETY: this thread, the leader, is number 0, and runs one instruction at a time.
    let private = unsafe { private_scratch(&working.private[0]) };
    for (phase, &chunks) in kernel.phases().iter().enumerate() {
        for chunk in 0..chunks {
            kernel.run(phase as u32, chunk, operands, private)?;
        }
    }
    Ok(())
}

/// The chunks of an instruction on all threads of the team.
fn share(
    kernel: &dyn Kernel,
    ops: &str,
    operands: &Operands,
    working: &Working,
    session: &mut Session,
) -> Result<(), Error> {
    for (phase, &chunks) in kernel.phases().iter().enumerate() {
        let failure: Mutex<Option<(u32, KernelError)>> = Mutex::new(None);
        let work = |chunk: u32, thread: usize| {
            // SAFETY: in a session a number belongs to one thread, which does one chunk at a time.
            let private = unsafe { private_scratch(&working.private[thread]) };
            if let Err(error) = kernel.run(phase as u32, chunk, operands, private) {
                let mut first = failure.lock().unwrap_or_else(PoisonError::into_inner);
                // The first of the failures in the order of chunks: the same one for any number of threads.
                if first.as_ref().is_none_or(|(earlier, _)| chunk < *earlier) {
                    *first = Some((chunk, error));
                }
            }
        };
        session.run(chunks, &work).map_err(|PanicMessage(message)| Error::kernel_panic(ops, &message))?;
        if let Some((_, error)) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error.into());
        }
    }
    Ok(())
}

/// The scratch memory of a thread.
///
/// # Safety
/// The thread uses no other slice of it.
unsafe fn private_scratch<'a>(memory: &AlignedBytes) -> &'a mut [f32] {
    let buffer = memory.buffer();
    // SAFETY: the store keeps the memory during its turn, and the contract above makes the slice the only one.
    unsafe { buffer.slice_mut(0..buffer.elements::<f32>()) }
}
