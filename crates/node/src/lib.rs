//! The N-API boundary: handles, checks and error codes; no arithmetic.
//!
//! Bulk data crosses as the memory of typed arrays, programs as JSON text, and errors as `Error`s whose message is a JSON
//! object with a `code`, which TypeScript words. Every exported function catches panics, and so does the driver thread.

mod budget;
mod bytes;
mod driver;
mod environment;
mod error;
mod info;
mod plan;
mod store;
mod variable;

/// A panic reaches JavaScript as an error that holds its message; printing it too would litter the terminal.
#[napi_derive::module_init]
fn silence_panics() {
    std::panic::set_hook(Box::new(|_| ()));
}
