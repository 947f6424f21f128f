//! Errors as they cross the boundary.

use layerwise_plan::Error;
use serde_json::Value;

/// An error whose message is a JSON object: the code and the fields.
pub fn to_js(error: Error) -> napi::Error {
    let mut fields = error.fields;
    fields.insert("code".into(), error.code.into());
    napi::Error::from_reason(Value::Object(fields).to_string())
}

/// A number from JavaScript that must be an integer of at least `least`, exactly representable.
pub fn integer(name: &str, value: f64, least: u64) -> napi::Result<u64> {
    const MOST: f64 = 9_007_199_254_740_991.0;
    if value.fract() == 0.0 && value >= least as f64 && value <= MOST {
        return Ok(value as u64);
    }
    Err(to_js(Error::run(format!("{name} must be an integer of at least {least}, got {value}"))))
}
