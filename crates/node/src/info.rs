//! What the addon is, and its process-wide settings.

use layerwise_kernels::Isa;
use layerwise_plan::{Arity, AttributeKind, Error, fusions, instruction_table, threads};
use napi::Either;
use napi_derive::napi;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::budget;
use crate::error::{integer, to_js};

#[napi(object)]
pub struct AddonInfo {
    pub version: String,
    /// The commit that was built, or nothing.
    pub revision: String,
    pub target: String,
    /// The instruction set of the plans that are compiled from now on.
    pub isa: String,
    /// Every instruction set that this machine has.
    pub isas: Vec<String>,
    pub threads: u32,
    pub operations: Vec<Operation>,
    /// The names of the fusion passes, each of which can be switched off.
    pub fusions: Vec<String>,
}

/// A primitive of programs.
#[napi(object)]
pub struct Operation {
    pub name: String,
    /// Their number, 'variadic' for one or more, or 'any'.
    pub inputs: Either<u32, String>,
    /// The kind of each attribute: boolean, integer, integers or dtype.
    pub attributes: HashMap<String, String>,
}

static ISA: Mutex<Option<Isa>> = Mutex::new(None);

/// The instruction set to compile for: the one that was set, LAYERWISE_ISA where the machine has it, or else the best.
pub fn isa() -> Isa {
    let mut chosen = ISA.lock().unwrap_or_else(PoisonError::into_inner);
    *chosen.get_or_insert_with(|| {
        let wanted = std::env::var("LAYERWISE_ISA").ok().and_then(|name| Isa::from_name(name.trim()));
        wanted.filter(|isa| isa.is_available()).unwrap_or_else(Isa::best)
    })
}

#[napi(catch_unwind)]
pub fn info() -> AddonInfo {
    let operations = instruction_table().into_iter().map(|schema| Operation {
        name: schema.name.into(),
        inputs: match schema.inputs {
            Arity::Exactly(count) => Either::A(count as u32),
            Arity::Variadic => Either::B("variadic".into()),
            Arity::Any => Either::B("any".into()),
        },
        attributes: schema
            .attributes
            .into_iter()
            .map(|field| (field.name.into(), kind_name(field.kind).into()))
            .collect(),
    });
    AddonInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        revision: env!("LAYERWISE_REVISION").into(),
        target: env!("LAYERWISE_TARGET").into(),
        isa: isa().name().into(),
        isas: isa_names(),
        threads: threads() as u32,
        operations: operations.collect(),
        fusions: fusions().into_iter().map(String::from).collect(),
    }
}

fn kind_name(kind: AttributeKind) -> &'static str {
    match kind {
        AttributeKind::Boolean => "boolean",
        AttributeKind::Integer => "integer",
        AttributeKind::Integers => "integers",
        AttributeKind::Name => "name",
        AttributeKind::Dtype => "dtype",
    }
}

fn isa_names() -> Vec<String> {
    Isa::available().into_iter().map(|isa| isa.name().into()).collect()
}

/// Chooses the instruction set of the plans that are compiled from now on.
#[napi(catch_unwind)]
pub fn set_isa(name: String) -> napi::Result<()> {
    let isa = Isa::from_name(&name).filter(|isa| isa.is_available()).ok_or_else(|| {
        let available = isa_names().join(", ");
        to_js(Error::run(format!("this machine has no instruction set {name:?}, it has {available}")))
    })?;
    *ISA.lock().unwrap_or_else(PoisonError::into_inner) = Some(isa);
    Ok(())
}

/// Sets how many threads the team has, from the next run on.
#[napi(catch_unwind)]
pub fn set_threads(threads: f64) -> napi::Result<()> {
    layerwise_plan::set_threads(integer("threads", threads, 1)? as usize);
    Ok(())
}

/// Sets the bytes that a store may take.
#[napi(catch_unwind)]
pub fn set_memory_budget(bytes: f64) -> napi::Result<()> {
    budget::set(integer("bytes", bytes, 0)?);
    Ok(())
}

/// The bytes that a store may take.
#[napi(catch_unwind)]
pub fn memory_budget() -> f64 {
    budget::get() as f64
}
