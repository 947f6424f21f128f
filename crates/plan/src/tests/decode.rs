//! What is wrong with a program is said with its instruction, its op and a reason.

use serde_json::{Value, json};

use super::builder::{Builder, F32, I32, options_without};
use crate::error::Error;
use crate::fuse::fusions;
use crate::plan::compile;

/// c = a + b, x = matmul(c, c) of [2, 2], one variable updated by x, all outputs.
fn sample() -> Value {
    let mut builder = Builder::default();
    let a = builder.input(F32, &[2, 2]);
    let b = builder.variable(F32, &[2, 2]);
    let c = builder.op("add", &[a, b]);
    let d = builder.constant(&[2, 2], &[1.0, 2.0, 3.0, 4.0]);
    let x = builder.matmul(c, d);
    builder.output(x);
    builder.update(0, x);
    builder.json()
}

fn compile_value(program: &Value) -> Result<(), Error> {
    compile(&program.to_string(), &[0; 16], &options_without(&[])).map(|_| ())
}

fn detail(program: &Value) -> String {
    let error = compile_value(program).expect_err("the program is wrong");
    assert_eq!(error.code, "program.invalid");
    error.fields["detail"].as_str().unwrap().to_string()
}

#[test]
fn the_sample_compiles() {
    compile_value(&sample()).unwrap();
}

#[test]
fn every_wrong_field_is_named() {
    let cases: &[(&str, Value, &str)] = &[
        ("/version", json!(1), "version 1 is not known"),
        ("/values/0/dtype", json!("float64"), "value 0: dtype \"float64\" is not known"),
        ("/values/0/shape", json!([1, 1, 1, 1, 1, 1, 1, 1, 1]), "has 9 dimensions, more than 8"),
        ("/values/0/shape", json!([65536, 65536]), "has more than 2147483647 elements"),
        ("/values/0/shape", json!([u64::MAX, u64::MAX]), "has more than 2147483647 elements"),
        ("/values/0/shape", json!([0, 65536, 65536]), "has more than 2147483647 elements"),
        ("/values/0/shape", json!([-1]), "invalid value"),
        ("/values/0/shape", json!([1.5]), "invalid type"),
        ("/inputs", json!([]), "value 0 is used before it is defined"),
        ("/inputs", json!([0, 0]), "inputs: value 0 is defined twice"),
        ("/inputs", json!([9]), "inputs: value 9 is out of range, there are 5"),
        ("/variables", json!([0]), "variables: value 0 is defined twice"),
        ("/constants/0/offset", json!(2), "constants: the offset 2 of value 3 is not a multiple of 4"),
        ("/constants/0/offset", json!(4), "constants: value 3 takes 16 bytes at 4 of 16"),
        ("/constants/0/offset", json!(u64::MAX - 3), "constants: value 3 takes 16 bytes"),
        ("/constants/0/value", json!(2), "value 2 is defined twice"),
        ("/instructions/0/op", json!("conv4d"), "the op is not known"),
        ("/instructions/0/inputs", json!([0]), "takes 2 inputs, got 1"),
        ("/instructions/0/inputs", json!([0, 4]), "value 4 is used before it is defined"),
        ("/instructions/0/inputs", json!([0, 5]), "value 5 is out of range, there are 5"),
        ("/instructions/0/outputs", json!([0]), "value 0 is defined twice"),
        ("/instructions/0/outputs", json!([2, 4]), "makes 1 outputs, got 2"),
        ("/instructions/0/attributes", json!({ "axis": 0 }), "attribute \"axis\" is not known"),
        ("/instructions/1/attributes", json!({ "transposeA": true }), "attribute \"transposeB\" is missing"),
        (
            "/instructions/1/attributes/transposeA",
            json!(1),
            "attribute \"transposeA\" must be true or false, got 1",
        ),
        ("/values/2/shape", json!([4]), "makes float32 [2, 2], but value 2 is declared as float32 [4]"),
        ("/values/2/dtype", json!("int32"), "makes float32 [2, 2], but value 2 is declared as int32 [2, 2]"),
        ("/outputs", json!([7]), "outputs: value 7 is out of range"),
        ("/updates/0/variable", json!(1), "updates: variable 1 is out of range, there are 1"),
        ("/updates/0/value", json!(5), "updates: value 5 is out of range"),
        (
            "/updates",
            json!([{"variable": 0, "value": 4}, {"variable": 0, "value": 2}]),
            "variable 0 is updated twice",
        ),
    ];
    for (pointer, value, expected) in cases {
        let mut program = sample();
        *program.pointer_mut(pointer).unwrap() = value.clone();
        let detail = detail(&program);
        assert!(detail.contains(expected), "{pointer}: {detail:?} should say {expected:?}");
    }
}

#[test]
fn primitives_have_no_bodies() {
    let mut program = sample();
    let mut body = Builder::default();
    body.input(F32, &[]);
    program["instructions"][0]["bodies"] = json!([body.json()]);
    assert!(detail(&program).contains("takes no bodies"));
}

#[test]
fn errors_of_instructions_name_index_and_op() {
    let mut program = sample();
    program["instructions"][1]["inputs"] = json!([2]);
    let error = compile_value(&program).unwrap_err();
    assert_eq!(error.fields["instruction"], 1);
    assert_eq!(error.fields["op"], "matmul");
}

#[test]
fn the_length_is_bounded() {
    for (list, entry) in [("outputs", json!(0)), ("updates", json!({ "variable": 0, "value": 4 }))] {
        let mut program = sample();
        program[list] = vec![entry; 1 << 15].into();
        assert!(detail(&program).contains("are more than 32768"), "{list}");
    }
}

#[test]
fn inputs_of_an_op_of_any_number_are_bounded() {
    let mut builder = Builder::default();
    let x = builder.input(F32, &[1]);
    let joined = builder.op_with("concatenate", &vec![x; 30_000], json!({ "axis": 0 }));
    builder.output(joined);
    assert!(builder.compile(&options_without(&[])).is_ok());
    let more = builder.op_with("concatenate", &vec![x; 3000], json!({ "axis": 0 }));
    builder.output(more);
    assert!(detail(&builder.json()).contains("are more than 32768"));
    let mut none = builder.json();
    none["instructions"][0]["inputs"] = json!([]);
    none["instructions"].as_array_mut().unwrap().truncate(1);
    assert!(detail(&none).contains("takes one or more inputs, got 0"));
}

#[test]
fn unknown_and_missing_fields_are_refused() {
    for pointer in ["", "/values/0", "/constants/0", "/instructions/0", "/updates/0"] {
        let mut program = sample();
        program.pointer_mut(pointer).unwrap()["extra"] = json!(1);
        assert!(detail(&program).contains("unknown field"), "{pointer}");
    }
    for field in
        ["version", "values", "inputs", "variables", "constants", "instructions", "outputs", "updates"]
    {
        let mut program = sample();
        program.as_object_mut().unwrap().remove(field);
        assert!(detail(&program).contains("missing field"), "{field}");
    }
    assert!(compile("[", &[], &options_without(&[])).is_err());
    assert!(compile(&"[".repeat(100_000), &[], &options_without(&[])).is_err());
}

#[test]
fn values_that_nothing_defines_are_refused() {
    let mut program = sample();
    program["values"].as_array_mut().unwrap().push(json!({ "dtype": "bool", "shape": [] }));
    assert_eq!(detail(&program), "value 5 is never defined");
}

#[test]
fn an_update_keeps_the_type() {
    let mut builder = Builder::default();
    builder.variable(F32, &[2, 2]);
    let other = builder.input(F32, &[4]);
    builder.update(0, other);
    assert!(detail(&builder.json()).contains("variable 0 is float32 [2, 2], its new value is float32 [4]"));
}

#[test]
fn shape_rules_refuse() {
    let mut builder = Builder::default();
    let matrix = builder.input(F32, &[2, 3]);
    let other = builder.input(F32, &[3, 2]);
    let cube = builder.input(F32, &[1, 2, 3]);
    let ints = builder.input(I32, &[2]);
    let empty = builder.input(F32, &[0, 2]);
    let scalar = builder.input(F32, &[]);
    let step = builder.input(I32, &[]);
    let slice = |start: [u32; 2], shape: [u32; 2], strides: [u32; 2]| json!({ "start": start, "shape": shape, "strides": strides });
    let widths = |low: [u32; 2], high: [u32; 2], interior: [u32; 2]| json!({ "low": low, "high": high, "interior": interior });
    let resampled = |axis: u32, size: u32, method: &str| json!({ "axis": axis, "size": size, "method": method, "antialias": true, "transposed": false });
    let cases = [
        ("add", vec![matrix, other], json!({}), "equal shapes"),
        ("add", vec![ints, scalar], json!({}), "equal shapes"),
        ("exp", vec![ints], json!({}), "does not take int32"),
        ("divide", vec![ints, ints], json!({}), "does not take int32, int32"),
        ("where", vec![matrix, matrix, matrix], json!({}), "does not take float32"),
        ("cast", vec![matrix], json!({ "dtype": "float16" }), "the name of a dtype"),
        ("reshape", vec![matrix], json!({ "shape": [7] }), "the sizes differ"),
        ("reshape", vec![matrix], json!({ "shape": [4294967295u32, 4294967295u32, 2] }), "elements"),
        ("transpose", vec![matrix], json!({ "axes": [0, 0] }), "not a permutation"),
        ("transpose", vec![matrix], json!({ "axes": [0] }), "not a permutation"),
        ("broadcastTo", vec![matrix], json!({ "shape": [3] }), "cannot be broadcast"),
        ("broadcastTo", vec![matrix], json!({ "shape": [4, 3] }), "cannot be broadcast"),
        ("sum", vec![matrix], json!({ "axes": [2] }), "axis 2 is out of range"),
        ("sum", vec![matrix], json!({ "axes": [1, 0] }), "must ascend"),
        ("sum", vec![matrix], json!({ "axes": [-1] }), "a list of at most 8 integers"),
        ("max", vec![empty], json!({ "axes": [0] }), "no elements to choose from"),
        ("argmax", vec![empty], json!({ "axis": 0 }), "no elements to choose from"),
        ("argmax", vec![matrix], json!({ "axis": 2 }), "axis 2 is out of range"),
        (
            "matmul",
            vec![matrix, matrix],
            json!({ "transposeA": false, "transposeB": false }),
            "do not multiply",
        ),
        ("matmul", vec![matrix, cube], json!({ "transposeA": false, "transposeB": false }), "one rank"),
        ("softmax", vec![scalar], json!({}), "at least one dimension"),
        ("sparseSoftmaxCrossentropy", vec![other, ints], json!({}), "input 1 must be int32 [3]"),
        ("take", vec![matrix, matrix], json!({}), "input 1 must be int32"),
        ("take", vec![scalar, ints], json!({}), "at least one dimension"),
        ("segmentSum", vec![other, ints], json!({ "segments": 2 }), "input 1 must be int32 [3]"),
        (
            "randomUniform",
            vec![matrix, ints],
            json!({ "shape": [2], "stream": 0 }),
            "input 0 must be int32 [2]",
        ),
        (
            "randomPermutation",
            vec![ints, scalar],
            json!({ "length": 2, "stream": 0 }),
            "input 1 must be int32 []",
        ),
        ("randomPermutation", vec![ints, ints], json!({ "length": 2, "stream": -1 }), "an integer from 0"),
        (
            "randomIntegers",
            vec![ints, step],
            json!({ "shape": [2], "stream": 0, "range": 0 }),
            "must be at least 1",
        ),
        ("randomGamma", vec![ints, step, ints], json!({ "stream": 0, "logarithm": true }), "input 2 must be"),
        ("concatenate", vec![matrix, other], json!({ "axis": 0 }), "agree in all but axis 0"),
        ("concatenate", vec![matrix, cube], json!({ "axis": 1 }), "agree in all but axis 1"),
        ("concatenate", vec![ints, scalar], json!({ "axis": 0 }), "agree in all but axis 0"),
        ("concatenate", vec![matrix, matrix], json!({ "axis": 2 }), "axis 2 is none of those"),
        ("slice", vec![matrix], slice([1, 0], [2, 3], [1, 1]), "leaves axis 0"),
        ("slice", vec![matrix], slice([0, 0], [2, 3], [1, 2]), "leaves axis 1"),
        ("slice", vec![matrix], slice([0, 0], [2, 3], [1, 0]), "leaves axis 1"),
        ("slice", vec![matrix], slice([u32::MAX, 0], [u32::MAX, 3], [u32::MAX, 1]), "leaves axis 0"),
        (
            "slice",
            vec![matrix],
            json!({ "start": [0], "shape": [2, 3], "strides": [1, 1] }),
            "one for each axis",
        ),
        ("dynamicSlice", vec![matrix, ints], json!({ "shape": [3, 3] }), "larger than its input"),
        ("dynamicSlice", vec![cube, ints], json!({ "shape": [1, 1, 1] }), "input 1 must be int32 [3]"),
        ("flip", vec![matrix], json!({ "axes": [1, 0] }), "not ascending axes"),
        ("flip", vec![matrix], json!({ "axes": [2] }), "not ascending axes"),
        ("pad", vec![matrix, ints], widths([0, 0], [0, 0], [0, 0]), "input 1 must be float32 []"),
        ("pad", vec![matrix, scalar], widths([0, u32::MAX], [0, u32::MAX], [u32::MAX, 0]), "elements"),
        ("pad", vec![cube, scalar], widths([0, 0], [0, 0], [0, 0]), "one for each axis"),
        ("sliceUpdate", vec![matrix, matrix], json!({ "start": [1, 0] }), "does not fit"),
        ("sliceUpdate", vec![matrix, other], json!({ "start": [0, 0] }), "does not fit"),
        ("sliceUpdate", vec![matrix, cube], json!({ "start": [0, 0] }), "does not fit"),
        ("dynamicSliceUpdate", vec![matrix, other, ints], json!({}), "does not fit"),
        ("resample", vec![ints], resampled(0, 3, "linear"), "input 0 must be float32"),
        ("resample", vec![matrix], resampled(2, 3, "linear"), "axis 2 is out of range"),
        ("resample", vec![matrix], resampled(0, 3, "bilinear"), "there is no method \"bilinear\""),
        ("resample", vec![matrix], resampled(0, 3, &"linear".repeat(40)), "a name of at most 64 bytes"),
        ("resample", vec![matrix], resampled(0, 0, "mean"), "an axis of 2 positions cannot become one of 0"),
        ("resample", vec![empty], resampled(0, 3, "mean"), "an axis of 0 positions cannot become one of 3"),
        ("resample", vec![matrix], resampled(0, u32::MAX, "cubic"), "elements"),
        ("dynamicSliceUpdate", vec![matrix, matrix, matrix], json!({}), "input 2 must be int32 [2]"),
    ];
    for (op, inputs, attributes, expected) in cases {
        let error = builder.try_op(op, &inputs, attributes).unwrap_err();
        assert!(error.contains(expected), "{op}: {error:?} should say {expected:?}");
    }
}

#[test]
fn unknown_fusions_are_refused() {
    let error = compile(&sample().to_string(), &[0; 16], &options_without(&["loops"])).unwrap_err();
    let detail = error.fields["detail"].as_str().unwrap();
    assert!(detail.ends_with(&fusions().join(", ")), "{detail}");
}
