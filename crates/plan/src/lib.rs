//! From a program to a plan: decoding and checks, fusion, memory, and runs by whole steps on the team of threads.
//!
//! [`compile`] makes a [`Plan`] of a program. [`bind`] gives it the variables of a [`Store`], and [`BoundPlan::run`] runs
//! steps.

mod arena;
mod attributes;
mod block;
mod control;
mod dag;
mod elementwise;
mod error;
mod fault;
mod fuse;
mod graph;
mod layout;
mod memory;
mod ops;
mod plan;
mod product;
mod profile;
mod program;
mod reduce;
mod run;
mod sharing;
mod step;
mod store;
mod table;
mod team;
mod tensor;
#[cfg(test)]
mod tests;
mod transpose;
mod turns;

pub use attributes::AttributeKind;
pub use error::Error;
pub use fault::{Fault, FaultKind};
pub use fuse::fusions;
pub use plan::{CompileOptions, FusionInfo, InstructionInfo, Plan, PlanInfo, PlanSignature, compile};
pub use profile::{InstructionProfile, Profile, Timing};
pub use run::{BoundPlan, bind};
pub use store::{Store, Variable};
pub use table::{Arity, AttributeField, InstructionSchema, instruction_table};
pub use team::{look_out, set_threads, threads};
pub use tensor::{TensorType, dtype_from_name};
