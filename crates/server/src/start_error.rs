//! Why a server does not start, or does not go on.

use std::net::SocketAddr;

use database::{ConnectError, MigrateError};
use domain::RepositoryError;
use metrics_exporter_prometheus::BuildError;
use redis_adapters::InvalidUrl;

use crate::signing_key::DevelopmentKeyError;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database is out of reach.
    #[error("DATABASE_URL cannot be used")]
    Connect(#[from] ConnectError),
    /// The schema could not be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The schema is of another version.
    #[error("the schema of the database is not up to date: run `thoughts migrate`, or set DATABASE_MIGRATE=true")]
    NotMigrated,
    /// The address of Redis is of no use.
    #[error("REDIS_URL cannot be used")]
    Redis(#[from] InvalidUrl),
    /// No development key.
    #[error(transparent)]
    DevelopmentKey(#[from] DevelopmentKeyError),
    /// It could not be read who has ended.
    #[error("it cannot be read which sessions have ended")]
    EndedSessions(#[source] RepositoryError),
    /// The address is taken or not of this machine.
    #[error("cannot listen at {address}, which HOST and {port} say")]
    Listen {
        /// The variable that says the port.
        port: &'static str,
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The server broke off.
    #[error("the server broke off")]
    Run(#[from] std::io::Error),
    /// The metrics could not be set up.
    #[error("the metrics could not be set up")]
    Metrics(#[from] BuildError),
    /// The OpenAPI document could not be written.
    #[error("the OpenAPI document could not be written")]
    Document(#[from] serde_json::Error),
}
