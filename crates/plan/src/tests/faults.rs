//! Kernels that go wrong: the process and the store go on.

use super::builder::{Builder, F32, bytes, floats, options_without, run};
use crate::fault::{Fault, FaultKind};
use crate::plan::{CompileOptions, Plan};

/// Two ops, of which one is faulty, over enough elements that threads share them.
fn plan(op: &str, kind: FaultKind) -> Plan {
    let mut builder = Builder::default();
    let input = builder.input(F32, &[1000, 1000]);
    let variable = builder.variable(F32, &[]);
    let sum = builder.op_with("sum", &[input], serde_json::json!({ "axes": [0, 1] }));
    let next = builder.op("add", &[variable, sum]);
    let doubled = builder.op("add", &[input, input]);
    builder.update(0, next);
    builder.output(doubled);
    builder.output(next);
    let fault = Some(Fault { op: op.into(), kind });
    builder.compile(&CompileOptions { fault, ..options_without(&["elementwise", "segments"]) }).unwrap()
}

#[test]
fn a_panic_becomes_an_error() {
    let input = vec![bytes(&vec![1.0; 1_000_000])];
    for op in ["sum", "add"] {
        let error = run(plan(op, FaultKind::Panic), &input, &[bytes(&[0.0])], 1).unwrap_err();
        assert_eq!(error.code, "kernel.panic");
        assert_eq!(error.fields["op"], op);
        assert_eq!(error.fields["message"], "a kernel panics on purpose");
    }
    // What `run` read after the error shows that the store still works, and this that the team does.
    let outcome = run(plan("none", FaultKind::Panic), &input, &[bytes(&[1.0])], 1).unwrap();
    assert_eq!(floats(&outcome.outputs[1]), [1_000_001.0]);
}

#[test]
fn a_wrong_kernel_is_wrong_in_one_element() {
    let input = vec![bytes(&vec![1.0; 1_000_000])];
    let outcome = run(plan("add", FaultKind::Wrong), &input, &[bytes(&[0.0])], 1).unwrap();
    let doubled = floats(&outcome.outputs[0]);
    assert_ne!(doubled[0], 2.0);
    assert!(doubled[1..].iter().all(|&value| value == 2.0));
}
