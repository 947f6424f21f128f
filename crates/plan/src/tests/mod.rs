//! Tests of the crate as a whole: programs in, bytes out.

pub mod builder;
mod control;
mod decode;
mod faults;
mod profiles;
mod random;
mod runs;
mod training;
mod updates;
