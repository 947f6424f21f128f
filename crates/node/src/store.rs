//! The handle of a store.

use layerwise_kernels::Precision;
use layerwise_plan::{
    CompileOptions, Error, Fault, FaultKind, Store, TensorType, bind, compile, dtype_from_name,
};
use napi::bindgen_prelude::ClassInstance;
use napi::{Env, Result};
use napi_derive::napi;
use std::sync::Arc;

use crate::budget;
use crate::bytes::Bytes;
use crate::environment::Environment;
use crate::error::to_js;
use crate::info::isa;
use crate::plan::NativePlan;
use crate::variable::NativeVariable;

#[napi(object, js_name = "CompileOptions")]
pub struct Options {
    /// Fusion passes to leave out.
    pub disabled_fusions: Option<Vec<String>>,
    /// How exact matrix products must be: 'highest' (default), 'high' or 'medium'.
    pub matmul_precision: Option<String>,
    /// The name of an op whose kernel is to panic, for tests.
    pub fault: Option<String>,
}

#[napi]
pub struct NativeStore {
    store: Arc<Store>,
}

#[napi]
impl NativeStore {
    #[napi(constructor, catch_unwind)]
    pub fn new(env: &Env) -> Result<Self> {
        Environment::current(env)?;
        Ok(NativeStore { store: Store::new(budget::get()) })
    }

    /// A new variable with the given value.
    #[napi(
        catch_unwind,
        ts_args_type = "dtype: string, shape: number[], elements: Uint8Array | Int32Array | Float32Array"
    )]
    pub fn variable(
        &self,
        env: &Env,
        dtype: String,
        shape: Vec<u32>,
        elements: Bytes,
    ) -> Result<NativeVariable> {
        let dtype = dtype_from_name(&dtype);
        let dtype = dtype.ok_or_else(|| to_js(Error::run("a variable needs the name of a dtype")))?;
        let shape = shape.into_iter().map(|extent| extent as usize).collect();
        let tensor = TensorType::new(dtype, shape).map_err(|detail| to_js(Error::run(detail)))?;
        if tensor.bytes() != elements.len() {
            let (needed, got) = (tensor.bytes(), elements.len());
            return Err(to_js(Error::run(format!("a value of type {tensor} has {needed} bytes, got {got}"))));
        }
        self.store.set_budget(budget::get());
        let variable = self.store.variable(tensor).map_err(to_js)?;
        variable.write(elements.as_slice()).map_err(to_js)?;
        NativeVariable::new(env, variable)
    }

    /// Checks and compiles a program and binds it to variables of this store.
    #[napi(
        catch_unwind,
        ts_args_type = "program: string, constants: Uint8Array, variables: NativeVariable[], options: CompileOptions"
    )]
    pub fn compile(
        &self,
        env: &Env,
        program: String,
        constants: Bytes,
        variables: Vec<ClassInstance<NativeVariable>>,
        options: Options,
    ) -> Result<NativePlan> {
        let precision = match options.matmul_precision.as_deref() {
            None => Precision::default(),
            Some(name) => Precision::from_name(name)
                .ok_or_else(|| to_js(Error::run(format!("there is no precision named {name:?}"))))?,
        };
        let options = CompileOptions {
            precision,
            disabled_fusions: options.disabled_fusions.unwrap_or_default(),
            memory_budget: budget::get(),
            fault: options.fault.map(|op| Fault { op, kind: FaultKind::Panic }),
            ..CompileOptions::new(isa())
        };
        let variables =
            variables.iter().map(|variable| variable.get().cloned()).collect::<Result<Vec<_>>>()?;
        self.store.set_budget(budget::get());
        let plan = compile(&program, constants.as_slice(), &options).map_err(to_js)?;
        let bound = bind(Arc::new(plan), self.store.clone(), variables).map_err(to_js)?;
        NativePlan::new(env, bound)
    }
}
