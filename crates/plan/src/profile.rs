//! Where the time of a step goes.

use std::time::{Duration, Instant};

use layerwise_kernels::Buffer;
use serde::Serialize;

use crate::error::Error;
use crate::memory::AlignedBytes;
use crate::plan::InstructionInfo;
use crate::run::BoundPlan;

/// The times of the parts of a step, over some steps.
#[derive(Clone, Debug, Serialize)]
pub struct Profile {
    /// In the order of execution.
    pub instructions: Vec<InstructionProfile>,
    /// The copies at the end of a step.
    pub transfers: Timing,
    pub step: Timing,
}

#[derive(Clone, Debug, Serialize)]
pub struct InstructionProfile {
    #[serde(flatten)]
    pub instruction: InstructionInfo,
    #[serde(flatten)]
    pub timing: Timing,
}

/// Nanoseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Timing {
    pub minimum: f64,
    pub mean: f64,
}

/// The samples of one part so far.
#[derive(Clone, Copy)]
struct Samples {
    minimum: Duration,
    total: Duration,
}

impl Samples {
    const NONE: Samples = Samples { minimum: Duration::MAX, total: Duration::ZERO };

    fn add(&mut self, sample: Duration) {
        self.minimum = self.minimum.min(sample);
        self.total += sample;
    }

    fn timing(&self, steps: u64) -> Timing {
        let nanoseconds = |duration: Duration| duration.as_secs_f64() * 1e9;
        Timing { minimum: nanoseconds(self.minimum), mean: nanoseconds(self.total) / steps as f64 }
    }
}

impl BoundPlan {
    /// Runs some steps, at least one, as [`BoundPlan::run`] does, and times each instruction. What the steps output is lost.
    pub fn profile(&self, inputs: &[Buffer], steps: u64) -> Result<Profile, Error> {
        let memory = self.plan().signature().outputs.iter().map(|tensor| {
            let bytes = (tensor.bytes() as u64).saturating_mul(steps);
            let memory = usize::try_from(bytes).ok().and_then(AlignedBytes::new);
            memory.ok_or_else(|| Error::run(format!("no memory for {steps} steps of outputs")))
        });
        let memory = memory.collect::<Result<Vec<_>, _>>()?;
        let outputs: Vec<Buffer> = memory.iter().map(AlignedBytes::buffer).collect();
        let instructions = &self.plan().info().instructions;
        let count = instructions.len();
        let mut parts = vec![Samples::NONE; count + 1];
        let mut whole = Samples::NONE;
        let (mut began, mut last) = (Instant::now(), Instant::now());
        let mut mark = |part: usize| {
            let now = Instant::now();
            match part.checked_sub(1) {
                None => began = now,
                Some(previous) => parts[previous].add(now - last),
            }
            if part == count + 1 {
                whole.add(now - began);
            }
            last = now;
        };
        self.run_marked(inputs, &outputs, 0..steps, &|| false, &mut mark)?;
        let timed = |(instruction, samples): (&InstructionInfo, &Samples)| InstructionProfile {
            instruction: instruction.clone(),
            timing: samples.timing(steps),
        };
        Ok(Profile {
            instructions: instructions.iter().zip(&parts).map(timed).collect(),
            transfers: parts[count].timing(steps),
            step: whole.timing(steps),
        })
    }
}
