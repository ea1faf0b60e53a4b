//! Removes everything.

use database::Database;
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::work::{Work, begin};

/// Whatever refers to an account goes with it, tables of later versions included.
const POSTGRES: &[&str] = &["TRUNCATE users, posts, comments, kept_names, removals CASCADE"];

/// From the leaves inward: what has gone already costs no cascade.
const SQLITE: &[&str] = &[
    "DELETE FROM comment_likes",
    "DELETE FROM post_likes",
    "DELETE FROM follows",
    "DELETE FROM comments",
    "DELETE FROM posts",
    "DELETE FROM users",
    "DELETE FROM kept_names",
    // Accounts and posts that are made anew may have the same ids.
    "DELETE FROM removals",
];

/// Leaves nothing but the schema.
pub(super) async fn clear(db: &Database) -> Result<(), DbErr> {
    let tx = begin(db, Work::Whole).await?;
    let statements = if tx.get_database_backend() == DbBackend::Postgres { POSTGRES } else { SQLITE };
    for statement in statements {
        tx.execute_unprepared(statement).await?;
    }
    tx.commit(None, []).await
}
