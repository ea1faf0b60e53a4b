//! All SQL of the contexts: the repositories over the `database` engine, the same for SQLite and PostgreSQL.
//!
//! - `repository/` implements the ports of the use cases, one file a port.
//! - `view/` has the one `SELECT` for each thing that readers see, and turns its rows into domain values.
//! - `entity/` names the tables and their columns. [`migrate`] applies the migrations.
//! - [`bulk`] loads many rows at once, for seeds.

pub mod bulk;
mod entity;
mod repository;
mod schema;
mod view;

pub use repository::{
    SeaBookmarkRepository, SeaCommentRepository, SeaEndedSessions, SeaFollowRepository, SeaIdempotencyKeyRepository,
    SeaKeptNameRepository, SeaPostRepository, SeaRemovalRepository, SeaSessionRepository, SeaTimelineRepository,
    SeaUserRepository,
};
pub use schema::{TABLES, inspect, is_migrated, migrate};
