//! Binding and running: operands, steps, budgets, stores.

use std::cell::Cell;
use std::sync::Arc;

use serde_json::json;

use super::builder::{
    Builder, F32, I32, bytes, floats, int_bytes, options_without, read_buffer, run, write_buffer,
};
use crate::plan::CompileOptions;
use crate::{Plan, Store, bind};

/// count' = count + input; outputs the new count.
fn counter() -> Arc<Plan> {
    let mut builder = Builder::default();
    let input = builder.input(F32, &[]);
    let count = builder.variable(F32, &[]);
    let next = builder.op("add", &[count, input]);
    builder.output(next);
    builder.update(0, next);
    Arc::new(builder.plan())
}

#[test]
fn outputs_of_steps_stand_one_after_the_other() {
    let plan = Arc::into_inner(counter()).unwrap();
    let outcome = run(plan, &[bytes(&[2.0])], &[bytes(&[1.0])], 5).unwrap();
    assert_eq!(floats(&outcome.outputs[0]), [3.0, 5.0, 7.0, 9.0, 11.0]);
    assert_eq!(outcome.variables, [bytes(&[11.0])]);
}

#[test]
fn a_run_that_yields_goes_on_where_it_was() {
    let plan = counter();
    let store = Store::new(1 << 20);
    let variable = store.variable(plan.signature().variables[0].clone()).unwrap();
    let bound = bind(plan, store, vec![variable.clone()]).unwrap();
    let (input, mut output) = (bytes(&[1.0]), vec![0; 4 * 10]);
    let asked = Cell::new(0);
    let mut done = 0;
    while done < 10 {
        let should_yield = || {
            asked.set(asked.get() + 1);
            asked.get() % 3 == 0
        };
        let outputs = [write_buffer(&mut output)];
        let next = bound.run(&[read_buffer(&input)], &outputs, done..10, &should_yield).unwrap();
        assert!(next > done, "a call does at least one step");
        done = next;
    }
    assert_eq!(asked.get(), 9, "asked between steps only");
    assert_eq!(floats(&output), (1..=10).map(|step| step as f32).collect::<Vec<_>>());
    assert_eq!(bound.run(&[read_buffer(&input)], &[write_buffer(&mut output)], 10..10, &|| false), Ok(10));
}

#[test]
fn wrong_operands_are_refused() {
    let plan = counter();
    let store = Store::new(1 << 20);
    let variable = store.variable(plan.signature().variables[0].clone()).unwrap();
    let bound = bind(plan, store, vec![variable]).unwrap();
    let mut memory = vec![0u8; 64];
    let buffer = write_buffer(&mut memory);
    let part = |range| buffer.part(range);
    let cases = [
        (vec![], vec![part(0..4)], 1, "expected 1 inputs, got 0"),
        (vec![part(0..4)], vec![], 1, "expected 1 outputs, got 0"),
        (vec![part(0..8)], vec![part(8..12)], 1, "input 0 must have 4 bytes, got 8"),
        (vec![part(0..4)], vec![part(8..12)], 2, "output 0 must have 8 bytes, got 4"),
        (vec![part(0..4)], vec![part(8..12)], u64::MAX, "output 0 must have"),
        (vec![part(1..5)], vec![part(8..12)], 1, "input 0 is not aligned"),
        (vec![part(0..4)], vec![part(0..8)], 2, "output 0 overlaps"),
    ];
    for (inputs, outputs, steps, expected) in cases {
        let error = bound.run(&inputs, &outputs, 0..steps, &|| false).unwrap_err();
        assert_eq!(error.code, "run.invalid");
        let detail = error.fields["detail"].as_str().unwrap();
        assert!(detail.contains(expected), "{detail:?} should say {expected:?}");
    }
}

#[test]
fn variables_are_checked_when_bound() {
    let plan = counter();
    let store = Store::new(1 << 20);
    let scalar = plan.signature().variables[0].clone();
    let other = plan.signature().inputs[0].clone();
    assert_eq!(bind(plan.clone(), store.clone(), vec![]).unwrap_err().code, "variable.mismatch");
    let wrong = store.variable(crate::TensorType::new(F32, vec![1]).unwrap()).unwrap();
    let error = bind(plan.clone(), store.clone(), vec![wrong]).unwrap_err();
    assert_eq!(error.code, "variable.mismatch");
    assert_eq!(error.fields["expected"], json!({ "dtype": "float32", "shape": [], "bytes": 4 }));
    assert_eq!(error.fields["got"]["shape"], json!([1]));
    let foreign = Store::new(1 << 20).variable(other).unwrap();
    assert_eq!(bind(plan, store.clone(), vec![foreign]).unwrap_err().code, "run.invalid");

    let mut builder = Builder::default();
    let (a, b) = (builder.variable(F32, &[]), builder.variable(F32, &[]));
    builder.update(0, b);
    builder.update(1, a);
    let variable = store.variable(scalar).unwrap();
    let twice = bind(Arc::new(builder.plan()), store, vec![variable.clone(), variable]).unwrap_err();
    assert_eq!(twice.code, "run.invalid");
}

#[test]
fn memory_is_bounded_before_it_is_taken() {
    // A hundred tensors of 4 GB: two at a time are alive.
    let mut builder = Builder::default();
    let mut value = builder.input(F32, &[]);
    value = builder.broadcast(value, &[1 << 15, 1 << 15]);
    for _ in 0..100 {
        value = builder.op_with("transpose", &[value], json!({ "axes": [1, 0] }));
    }
    let total = builder.op_with("sum", &[value], json!({ "axes": [0, 1] }));
    builder.output(total);
    let options = CompileOptions { memory_budget: 1 << 33, ..options_without(&[]) };
    let error = builder.compile(&options).unwrap_err();
    assert_eq!(error.code, "memory.budget");
    assert_eq!(error.fields["budget"].as_u64(), Some(1 << 33));
    let needed = error.fields["needed"].as_u64().unwrap();
    assert!(((1 << 33) + 1..(1 << 33) + (1 << 20)).contains(&needed), "{needed}");

    let plan = Arc::new(builder.compile(&CompileOptions { memory_budget: 1 << 34, ..options }).unwrap());
    let store = Store::new(1 << 20);
    assert_eq!(bind(plan, store.clone(), vec![]).unwrap_err().code, "memory.budget");
    let large = crate::TensorType::new(F32, vec![1 << 20]).unwrap();
    assert_eq!(store.variable(large).unwrap_err().code, "memory.budget");
    assert_eq!(store.bytes(), 0);
}

#[test]
fn constants_count_while_their_plan_is_bound() {
    let mut builder = Builder::default();
    let constant = builder.constant(&[100], &[1.0; 100]);
    builder.output(constant);
    let plan = Arc::new(builder.plan());
    let store = Store::new(1 << 20);
    let first = bind(plan.clone(), store.clone(), vec![]).unwrap();
    let bytes_of_one = store.bytes();
    let second = bind(plan.clone(), store.clone(), vec![]).unwrap();
    assert_eq!(store.bytes(), bytes_of_one + 400);
    store.set_budget(bytes_of_one + 799);
    assert_eq!(bind(plan.clone(), store.clone(), vec![]).unwrap_err().code, "memory.budget");
    drop([first, second]);
    assert_eq!(store.bytes(), bytes_of_one - 400);
}

#[test]
fn plans_of_one_store_share_its_arena() {
    let store = Store::new(1 << 30);
    let bind_square = |rows: usize| {
        let mut builder = Builder::default();
        let input = builder.input(F32, &[rows, 64]);
        let turned = builder.op_with("transpose", &[input], json!({ "axes": [1, 0] }));
        let product = builder.matmul(turned, input);
        let total = builder.op_with("sum", &[product], json!({ "axes": [0, 1] }));
        builder.output(total);
        bind(Arc::new(builder.plan()), store.clone(), vec![]).unwrap()
    };
    let large = bind_square(4096);
    let bytes_of_one = store.bytes();
    let small = bind_square(16);
    assert_eq!(store.bytes(), bytes_of_one);
    for (bound, rows) in [(&small, 16), (&large, 4096), (&small, 16)] {
        let (input, mut output) = (bytes(&vec![1.0; rows * 64]), vec![0; 4]);
        bound.run(&[read_buffer(&input)], &[write_buffer(&mut output)], 0..1, &|| false).unwrap();
        assert_eq!(floats(&output), [(rows * 64 * 64) as f32]);
    }
    drop(large);
    store.close();
    assert_eq!(store.bytes(), 0);
    let (input, mut output) = (bytes(&[1.0; 16 * 64]), vec![0; 4]);
    let result = small.run(&[read_buffer(&input)], &[write_buffer(&mut output)], 0..1, &|| false);
    assert_eq!(result.unwrap_err().code, "closed");
}

#[test]
fn runs_on_one_store_take_turns() {
    let plan = counter();
    let store = Store::new(1 << 20);
    let variable = store.variable(plan.signature().variables[0].clone()).unwrap();
    let bound = bind(plan, store, vec![variable.clone()]).unwrap();
    const STEPS: u64 = 20_000;
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let (input, mut output) = (bytes(&[1.0]), vec![0; 4 * STEPS as usize]);
                bound.run(&[read_buffer(&input)], &[write_buffer(&mut output)], 0..STEPS, &|| false).unwrap();
                assert!(floats(&output).is_sorted());
            });
        }
        let mut value = [0; 4];
        variable.read(&mut value).unwrap();
    });
    let mut value = [0; 4];
    variable.read(&mut value).unwrap();
    assert_eq!(f32::from_le_bytes(value), 3.0 * STEPS as f32);
}

#[test]
fn empty_tensors_are_legal() {
    let mut builder = Builder::default();
    let empty = builder.input(F32, &[0, 3]);
    let indices = builder.input(I32, &[0]);
    let variable = builder.variable(F32, &[0, 3]);
    let sum = builder.op_with("sum", &[empty], json!({ "axes": [0] }));
    let double = builder.op("add", &[empty, variable]);
    let turned = builder.op_with("transpose", &[empty], json!({ "axes": [1, 0] }));
    let product = builder.matmul(turned, empty);
    let none = builder.op("take", &[sum, indices]);
    let softmax = builder.op("softmax", &[double]);
    let gaps = builder.input(F32, &[2, 0, 2]);
    let sums = builder.op_with("sum", &[gaps], json!({ "axes": [1] }));
    let segments = builder.op_with("segmentSum", &[double, indices], json!({ "segments": 2 }));
    let classless = builder.input(F32, &[2, 0]);
    let labels = builder.input(I32, &[2]);
    let losses = builder.op("sparseSoftmaxCrossentropy", &[classless, labels]);
    for output in [sum, double, product, none, softmax, sums, segments, losses] {
        builder.output(output);
    }
    builder.update(0, double);
    let inputs = [vec![], vec![], vec![], vec![], int_bytes(&[0, 0])];
    let outcome = run(builder.plan(), &inputs, &[vec![]], 2).unwrap();
    assert_eq!(floats(&outcome.outputs[5]), [0.0; 8]);
    assert_eq!(floats(&outcome.outputs[6]), [0.0; 12]);
    assert!(floats(&outcome.outputs[7]).iter().all(|loss| loss.is_nan()));
    assert_eq!(floats(&outcome.outputs[0]), [0.0; 6]);
    assert_eq!(floats(&outcome.outputs[2]), [0.0; 18]);
    assert!(outcome.outputs[1].is_empty() && outcome.outputs[3].is_empty());
}

#[test]
fn any_number_of_threads_makes_the_same_bits() {
    let mut builder = Builder::default();
    let (a, b) = (builder.variable(F32, &[500, 300]), builder.variable(F32, &[300, 400]));
    let product = builder.matmul(a, b);
    let exp = builder.op("tanh", &[product]);
    let columns = builder.op_with("sum", &[exp], json!({ "axes": [0] }));
    let total = builder.op_with("sum", &[exp], json!({ "axes": [0, 1] }));
    let softmax = builder.op("softmax", &[product]);
    let turned = builder.op_with("transpose", &[softmax], json!({ "axes": [1, 0] }));
    for output in [exp, columns, total, turned] {
        builder.output(output);
    }
    let half = builder.constant(&[], &[0.5]);
    let half = builder.broadcast(half, &[500, 300]);
    let next = builder.op("multiply", &[a, half]);
    builder.update(0, next);
    let data =
        |elements| bytes(&(0..elements).map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0).collect::<Vec<_>>());
    let variables = [data(500 * 300), data(300 * 400)];
    let mut outcomes = [1, 2, 3, 7].map(|threads| {
        crate::set_threads(threads);
        run(builder.plan(), &[], &variables, 3).unwrap()
    });
    assert!(builder.plan().info().instructions.iter().all(|instruction| instruction.chunks[0] > 1));
    let first = outcomes[0].outputs.split_off(0);
    assert!(outcomes[1..].iter().all(|outcome| outcome.outputs == first));
    assert!(outcomes[1..].iter().all(|outcome| outcome.variables == outcomes[0].variables));
}
