//! The schema of this version: its migrations and its tables.

use std::time::Duration;

use database::{ConnectError, Database, Inspection, Location, MigrateError};
use migration::Migrator;

/// The tables that an instance reads and writes. SQLite has no `outbox`.
pub const TABLES: &[&str] = &[
    "bookmarks",
    "comment_likes",
    "comments",
    "ended_sessions",
    "event_log",
    "events",
    "follows",
    "idempotency_keys",
    "kept_names",
    "outbox",
    "post_likes",
    "posts",
    "refresh_tokens",
    "removals",
    "sessions",
    "users",
];

/// Applies the pending migrations, as [`Database::migrate`] does.
///
/// # Errors
/// [`MigrateError`] when a migration fails. It is rolled back, and those before it stay.
pub async fn migrate(db: &Database) -> Result<(), MigrateError> {
    db.migrate::<Migrator>().await
}

/// Whether every migration of this version was applied; a later version may have applied more. Only reads.
///
/// # Errors
/// [`MigrateError`] when the query fails.
pub async fn is_migrated(db: &Database) -> Result<bool, MigrateError> {
    db.is_migrated::<Migrator>().await
}

/// Examines the server at `location` without changing it, as [`database::inspect`] does.
///
/// # Errors
/// [`ConnectError`] when the server is out of reach or refuses the connection.
pub async fn inspect(location: &Location, limit: Duration) -> Result<Option<Inspection>, ConnectError> {
    database::inspect::<Migrator>(location, TABLES, limit).await
}
