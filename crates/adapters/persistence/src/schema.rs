//! The schema of this version: its migrations, and the tables that it works with.

use std::time::Duration;

use database::{ConnectError, Database, Inspection, Location, MigrateError};
use migration::Migrator;

/// What an instance reads and writes.
const TABLES: [&str; 12] = [
    "comment_likes",
    "comments",
    "ended_sessions",
    "follows",
    "idempotency_keys",
    "kept_names",
    "post_likes",
    "posts",
    "refresh_tokens",
    "removals",
    "sessions",
    "users",
];

/// Brings the schema up to date, as [`Database::migrate`] does.
///
/// # Errors
/// [`MigrateError`] when a migration fails; it is rolled back, and those before it stay.
pub async fn migrate(db: &Database) -> Result<(), MigrateError> {
    db.migrate::<Migrator>().await
}

/// Whether every migration of this version was applied; a later version may have applied more. Does not change the
/// database.
///
/// # Errors
/// [`MigrateError`] when the database does not answer.
pub async fn is_migrated(db: &Database) -> Result<bool, MigrateError> {
    db.is_migrated::<Migrator>().await
}

/// Looks at the server at `location` without changing it, as [`database::inspect`] does.
///
/// # Errors
/// [`ConnectError`] when it is out of reach, or refuses.
pub async fn inspect(location: &Location, limit: Duration) -> Result<Option<Inspection>, ConnectError> {
    database::inspect::<Migrator>(location, &TABLES, limit).await
}
