//! Control flow: bodies run as often as they should, on the right memory, and wrong ones are refused.

use serde_json::{Value, json};

use super::builder::{BOOL, Builder, F32, I32, bytes, floats, int_bytes, options_without, run};
use crate::fault::{Fault, FaultKind};
use crate::plan::{CompileOptions, compile};

/// state, x → tanh(state · 2 + x) without the tanh, and the sum of its elements.
fn step() -> Builder {
    let mut body = Builder::default();
    let (state, x) = (body.input(F32, &[2]), body.input(F32, &[2]));
    let doubled = body.op("add", &[state, state]);
    let next = body.op("add", &[doubled, x]);
    let total = body.op_with("sum", &[next], json!({ "axes": [0] }));
    body.output(next);
    body.output(total);
    body
}

fn scan(length: usize, reverse: bool, body: &Builder) -> Builder {
    let mut builder = Builder::default();
    let (state, xs) = (builder.input(F32, &[2]), builder.input(F32, &[length, 2]));
    let attributes = json!({ "constants": 0, "carries": 1, "length": length, "reverse": reverse });
    for output in builder.flow("scan", &[state, xs], attributes, &[body], &[(F32, &[2]), (F32, &[length])]) {
        builder.output(output);
    }
    builder
}

#[test]
fn a_scan_carries_on_and_stacks() {
    for length in [0, 1, 2, 3, 8] {
        for reverse in [false, true] {
            let xs: Vec<f32> = (0..2 * length).map(|x| x as f32).collect();
            let (mut state, mut totals) = ([0.5, -1.0], vec![0.0; length]);
            for index in 0..length {
                let slice = if reverse { length - 1 - index } else { index };
                for element in 0..2 {
                    state[element] = 2.0 * state[element] + xs[2 * slice + element];
                }
                totals[slice] = state[0] + state[1];
            }
            for disabled in [&[][..], &["inPlace", "elementwise", "reduceProducers"]] {
                let plan = scan(length, reverse, &step()).plan_without(disabled);
                let outcome = run(plan, &[bytes(&[0.5, -1.0]), bytes(&xs)], &[], 2).unwrap();
                assert_eq!(floats(&outcome.outputs[0]), [state, state].concat(), "{length} {reverse}");
                assert_eq!(floats(&outcome.outputs[1]), [&totals[..], &totals].concat());
            }
        }
    }
}

#[test]
fn bodies_are_fused_and_described() {
    let plan = scan(3, false, &step()).plan();
    let [instruction] = &plan.info().instructions[..] else { panic!("there is one instruction") };
    assert_eq!((instruction.name, &instruction.ops[..]), ("scan", &["scan"][..]));
    let ops: Vec<_> = instruction.bodies[0].iter().map(|part| part.ops.join("+")).collect();
    assert_eq!(ops, ["add+add", "sum"]);
    assert_eq!(instruction.flops, 3 * (4 + 2));
    let fusions = &plan.info().fusions;
    assert_eq!(fusions.iter().find(|fusion| fusion.name == "elementwise").unwrap().count, 1);
    assert_eq!(fusions.iter().filter(|fusion| fusion.name == "inPlace").count(), 1);
}

#[test]
fn carries_may_change_places_and_outputs_may_be_inputs() {
    // a, b → b, a and a: nothing in the body computes.
    let mut body = Builder::default();
    let (a, b) = (body.input(F32, &[2]), body.input(F32, &[2]));
    [b, a, a].into_iter().for_each(|output| body.output(output));
    let mut builder = Builder::default();
    let (a, b) = (builder.input(F32, &[2]), builder.input(F32, &[2]));
    let attributes = json!({ "constants": 0, "carries": 2, "length": 3, "reverse": false });
    let types: [(_, &[usize]); 3] = [(F32, &[2]), (F32, &[2]), (F32, &[3, 2])];
    let outputs = builder.flow("scan", &[a, b], attributes, &[&body], &types);
    outputs.into_iter().for_each(|output| builder.output(output));
    let outcome = run(builder.plan(), &[bytes(&[1.0, 2.0]), bytes(&[3.0, 4.0])], &[], 1).unwrap();
    assert_eq!(floats(&outcome.outputs[0]), [3.0, 4.0]);
    assert_eq!(floats(&outcome.outputs[1]), [1.0, 2.0]);
    assert_eq!(floats(&outcome.outputs[2]), [1.0, 2.0, 3.0, 4.0, 1.0, 2.0]);
}

/// Doubles x while it is less than a limit.
fn doubling(most: u32) -> Builder {
    let mut condition = Builder::default();
    let (limit, x) = (condition.input(F32, &[]), condition.input(F32, &[]));
    let truth = condition.op("less", &[x, limit]);
    condition.output(truth);
    let mut body = Builder::default();
    let (_, x) = (body.input(F32, &[]), body.input(F32, &[]));
    let twice = body.op("add", &[x, x]);
    body.output(twice);
    let mut builder = Builder::default();
    let (limit, x) = (builder.input(F32, &[]), builder.variable(F32, &[]));
    let attributes = json!({ "constants": 1, "maximumIterations": most });
    let last = builder.flow("while", &[limit, x], attributes, &[&condition, &body], &[(F32, &[])])[0];
    builder.output(last);
    builder.update(0, last);
    builder
}

#[test]
fn a_loop_runs_until_its_condition_fails_or_its_bound_is_reached() {
    let last = |most, limit: f32| {
        let outcome = run(doubling(most).plan(), &[bytes(&[limit])], &[bytes(&[1.0])], 2).unwrap();
        assert_eq!(outcome.variables[0], outcome.outputs[0][4..]);
        floats(&outcome.outputs[0])
    };
    assert_eq!(last(u32::MAX, 100.0), [128.0, 128.0]);
    assert_eq!(last(u32::MAX, 1.0), [1.0, 1.0]);
    assert_eq!(last(u32::MAX, 2.0), [2.0, 2.0]);
    assert_eq!(last(3, 1e9), [8.0, 64.0]);
    assert_eq!(last(0, 1e9), [1.0, 1.0]);
}

#[test]
fn a_switch_runs_the_nearest_body() {
    let body = |op: &str| {
        let mut body = Builder::default();
        let x = body.input(F32, &[3]);
        let result = body.op(op, &[x]);
        body.output(result);
        body
    };
    let mut builder = Builder::default();
    let (index, x) = (builder.input(I32, &[]), builder.input(F32, &[3]));
    let bodies = [body("negative"), body("sign"), body("relu")];
    let bodies: Vec<&Builder> = bodies.iter().collect();
    let result = builder.flow("switch", &[index, x], json!({}), &bodies, &[(F32, &[3])])[0];
    builder.output(result);
    let x = [-2.0, 0.5, 3.0];
    for (index, expected) in [
        (0, [2.0, -0.5, -3.0]),
        (1, [-1.0, 1.0, 1.0]),
        (2, [0.0, 0.5, 3.0]),
        (-9, [2.0, -0.5, -3.0]),
        (9, [0.0, 0.5, 3.0]),
    ] {
        let outcome = run(builder.plan(), &[int_bytes(&[index]), bytes(&x)], &[], 1).unwrap();
        assert_eq!(floats(&outcome.outputs[0]), expected, "{index}");
    }
}

#[test]
fn loops_nest() {
    // For each row of a matrix the scan of its elements.
    let mut inner = Builder::default();
    let (sum, x) = (inner.input(F32, &[]), inner.input(F32, &[]));
    let next = inner.op("add", &[sum, x]);
    inner.output(next);
    inner.output(next);
    let mut outer = Builder::default();
    let (sum, row) = (outer.input(F32, &[]), outer.input(F32, &[3]));
    let attributes = |length| json!({ "constants": 0, "carries": 1, "length": length, "reverse": false });
    let outputs = outer.flow("scan", &[sum, row], attributes(3), &[&inner], &[(F32, &[]), (F32, &[3])]);
    outputs.into_iter().for_each(|output| outer.output(output));
    let mut builder = Builder::default();
    let (zero, matrix) = (builder.input(F32, &[]), builder.input(F32, &[2, 3]));
    let types: [(_, &[usize]); 2] = [(F32, &[]), (F32, &[2, 3])];
    let outputs = builder.flow("scan", &[zero, matrix], attributes(2), &[&outer], &types);
    outputs.into_iter().for_each(|output| builder.output(output));
    let elements = bytes(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let outcome = run(builder.plan(), &[bytes(&[0.0]), elements], &[], 1).unwrap();
    assert_eq!(floats(&outcome.outputs[0]), [21.0]);
    assert_eq!(floats(&outcome.outputs[1]), [1.0, 3.0, 6.0, 10.0, 15.0, 21.0]);
}

#[test]
fn what_fails_within_changes_no_variable() {
    let mut body = Builder::default();
    let (table, index) = (body.input(F32, &[4]), body.input(I32, &[]));
    let taken = body.op("take", &[table, index]);
    body.output(taken);
    let mut builder = Builder::default();
    let (table, indices) = (builder.variable(F32, &[4]), builder.input(I32, &[3]));
    let attributes = json!({ "constants": 1, "carries": 0, "length": 3, "reverse": false });
    let taken = builder.flow("scan", &[table, indices], attributes, &[&body], &[(F32, &[3])])[0];
    let next = builder.op("exp", &[table]);
    builder.output(taken);
    builder.update(0, next);
    let table = bytes(&[1.0, 2.0, 3.0, 4.0]);
    let outcome = run(builder.plan(), &[int_bytes(&[3, 0, 3])], std::slice::from_ref(&table), 1).unwrap();
    assert_eq!(floats(&outcome.outputs[0]), [4.0, 1.0, 4.0]);
    let error = run(builder.plan(), &[int_bytes(&[3, 4, 3])], &[table], 1).unwrap_err();
    assert_eq!((error.code, &error.fields["index"]), ("index.range", &json!(4)));
}

#[test]
fn a_panic_within_names_its_op() {
    let fault = Some(Fault { op: "sum".into(), kind: FaultKind::Panic });
    let options = CompileOptions { fault, ..options_without(&[]) };
    let plan = scan(2, false, &step()).compile(&options).unwrap();
    let error = run(plan, &[bytes(&[0.0; 2]), bytes(&[0.0; 4])], &[], 1).unwrap_err();
    assert_eq!((error.code, &error.fields["op"]), ("kernel.panic", &json!("sum")));
}

fn detail(program: &Value) -> String {
    let error = compile(&program.to_string(), &[], &options_without(&[])).expect_err("the program is wrong");
    assert_eq!(error.code, "program.invalid");
    error.fields["detail"].as_str().unwrap().to_string()
}

#[test]
fn wrong_bodies_are_refused() {
    let cases: &[(&str, Value, &str)] = &[
        ("/bodies", json!([]), "takes 1 body, got 0"),
        ("/attributes/length", json!(4), "an input must have 4 slices, got float32 [3, 2]"),
        ("/attributes/length", json!(-1), "must be an integer"),
        ("/attributes/carries", json!(3), "fewer inputs or outputs"),
        ("/attributes/constants", json!(u32::MAX), "fewer inputs or outputs"),
        ("/attributes/carries", json!(0), "an input must have 3 slices, got float32 [2]"),
        ("/bodies/0/inputs", json!([0]), "value 1 is used before it is defined"),
        (
            "/bodies/0/outputs",
            json!([4, 3]),
            "the carries of the body must be [float32 [2]], got [float32 []]",
        ),
        ("/bodies/0/outputs", json!([3]), "makes 1 outputs, got 2"),
        ("/bodies/0/variables", json!([0]), "a body has variables"),
        ("/bodies/0/version", json!(7), "version 7 is not known"),
        ("/op", json!("add"), "attribute"),
        ("/outputs", json!([2, 2]), "value 2 is defined twice"),
    ];
    for (pointer, value, expected) in cases {
        let mut program = scan(3, false, &step()).json();
        *program.pointer_mut(&format!("/instructions/0{pointer}")).unwrap() = value.clone();
        let detail = detail(&program);
        assert!(detail.contains(expected), "{pointer}: {detail:?} should say {expected:?}");
    }
    let mut program = doubling(3).json();
    program["instructions"][0]["bodies"][0]["outputs"] = json!([1]);
    assert!(detail(&program).contains("the outputs of the condition must be [bool []]"));
    program = doubling(3).json();
    program["instructions"][0]["attributes"]["constants"] = json!(3);
    assert!(detail(&program).contains("fewer than constants"));
    let mut builder = Builder::default();
    let truth = builder.input(BOOL, &[]);
    builder.flow("switch", &[truth], json!({}), &[&Builder::default()], &[]);
    assert!(detail(&builder.json()).contains("input 0 must be int32 []"));
}

#[test]
fn depth_and_length_are_bounded_over_all_programs() {
    let nested = |depth: usize| {
        let mut builder = Builder::default();
        builder.input(I32, &[]);
        for _ in 0..depth {
            let mut around = Builder::default();
            let index = around.input(I32, &[]);
            around.flow("switch", &[index, index], json!({}), &[&builder], &[]);
            builder = around;
        }
        builder.json()
    };
    compile(&nested(16).to_string(), &[], &options_without(&[])).unwrap();
    assert!(detail(&nested(17)).contains("nested more than 16 deep"));
    assert!(detail(&nested(60)).contains("recursion limit"));
    let mut program = nested(2);
    program["instructions"][0]["bodies"][0]["outputs"] = vec![json!(0); 1 << 15].into();
    assert!(detail(&program).contains("are more than 32768"));
}
