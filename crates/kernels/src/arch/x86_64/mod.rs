//! The vectors and tiles of x86-64.

pub(crate) mod amx;
mod avx2;
mod avx512;
mod group;
mod quotients;

pub(crate) use avx2::Avx2x8;
pub(crate) use avx512::Avx512x16;
pub(crate) use group::Group;
