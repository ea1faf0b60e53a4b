//! Removes all data.

use database::Database;
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::work::{Work, begin};

/// `CASCADE` includes all tables that refer to these, also those of later versions.
const POSTGRES: &[&str] = &[
    "TRUNCATE users, posts, comments, kept_names, removals, outbox, events CASCADE",
    "UPDATE event_log SET epoch = replace(gen_random_uuid()::text, '-', ''), oldest = 1",
];

/// Referring tables first: then no delete has rows to cascade to.
const SQLITE: &[&str] = &[
    "DELETE FROM bookmarks",
    "DELETE FROM comment_likes",
    "DELETE FROM post_likes",
    "DELETE FROM follows",
    "DELETE FROM comments",
    "DELETE FROM posts",
    "DELETE FROM users",
    "DELETE FROM kept_names",
    // Accounts and posts of a new seed may have the same ids.
    "DELETE FROM removals",
    // Its positions begin anew, under another epoch.
    "DELETE FROM events",
    "UPDATE event_log SET epoch = lower(hex(randomblob(16))), oldest = 1",
];

/// Empties all tables.
pub(super) async fn clear(db: &Database) -> Result<(), DbErr> {
    let tx = begin(db, Work::Whole).await?;
    let statements = if tx.get_database_backend() == DbBackend::Postgres { POSTGRES } else { SQLITE };
    for statement in statements {
        tx.execute_unprepared(statement).await?;
    }
    tx.commit(None).await
}
