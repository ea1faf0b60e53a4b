//! The server `thoughts`: configuration, telemetry, and the composition of the other crates.
//!
//! - [`settings`]: the configuration by the operator;
//! - `connections`: accepting and bounding client connections;
//! - `composition`: the one place that knows which adapter serves which port;
//! - `cluster`: the state that instances share through Redis, behind the ports that use it;
//! - `dependencies`: the dependencies in the health report;
//! - `server`: start and stop;
//! - `check`: the command `thoughts check`;
//! - [`event_log`]: the command `thoughts events`;
//! - [`health_check`]: the command `thoughts health`, which queries a running server;
//! - `security_log`: security events in the log and in metrics;
//! - `maintenance`: periodic tasks;
//! - `remover`: background removal of erased accounts and deleted posts;
//! - [`signals`]: SIGTERM and SIGINT;
//! - `signing_key`: the development key, generated once and stored;
//! - [`telemetry`]: the log, traces and metrics.

mod check;
mod cluster;
mod composition;
mod connections;
mod dependencies;
pub mod event_log;
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
