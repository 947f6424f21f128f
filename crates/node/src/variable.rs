//! The handle of a variable.

use layerwise_plan::{Error, Variable};
use napi::bindgen_prelude::ObjectFinalize;
use napi::{Env, Result};
use napi_derive::napi;
use std::sync::Arc;

use crate::bytes::Bytes;
use crate::error::to_js;

#[napi(custom_finalize)]
pub struct NativeVariable {
    variable: Option<Arc<Variable>>,
}

impl NativeVariable {
    pub fn new(env: &Env, variable: Arc<Variable>) -> Result<Self> {
        env.adjust_external_memory(variable.tensor().bytes() as i64)?;
        Ok(NativeVariable { variable: Some(variable) })
    }

    pub fn get(&self) -> Result<&Arc<Variable>> {
        self.variable.as_ref().ok_or_else(|| to_js(Error::closed()))
    }
}

#[napi]
impl NativeVariable {
    /// Copies the value between two steps.
    #[napi(catch_unwind, ts_args_type = "into: Uint8Array | Int32Array | Float32Array")]
    pub fn read(&self, mut into: Bytes) -> Result<()> {
        self.get()?.read(into.as_mut_slice()).map_err(to_js)
    }

    /// Sets the value between two steps.
    #[napi(catch_unwind, ts_args_type = "from: Uint8Array | Int32Array | Float32Array")]
    pub fn write(&self, from: Bytes) -> Result<()> {
        self.get()?.write(from.as_slice()).map_err(to_js)
    }

    /// Gives the memory back as soon as no plan needs it.
    #[napi(catch_unwind)]
    pub fn close(&mut self, env: &Env) -> Result<()> {
        if let Some(variable) = self.variable.take() {
            env.adjust_external_memory(-(variable.tensor().bytes() as i64))?;
        }
        Ok(())
    }
}

impl ObjectFinalize for NativeVariable {
    fn finalize(mut self, env: Env) -> Result<()> {
        self.close(&env)
    }
}
