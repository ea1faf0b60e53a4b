//! The server `thoughts`: configuration, telemetry, and what is put together of the other crates.

pub mod settings;
pub mod telemetry;
