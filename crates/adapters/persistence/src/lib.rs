//! All SQL of the project: the repositories over SeaORM, the same ones for SQLite and PostgreSQL.
//!
//! - [`Database`] holds the connections; `repository/` implements the ports of the use cases, one file a port.
//! - `view/` holds the one `SELECT` of each thing that readers see, and how its rows become domain values.
//! - `entity/` names the tables and their columns.
//! - `coalesced/` has writes of many requests share transactions.
//! - [`bulk`] loads many rows at once, for seeds.

pub mod bulk;
mod coalesced;
mod database;
mod entity;
mod error;
mod fields;
mod keyset;
mod location;
mod operation;
mod repository;
mod view;

pub use database::{
    ConnectError, Database, DatabaseOptions, Inspection, MigrateError, NotReached, Noted, Observer, PLANNER_SETTINGS,
    Positions, Role, ServerStatus, StatementEvent, StorageStatus, Values, WalPosition, Watermark, Way, inspect,
};
pub use location::{Location, ParseLocationError};
pub use repository::{
    SeaCommentRepository, SeaEndedSessions, SeaFollowRepository, SeaIdempotencyKeyRepository, SeaKeptNameRepository,
    SeaPostRepository, SeaRemovalRepository, SeaSessionRepository, SeaTimelineRepository, SeaUserRepository,
};
