//! The schema and its history: one file a migration, the same for SQLite and PostgreSQL.
//!
//! [`ddl`] replaces what the two databases write differently. Identifiers compare byte by byte in both, so lists have
//! the same order everywhere. Times are microseconds since the Unix epoch, in a `BIGINT`.

mod ddl;
mod m20261122_000001_create_users;
mod m20261122_000002_create_sessions;
mod m20261122_000003_create_posts;
mod m20261122_000004_create_comments;
mod m20261122_000005_create_follows;
mod m20261122_000006_create_idempotency_keys;
mod m20261129_000007_create_removals;
mod m20261129_000008_end_sessions;
mod m20261129_000009_keep_names;
mod m20261130_000010_let_tokens_outlive_sessions;
mod m20261201_000011_create_bookmarks;
mod m20261201_000012_create_event_log;

use async_trait::async_trait;
use sea_orm_migration::MigrationTrait;
pub use sea_orm_migration::MigratorTrait;

/// All migrations, oldest first.
pub struct Migrator;

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_create_users::Migration),
            Box::new(m20261122_000002_create_sessions::Migration),
            Box::new(m20261122_000003_create_posts::Migration),
            Box::new(m20261122_000004_create_comments::Migration),
            Box::new(m20261122_000005_create_follows::Migration),
            Box::new(m20261122_000006_create_idempotency_keys::Migration),
            Box::new(m20261129_000007_create_removals::Migration),
            Box::new(m20261129_000008_end_sessions::Migration),
            Box::new(m20261129_000009_keep_names::Migration),
            Box::new(m20261130_000010_let_tokens_outlive_sessions::Migration),
            Box::new(m20261201_000011_create_bookmarks::Migration),
            Box::new(m20261201_000012_create_event_log::Migration),
        ]
    }
}
