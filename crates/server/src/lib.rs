//! The server `thoughts`: configuration, telemetry, and what is put together of the other crates.
//!
//! - [`settings`]: what an operator decides;
//! - `composition`: the one place that knows which adapter serves which port;
//! - `cluster`: what several instances share through Redis, fitted to those who need it;
//! - `server`: start and stop;
//! - [`health_check`]: asking a running server whether it can serve;
//! - `housekeeping`: what is done now and then;
//! - `signing_key`: the development key, made once and kept;
//! - `telemetry`, `traces`, `metrics`: the log, where the time of a request goes, and the numbers.

mod cluster;
mod composition;
pub mod health_check;
mod housekeeping;
pub mod metrics;
mod server;
pub mod settings;
mod signing_key;
mod start_error;
pub mod telemetry;
mod traces;

pub use server::{Overrides, RunningServer, migrate, start};
pub use start_error::StartError;
