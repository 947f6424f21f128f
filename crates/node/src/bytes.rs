//! The memory of JavaScript's typed arrays.

use layerwise_kernels::Buffer;
use layerwise_plan::Error;
use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{Env, Result, ValueType, check_status, sys};
use std::ptr::{NonNull, null_mut};

use crate::error::to_js;

/// The bytes of a typed array that tensors keep their elements in, an argument: good for this call, or for as long as it is held.
pub struct Bytes {
    memory: sys::napi_value,
    pointer: NonNull<u8>,
    length: usize,
}

impl Bytes {
    pub fn len(&self) -> usize {
        self.length
    }

    /// The bytes, to read during this call.
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: no JavaScript runs during a call, so the array keeps this memory; memory that other threads write too
        // (a SharedArrayBuffer) never gets here, since all callers hand over private memory.
        unsafe { std::slice::from_raw_parts(self.pointer.as_ptr(), self.length) }
    }

    /// The bytes, to write during this call.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as for reading, and nothing else in this call looks at the memory.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.as_ptr(), self.length) }
    }

    /// Whether elements of so many bytes lie at their natural addresses.
    pub fn is_aligned(&self, element: usize) -> bool {
        (self.pointer.as_ptr() as usize).is_multiple_of(element)
    }

    /// The bytes as an operand of kernels.
    pub fn buffer(&self) -> Buffer {
        // SAFETY: valid during the call or while the memory is held; the plan refuses operands that overlap.
        unsafe { Buffer::new(self.pointer.as_ptr(), self.length) }
    }

    /// Refuses memory that can shrink or change under the hands of another thread.
    pub fn require_fixed(&self, env: &Env) -> Result<()> {
        let refuse =
            || to_js(Error::run("memory must be an ArrayBuffer that is neither shared nor resizable"));
        if self.is_fixed(env)? { Ok(()) } else { Err(refuse()) }
    }

    /// A reference that keeps the memory for work on another thread.
    pub fn hold(&self, env: &Env) -> Result<Held> {
        let mut reference = null_mut();
        // SAFETY: `memory` is a value of this call, and the other pointer is to a local.
        check_status!(unsafe { sys::napi_create_reference(env.raw(), self.memory, 1, &mut reference) })?;
        Ok(Held(reference))
    }

    fn is_fixed(&self, env: &Env) -> Result<bool> {
        let (mut plain, mut resizable, mut flag) = (false, null_mut(), false);
        // SAFETY: `memory` is a value of this call, and the other pointers are to locals.
        unsafe {
            check_status!(sys::napi_is_arraybuffer(env.raw(), self.memory, &mut plain))?;
            if !plain {
                return Ok(false);
            }
            let name = c"resizable".as_ptr();
            check_status!(sys::napi_get_named_property(env.raw(), self.memory, name, &mut resizable))?;
            // Engines without resizable buffers have no such property, and then this is not a boolean.
            sys::napi_get_value_bool(env.raw(), resizable, &mut flag);
        }
        Ok(!flag)
    }
}

/// A reference that keeps an array's memory alive until it is released. An environment that ends releases all of its own.
pub struct Held(sys::napi_ref);

// SAFETY: other threads do no more than pass it along; `release` takes proof of being on the JavaScript thread.
unsafe impl Send for Held {}

impl Held {
    pub fn release(self, env: &Env) -> Result<()> {
        // SAFETY: the reference was created in this environment, and nobody has it any more.
        check_status!(unsafe { sys::napi_delete_reference(env.raw(), self.0) })
    }
}

impl TypeName for Bytes {
    fn type_name() -> &'static str {
        "TypedArray"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Bytes {}

impl FromNapiValue for Bytes {
    unsafe fn from_napi_value(env: sys::napi_env, array: sys::napi_value) -> Result<Self> {
        let (mut kind, mut length, mut pointer, mut memory) = (-1, 0, null_mut(), null_mut());
        // SAFETY: `array` is a value of this environment by the contract of this function.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                env,
                array,
                &mut kind,
                &mut length,
                &mut pointer,
                &mut memory,
                null_mut(),
            )
        };
        let element = match kind {
            sys::TypedarrayType::uint8_array => 1,
            sys::TypedarrayType::int32_array | sys::TypedarrayType::float32_array => 4,
            _ => 0,
        };
        if status != sys::Status::napi_ok || element == 0 {
            return Err(to_js(Error::run("a Uint8Array, an Int32Array or a Float32Array is expected")));
        }
        let pointer = NonNull::new(pointer.cast()).unwrap_or(NonNull::<u64>::dangling().cast());
        Ok(Bytes { memory, pointer, length: length * element })
    }
}
