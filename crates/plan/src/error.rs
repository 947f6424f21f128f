//! What can go wrong, as stable codes with fields; the wording for people stands in TypeScript.

use std::fmt;

use layerwise_kernels::KernelError;
use serde_json::{Map, Value, json};

/// An error of the native executor.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    pub code: &'static str,
    pub fields: Map<String, Value>,
}

impl Error {
    fn new(code: &'static str, fields: Value) -> Self {
        match fields {
            Value::Object(fields) => Error { code, fields },
            _ => Error { code, fields: Map::new() },
        }
    }

    /// The program breaks a rule of the format.
    pub fn program(detail: impl Into<String>) -> Self {
        Error::new("program.invalid", json!({ "detail": detail.into() }))
    }

    /// One instruction of the program breaks a rule.
    pub fn instruction(index: usize, op: &str, detail: impl Into<String>) -> Self {
        Error::new("program.invalid", json!({ "instruction": index, "op": op, "detail": detail.into() }))
    }

    /// A plan or a variable needs more memory than it may take, or than the system gives.
    pub fn memory_budget(needed: u64, budget: u64) -> Self {
        Error::new("memory.budget", json!({ "needed": needed, "budget": budget }))
    }

    /// A variable is not what the program or the caller takes it for.
    pub fn variable_mismatch(variable: Option<usize>, expected: Value, got: Value) -> Self {
        Error::new("variable.mismatch", json!({ "variable": variable, "expected": expected, "got": got }))
    }

    /// A run was asked for with operands that do not fit the plan.
    pub fn run(detail: impl Into<String>) -> Self {
        Error::new("run.invalid", json!({ "detail": detail.into() }))
    }

    /// A kernel panicked.
    pub fn kernel_panic(op: &str, message: &str) -> Self {
        Error::new("kernel.panic", json!({ "op": op, "message": message }))
    }

    /// The store was closed.
    pub fn closed() -> Self {
        Error::new("closed", json!({}))
    }
}

impl From<KernelError> for Error {
    fn from(error: KernelError) -> Self {
        match error {
            KernelError::IndexOutOfRange { op, index, size } => {
                Error::new("index.range", json!({ "op": op, "index": index, "size": size }))
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.code, Value::Object(self.fields.clone()))
    }
}

impl std::error::Error for Error {}
