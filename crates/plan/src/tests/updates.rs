//! Updates are simultaneous at the end of the step, wherever their values are written.

use std::sync::Arc;

use super::builder::{Builder, F32, I32, Outcome, bytes, floats, int_bytes, read_buffer, run, write_buffer};
use crate::fuse::fusions;
use crate::{Store, bind};

/// Runs with and without fusions, which must agree; also returns the bytes copied with fusions.
fn run_both(builder: &Builder, inputs: &[Vec<u8>], variables: &[Vec<u8>], steps: u64) -> (Outcome, usize) {
    let plain = run(builder.plan_without(&fusions()), inputs, variables, steps).unwrap();
    let plan = builder.plan();
    let copied = plan.info().copied_bytes;
    let fused = run(plan, inputs, variables, steps).unwrap();
    assert_eq!(plain, fused);
    (fused, copied)
}

#[test]
fn a_counter_counts_in_place() {
    let mut builder = Builder::default();
    let count = builder.variable(F32, &[]);
    let one = builder.constant(&[], &[1.0]);
    let next = builder.op("add", &[count, one]);
    builder.output(count);
    builder.update(0, next);
    let (outcome, copied) = run_both(&builder, &[], &[bytes(&[5.0])], 4);
    assert_eq!(floats(&outcome.outputs[0]), [5.0, 6.0, 7.0, 8.0], "an output of a variable is its old value");
    assert_eq!(outcome.variables, [bytes(&[9.0])]);
    assert_eq!(copied, 0);
}

#[test]
fn two_variables_swap() {
    let mut builder = Builder::default();
    let (a, b) = (builder.variable(F32, &[3]), builder.variable(F32, &[3]));
    builder.update(0, b);
    builder.update(1, a);
    let (one, two) = (bytes(&[1.0, 2.0, 3.0]), bytes(&[4.0, 5.0, 6.0]));
    let (outcome, _) = run_both(&builder, &[], &[one.clone(), two.clone()], 3);
    assert_eq!(outcome.variables, [two, one]);
    assert_eq!(
        builder.plan_without(&["segments"]).info().copied_bytes,
        12,
        "one of the two needs another place"
    );
}

#[test]
fn three_variables_rotate() {
    let mut builder = Builder::default();
    let ids = [0; 3].map(|_| builder.variable(F32, &[]));
    (0..3).for_each(|index| builder.update(index, ids[(index + 1) % 3]));
    let values = [1.0, 2.0, 3.0].map(|value| bytes(&[value]));
    let (outcome, _) = run_both(&builder, &[], &values, 2);
    assert_eq!(outcome.variables, [3.0, 1.0, 2.0].map(|value| bytes(&[value])));
}

#[test]
fn an_input_becomes_a_variable() {
    let mut builder = Builder::default();
    let input = builder.input(F32, &[2]);
    let variable = builder.variable(F32, &[2]);
    builder.update(0, input);
    builder.output(variable);
    let (outcome, _) = run_both(&builder, &[bytes(&[1.0, 2.0])], &[bytes(&[0.0, 0.0])], 2);
    assert_eq!(floats(&outcome.outputs[0]), [0.0, 0.0, 1.0, 2.0]);
}

#[test]
fn one_value_updates_two_variables_and_is_an_output_twice() {
    let mut builder = Builder::default();
    let (a, b) = (builder.variable(F32, &[2]), builder.variable(F32, &[2]));
    let sum = builder.op("add", &[a, b]);
    builder.update(0, sum);
    builder.update(1, sum);
    builder.output(sum);
    builder.output(sum);
    let (outcome, _) = run_both(&builder, &[], &[bytes(&[1.0, 2.0]), bytes(&[3.0, 4.0])], 2);
    assert_eq!(outcome.variables, [bytes(&[8.0, 12.0]), bytes(&[8.0, 12.0])]);
    assert_eq!(floats(&outcome.outputs[1]), [4.0, 6.0, 8.0, 12.0]);
}

#[test]
fn the_old_value_is_read_after_the_new_one_is_known() {
    // The product needs the old variable, and stands after the update in the program.
    let mut builder = Builder::default();
    let weights = builder.variable(F32, &[2, 2]);
    let ones = builder.constant(&[2, 2], &[1.0; 4]);
    let next = builder.op("add", &[weights, ones]);
    let product = builder.matmul(weights, ones);
    builder.update(0, next);
    builder.output(product);
    let (outcome, copied) = run_both(&builder, &[], &[bytes(&[1.0, 2.0, 3.0, 4.0])], 1);
    assert_eq!(floats(&outcome.outputs[0]), [3.0, 3.0, 7.0, 7.0]);
    assert_eq!(outcome.variables, [bytes(&[2.0, 3.0, 4.0, 5.0])]);
    assert_eq!(copied, 0, "the product is put first");
}

#[test]
fn an_update_that_its_own_reader_waits_for_is_copied() {
    // The output needs both the new value and the old one, so the new one cannot take the old one's place.
    let mut builder = Builder::default();
    let weights = builder.variable(F32, &[2, 2]);
    let next = builder.op_with("transpose", &[weights], serde_json::json!({ "axes": [1, 0] }));
    let product = builder.matmul(next, weights);
    builder.update(0, next);
    builder.output(product);
    let (outcome, copied) = run_both(&builder, &[], &[bytes(&[1.0, 2.0, 3.0, 4.0])], 1);
    assert_eq!(floats(&outcome.outputs[0]), [10.0, 14.0, 14.0, 20.0]);
    assert_eq!(outcome.variables, [bytes(&[1.0, 3.0, 2.0, 4.0])]);
    assert_eq!(copied, 16);
}

#[test]
fn a_row_of_the_variable_itself_is_not_overwritten() {
    // Every element of the new value needs the first of the old ones.
    let mut builder = Builder::default();
    let variable = builder.variable(F32, &[4]);
    let matrix = builder.op_with("reshape", &[variable], serde_json::json!({ "shape": [4, 1] }));
    let column = builder.broadcast(matrix, &[4, 4]);
    let row = builder.broadcast(variable, &[4, 4]);
    let products = builder.op("multiply", &[column, row]);
    let sums = builder.op_with("sum", &[products], serde_json::json!({ "axes": [0] }));
    builder.update(0, sums);
    let (outcome, _) = run_both(&builder, &[], &[bytes(&[1.0, 2.0, 3.0, 4.0])], 1);
    assert_eq!(outcome.variables, [bytes(&[10.0, 20.0, 30.0, 40.0])]);
}

#[test]
fn an_update_to_itself_is_nothing() {
    let mut builder = Builder::default();
    let variable = builder.variable(I32, &[2]);
    builder.update(0, variable);
    assert!(builder.plan().info().instructions.is_empty());
    let (outcome, _) = run_both(&builder, &[], &[int_bytes(&[1, 2])], 2);
    assert_eq!(outcome.variables, [int_bytes(&[1, 2])]);
}

/// Runs one step with an index that is out of range; returns the variable after it.
fn fail(builder: &Builder) -> Vec<f32> {
    let plan = Arc::new(builder.plan());
    let store = Store::new(1 << 20);
    let variable = store.variable(plan.signature().variables[0].clone()).unwrap();
    let run = bind(plan, store, vec![variable.clone()]).unwrap();
    let (index, mut output) = (int_bytes(&[0, 2]), vec![0; 8]);
    let error = run.run(&[read_buffer(&index)], &[write_buffer(&mut output)], 0..1, &|| false).unwrap_err();
    assert_eq!((error.code, error.fields["op"].as_str()), ("index.range", Some("take")));
    assert_eq!((error.fields["index"].as_i64(), error.fields["size"].as_i64()), (Some(2), Some(2)));
    let mut value = vec![0xAA; 8];
    variable.read(&mut value).unwrap();
    floats(&value)
}

#[test]
fn a_step_that_fails_changes_nothing() {
    // The lookup stands after the update and may fail.
    let mut builder = Builder::default();
    let indices = builder.input(I32, &[2]);
    let variable = builder.variable(F32, &[2]);
    let one = builder.constant(&[2], &[1.0, 1.0]);
    let next = builder.op("add", &[variable, one]);
    builder.update(0, next);
    let row = builder.op("take", &[one, indices]);
    builder.output(row);
    assert_eq!(builder.plan().info().copied_bytes, 0);
    assert_eq!(fail(&builder), [0.0, 0.0]);

    // The lookup is the update.
    let mut builder = Builder::default();
    let indices = builder.input(I32, &[2]);
    let variable = builder.variable(F32, &[2]);
    let one = builder.constant(&[2], &[1.0, 1.0]);
    let row = builder.op("take", &[one, indices]);
    builder.update(0, row);
    builder.output(variable);
    assert_eq!(fail(&builder), [0.0, 0.0]);
}
