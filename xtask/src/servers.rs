//! Servers for test suites and benchmarks, wherever they can be had.

mod container;
pub(crate) mod postgres;
pub(crate) mod purpose;
pub(crate) mod redis;
mod secret;
