//! Failures to start or to go on.

use std::net::SocketAddr;

use database::{ConnectError, MigrateError};
use domain::RepositoryError;
use metrics_exporter_prometheus::BuildError;
use redis_adapters::InvalidUrl;

use crate::signing_key::DevelopmentKeyError;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database is unreachable.
    #[error("DATABASE_URL cannot be used")]
    Connect(#[from] ConnectError),
    /// The schema could not be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The schema is not up to date, and migrations are not applied at the start.
    #[error("the schema of the database is not up to date: run `thoughts migrate`, or set DATABASE_MIGRATE=true")]
    NotMigrated,
    /// The address of Redis is invalid.
    #[error("REDIS_URL cannot be used")]
    Redis(#[from] InvalidUrl),
    /// The development key could not be stored or read.
    #[error(transparent)]
    DevelopmentKey(#[from] DevelopmentKeyError),
    /// The ended sessions could not be read.
    #[error("cannot read which sessions have ended")]
    EndedSessions(#[source] RepositoryError),
    /// The address is in use, or not an address of this machine.
    #[error("cannot listen at {address} (HOST and {port})")]
    Listen {
        /// The variable that sets the port.
        port: &'static str,
        address: SocketAddr,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The server ended without being stopped.
    #[error("the server stopped unexpectedly")]
    Run(#[from] std::io::Error),
    /// The metrics could not be set up.
    #[error("the metrics could not be set up")]
    Metrics(#[from] BuildError),
    /// The OpenAPI document could not be written.
    #[error("the OpenAPI document could not be written")]
    Document(#[from] serde_json::Error),
}
