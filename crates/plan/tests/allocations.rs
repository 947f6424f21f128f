//! A step allocates nothing: all memory is taken when a program is compiled and bound.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use layerwise_kernels::{Buffer, Isa};
use layerwise_plan::{BoundPlan, CompileOptions, Store, bind, compile, set_threads};
use serde_json::json;

/// The system's allocator, which counts what it is asked for on any thread.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every request goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: by the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: by the caller's contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ROWS: usize = 256;
const INPUTS: usize = 512;
const CLASSES: usize = 300;

/// Gradient descent of a layer of logits, large enough for threads to share.
fn training_step() -> String {
    let float = |shape: &[usize]| json!({ "dtype": "float32", "shape": shape });
    let op = |op: &str, inputs: &[usize], output: usize, attributes: serde_json::Value| json!({ "op": op, "inputs": inputs, "outputs": [output], "attributes": attributes });
    let product = |a: bool| json!({ "transposeA": a, "transposeB": false });
    json!({
        "version": 2,
        "values": [
            float(&[ROWS, INPUTS]), { "dtype": "int32", "shape": [ROWS] }, float(&[INPUTS, CLASSES]), float(&[]),
            float(&[ROWS, CLASSES]), float(&[ROWS]), float(&[]), float(&[ROWS, CLASSES]),
            float(&[INPUTS, CLASSES]), float(&[INPUTS, CLASSES]), float(&[INPUTS, CLASSES]), float(&[INPUTS, CLASSES]),
            float(&[CLASSES]),
        ],
        "inputs": [0, 1], "variables": [2], "constants": [{ "value": 3, "offset": 0 }],
        "instructions": [
            op("matmul", &[0, 2], 4, product(false)),
            op("sparseSoftmaxCrossentropy", &[4, 1], 5, json!({})),
            op("sum", &[5], 6, json!({ "axes": [0] })),
            op("softmax", &[4], 7, json!({})),
            op("matmul", &[0, 7], 8, product(true)),
            op("broadcastTo", &[3], 9, json!({ "shape": [INPUTS, CLASSES] })),
            op("multiply", &[8, 9], 10, json!({})),
            op("subtract", &[2, 10], 11, json!({})),
            op("sum", &[7], 12, json!({ "axes": [0] })),
        ],
        "outputs": [6, 12], "updates": [{ "variable": 0, "value": 11 }],
    })
    .to_string()
}

/// A scan over the rows of x, with a branch in each iteration.
fn scanning_step() -> String {
    let float = |shape: &[usize]| json!({ "dtype": "float32", "shape": shape });
    let program = |values: &[serde_json::Value],
                   inputs: &[usize],
                   instructions: serde_json::Value,
                   outputs: &[usize]| {
        json!({
            "version": 2, "values": values, "inputs": inputs, "variables": [], "constants": [],
            "instructions": instructions, "outputs": outputs, "updates": [],
        })
    };
    let (row, integer) = (float(&[INPUTS]), json!({ "dtype": "int32", "shape": [] }));
    let branch = |op: &str| {
        let instruction = json!({ "op": op, "inputs": [0], "outputs": [1], "attributes": {} });
        program(&[row.clone(), row.clone()], &[0], json!([instruction]), &[1])
    };
    let instructions = json!([
        { "op": "add", "inputs": [0, 2], "outputs": [3], "attributes": {} },
        {
            "op": "switch", "inputs": [1, 3], "outputs": [4], "attributes": {},
            "bodies": [branch("tanh"), branch("negative")],
        },
        { "op": "sum", "inputs": [4], "outputs": [5], "attributes": { "axes": [0] } },
    ]);
    let values = [row.clone(), integer.clone(), row.clone(), row.clone(), row.clone(), float(&[])];
    let body = program(&values, &[0, 1, 2], instructions, &[4, 5]);
    json!({
        "version": 2,
        "values": [
            float(&[ROWS, INPUTS]), { "dtype": "int32", "shape": [ROWS] }, float(&[INPUTS, CLASSES]), row,
            row, float(&[ROWS]), float(&[]), float(&[CLASSES]),
        ],
        "inputs": [0, 1], "variables": [2], "constants": [{ "value": 3, "offset": 0 }],
        "instructions": [
            {
                "op": "scan", "inputs": [3, 1, 0], "outputs": [4, 5], "bodies": [body],
                "attributes": { "constants": 0, "carries": 1, "length": ROWS, "reverse": false },
            },
            { "op": "sum", "inputs": [5], "outputs": [6], "attributes": { "axes": [0] } },
            { "op": "sum", "inputs": [2], "outputs": [7], "attributes": { "axes": [0] } },
        ],
        "outputs": [6, 7], "updates": [],
    })
    .to_string()
}

/// The allocations of a run of so many steps.
fn allocations(plan: &BoundPlan, steps: u64) -> usize {
    let buffer = |bytes: &mut Vec<u8>| {
        // SAFETY: the vectors outlive the run, which alone uses them.
        unsafe { Buffer::new(bytes.as_mut_ptr(), bytes.len()) }
    };
    let (mut x, mut labels) = (vec![0; ROWS * INPUTS * 4], vec![0; ROWS * 4]);
    let (mut losses, mut sums) = (vec![0; 4 * steps as usize], vec![0; 4 * CLASSES * steps as usize]);
    let (inputs, outputs) = ([buffer(&mut x), buffer(&mut labels)], [buffer(&mut losses), buffer(&mut sums)]);
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    plan.run(&inputs, &outputs, 0..steps, &|| false).unwrap();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

#[test]
fn steps_allocate_nothing() {
    for isa in Isa::available() {
        for threads in [1, 2] {
            set_threads(threads);
            for program in [training_step(), scanning_step()] {
                let constants = 0.1f32.to_le_bytes().repeat(INPUTS);
                let plan = compile(&program, &constants, &CompileOptions::new(isa)).unwrap();
                let store = Store::new(1 << 30);
                let variable = store.variable(plan.signature().variables[0].clone()).unwrap();
                let bound = bind(Arc::new(plan), store, vec![variable]).unwrap();
                // The first run starts the team.
                allocations(&bound, 2);
                assert_eq!(allocations(&bound, 20), 0, "{isa:?} on {threads} threads");
            }
        }
    }
}
