//! The server `thoughts`: configuration, telemetry, and what is put together of the other crates.
//!
//! - [`settings`]: what an operator decides;
//! - `connections`: what is done with each new connection;
//! - `composition`: the one place that knows which adapter serves which port;
//! - `cluster`: what several instances share through Redis, fitted to those who need it;
//! - `dependencies`: what the health report names;
//! - `server`: start and stop;
//! - `check`: whether the configuration and its servers are right;
//! - [`health_check`]: asking a running server whether it can serve;
//! - `security_log`: what operators must be able to find out later;
//! - `maintenance`: what is done now and then;
//! - [`signals`]: being told to stop;
//! - `signing_key`: the development key, made once and kept;
//! - [`telemetry`]: the log, traces and metrics.

mod check;
mod cluster;
mod composition;
mod connections;
mod dependencies;
pub mod health_check;
mod maintenance;
mod remover;
mod security_log;
mod server;
pub mod settings;
pub mod signals;
mod signing_key;
mod start_error;
pub mod telemetry;

pub use check::{Finding, check};
pub use server::{Overrides, RunningServer, migrate, start};
pub use start_error::StartError;
