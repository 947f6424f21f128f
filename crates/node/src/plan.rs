//! The handle of a plan, and its runs.

use layerwise_kernels::Buffer;
use layerwise_plan::{BoundPlan, Error, TensorType};
use napi::bindgen_prelude::{Object, ObjectFinalize};
use napi::{Env, Result};
use napi_derive::napi;
use std::sync::Arc;

use crate::bytes::Bytes;
use crate::driver::{Run, submit};
use crate::environment::Environment;
use crate::error::{integer, to_js};

type Resolver = Box<dyn FnOnce(Env) -> Result<()> + Send>;

#[napi(custom_finalize)]
pub struct NativePlan {
    bound: Option<Arc<BoundPlan>>,
}

impl NativePlan {
    pub fn new(env: &Env, bound: BoundPlan) -> Result<Self> {
        env.adjust_external_memory(external_bytes(&bound))?;
        Ok(NativePlan { bound: Some(Arc::new(bound)) })
    }

    fn get(&self) -> Result<&Arc<BoundPlan>> {
        self.bound.as_ref().ok_or_else(|| to_js(Error::closed()))
    }
}

/// What a plan owns beyond its store's memory.
fn external_bytes(bound: &BoundPlan) -> i64 {
    bound.plan().info().constant_bytes as i64
}

#[napi]
impl NativePlan {
    /// What the plan does, as JSON.
    #[napi(catch_unwind)]
    pub fn info(&self) -> Result<String> {
        json(serde_json::to_string(self.get()?.plan().info()))
    }

    /// Runs steps on the calling thread; the team joins where it pays.
    #[napi(
        catch_unwind,
        ts_args_type = "inputs: (Uint8Array | Int32Array | Float32Array)[], outputs: (Uint8Array | Int32Array | Float32Array)[], steps: number"
    )]
    pub fn run_sync(&self, inputs: Vec<Bytes>, outputs: Vec<Bytes>, steps: f64) -> Result<()> {
        let steps = integer("steps", steps, 1)?;
        let bound = self.get()?;
        let signature = bound.plan().signature();
        let (inputs, outputs) =
            (buffers(&inputs, &signature.inputs)?, buffers(&outputs, &signature.outputs)?);
        bound.run(&inputs, &outputs, 0..steps, &|| false).map(drop).map_err(to_js)
    }

    /// Runs steps on the calling thread and says where their time went, as JSON. Their outputs are lost.
    #[napi(catch_unwind, ts_args_type = "inputs: (Uint8Array | Int32Array | Float32Array)[], steps: number")]
    pub fn profile(&self, inputs: Vec<Bytes>, steps: f64) -> Result<String> {
        let steps = integer("steps", steps, 1)?;
        let bound = self.get()?;
        let inputs = buffers(&inputs, &bound.plan().signature().inputs)?;
        json(serde_json::to_string(&bound.profile(&inputs, steps).map_err(to_js)?))
    }

    /// Runs steps off the JavaScript thread. The arrays' memory is used in place until the promise settles: it must not be
    /// detached, and nobody else may look at the outputs.
    #[napi(
        catch_unwind,
        ts_args_type = "inputs: (Uint8Array | Int32Array | Float32Array)[], outputs: (Uint8Array | Int32Array | Float32Array)[], steps: number",
        ts_return_type = "Promise<void>"
    )]
    pub fn run<'env>(
        &self,
        env: &'env Env,
        inputs: Vec<Bytes>,
        outputs: Vec<Bytes>,
        steps: f64,
    ) -> Result<Object<'env>> {
        let plan = self.get()?.clone();
        let steps = 0..integer("steps", steps, 1)?;
        let environment = Environment::current(env)?;
        let input_buffers = buffers(&inputs, &plan.plan().signature().inputs)?;
        let output_buffers = buffers(&outputs, &plan.plan().signature().outputs)?;
        let operands = || inputs.iter().chain(&outputs);
        operands().try_for_each(|bytes| bytes.require_fixed(env))?;
        let held = operands().map(|bytes| bytes.hold(env)).collect::<Result<Vec<_>>>()?;
        let (deferred, promise) = env.create_deferred::<(), Resolver>()?;
        let settle = move |result: std::result::Result<(), Error>| {
            deferred.resolve(Box::new(move |env| {
                held.into_iter().try_for_each(|held| held.release(&env))?;
                result.map_err(to_js)
            }));
        };
        submit(Run {
            environment,
            plan,
            inputs: input_buffers,
            outputs: output_buffers,
            steps,
            settle: Box::new(settle),
        });
        Ok(promise)
    }

    /// Gives its memory back as soon as no run needs it.
    #[napi(catch_unwind)]
    pub fn close(&mut self, env: &Env) -> Result<()> {
        if let Some(bound) = self.bound.take() {
            env.adjust_external_memory(-external_bytes(&bound))?;
        }
        Ok(())
    }
}

impl ObjectFinalize for NativePlan {
    fn finalize(mut self, env: Env) -> Result<()> {
        self.close(&env)
    }
}

fn json(report: serde_json::Result<String>) -> Result<String> {
    report.map_err(|error| napi::Error::from_reason(error.to_string()))
}

fn buffers(bytes: &[Bytes], types: &[TensorType]) -> Result<Vec<Buffer>> {
    if bytes.iter().zip(types).all(|(bytes, tensor)| bytes.is_aligned(tensor.dtype().bytes())) {
        return Ok(bytes.iter().map(Bytes::buffer).collect());
    }
    Err(to_js(Error::run("inputs and outputs must be aligned to their elements")))
}
