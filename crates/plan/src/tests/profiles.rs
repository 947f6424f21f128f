//! Profiles of steps.

use std::sync::Arc;

use super::builder::{Builder, F32, bytes, floats, options_without, read_buffer};
use crate::{Store, bind};

#[test]
fn a_profile_runs_the_steps_and_times_each_instruction() {
    let mut builder = Builder::default();
    let input = builder.input(F32, &[]);
    let count = builder.variable(F32, &[]);
    let next = builder.op("add", &[count, input]);
    let square = builder.op("multiply", &[next, next]);
    builder.output(square);
    builder.update(0, next);
    let plan = Arc::new(builder.compile(&options_without(&["elementwise", "segments"])).unwrap());
    let store = Store::new(1 << 20);
    let variable = store.variable(plan.signature().variables[0].clone()).unwrap();
    let bound = bind(plan, store, vec![variable.clone()]).unwrap();
    let profile = bound.profile(&[read_buffer(&bytes(&[2.0]))], 3).unwrap();

    let mut value = vec![0; 4];
    variable.read(&mut value).unwrap();
    assert_eq!(floats(&value), [6.0]);
    let names = profile.instructions.iter().map(|part| part.instruction.name);
    assert_eq!(names.collect::<Vec<_>>(), ["add", "multiply"]);
    let instructions = || profile.instructions.iter().map(|part| &part.timing);
    let parts = || instructions().chain([&profile.transfers]);
    assert!(parts().chain([&profile.step]).all(|part| 0.0 <= part.minimum && part.minimum <= part.mean));
    let sum = parts().map(|part| part.mean).sum::<f64>();
    assert!((sum - profile.step.mean).abs() <= 1e-6 * profile.step.mean, "the parts make up the step");
}

#[test]
fn a_profile_of_wrong_operands_is_refused() {
    let mut builder = Builder::default();
    let input = builder.input(F32, &[]);
    let sum = builder.op("add", &[input, input]);
    builder.output(sum);
    let bound = bind(Arc::new(builder.plan()), Store::new(1 << 20), vec![]).unwrap();
    assert_eq!(bound.profile(&[], 1).unwrap_err().code, "run.invalid");
    let error = bound.profile(&[read_buffer(&bytes(&[1.0]))], u64::MAX).unwrap_err();
    assert_eq!(error.fields["detail"], format!("no memory for {} steps of outputs", u64::MAX));
}
