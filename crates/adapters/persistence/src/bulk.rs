//! Bulk loading for seeds: typed rows in, one statement a batch.
//!
//! Invariants:
//! - Existing rows are left unchanged, and rows with a missing reference are skipped. [`Loaded`] counts both.
//! - Loading the same rows twice adds nothing, so an interrupted load is finished by repeating it.
//! - After [`BulkLoader::recount`] every counter is exact.
//!
//! Rows contain the counters that hold when everything is loaded. Skipped rows, earlier rows and concurrent writes
//! make them wrong, and `recount` corrects them.

mod clear;
mod insert;
mod loaded;
mod recount;
mod rows;
mod work;

use database::{Database, Fields, Select, reading, retrying};
use domain::{RepositoryError, Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{DbBackend, DbErr};

pub use loaded::Loaded;
pub use rows::{BookmarkRow, CommentLikeRow, CommentRow, FollowRow, PostLikeRow, PostRow, UserRow};

use crate::entity::user;

/// Loads rows into a database.
#[derive(Clone)]
pub struct BulkLoader {
    db: Database,
}

impl BulkLoader {
    /// A loader for `db`, whose schema must be up to date.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    /// How many batches to load at the same time. SQLite has one writer. PostgreSQL works on one batch while the
    /// other is sent.
    pub fn batches_at_once(&self) -> usize {
        if self.db.backend() == DbBackend::Postgres { 2 } else { 1 }
    }

    /// Adds accounts. Skips accounts with a new id and a user name that is taken.
    pub async fn users(&self, rows: &[UserRow]) -> Result<Loaded, RepositoryError> {
        insert::insert(&self.db, "bulk.users", rows).await
    }

    /// Adds posts. Skips posts whose author does not exist.
    pub async fn posts(&self, rows: &[PostRow]) -> Result<Loaded, RepositoryError> {
        insert::insert(&self.db, "bulk.posts", rows).await
    }

    /// Adds comments. Skips comments whose author or post does not exist. Also skips those whose parent was not
    /// loaded by an earlier call, was deleted or belongs to another post.
    pub async fn comments(&self, rows: &[CommentRow]) -> Result<Loaded, RepositoryError> {
        insert::insert(&self.db, "bulk.comments", rows).await
    }

    /// Adds follows. Skips follows between accounts of which one does not exist.
    pub async fn follows(&self, rows: &[FollowRow]) -> Result<Loaded, RepositoryError> {
        insert::insert(&self.db, "bulk.follows", rows).await
    }

    /// Adds likes of posts. Skips likes whose user or post does not exist.
    pub async fn post_likes(&self, rows: &[PostLikeRow]) -> Result<Loaded, RepositoryError> {
        insert::insert(&self.db, "bulk.post_likes", rows).await
    }

    /// Adds likes of comments. Skips likes whose user or comment does not exist, or whose comment was deleted.
    pub async fn comment_likes(&self, rows: &[CommentLikeRow]) -> Result<Loaded, RepositoryError> {
        insert::insert(&self.db, "bulk.comment_likes", rows).await
    }

    /// Adds bookmarks. Skips bookmarks whose user or post does not exist.
    pub async fn bookmarks(&self, rows: &[BookmarkRow]) -> Result<Loaded, RepositoryError> {
        insert::insert(&self.db, "bulk.bookmarks", rows).await
    }

    /// Corrects every counter in the database, in one transaction that blocks all other writers. Returns how many
    /// rows had a wrong counter.
    pub async fn recount(&self) -> Result<u64, RepositoryError> {
        retrying(&self.db, "bulk.recount", || recount::recount(&self.db)).await
    }

    /// Removes all data: accounts, sessions and everything that users wrote or did.
    pub async fn clear(&self) -> Result<(), RepositoryError> {
        retrying(&self.db, "bulk.clear", || clear::clear(&self.db)).await
    }

    /// Updates PostgreSQL's statistics, which would otherwise miss the new rows for a minute. SQLite plans from its
    /// indexes alone.
    pub async fn analyze(&self) -> Result<(), RepositoryError> {
        if self.db.backend() == DbBackend::Postgres {
            reading("bulk.analyze", async { self.db.read_primary().execute_unprepared("ANALYZE").await }).await?;
        }
        Ok(())
    }

    /// Which of `ids` are accounts, and when each was created.
    pub async fn joined(&self, ids: &[UserId]) -> Result<Vec<(UserId, Timestamp)>, RepositoryError> {
        reading("bulk.joined", self.try_joined(ids)).await
    }

    async fn try_joined(&self, ids: &[UserId]) -> Result<Vec<(UserId, Timestamp)>, DbErr> {
        let select = Query::select()
            .columns([user::Column::Id, user::Column::CreatedAt])
            .from(user::Entity)
            .and_where(Expr::col(user::Column::Id).is_in(ids.iter().map(UserId::as_str)))
            .take();
        let rows = self.db.read_primary().select_all(&select).await?;
        let read = |row| {
            let mut fields = Fields::of(row);
            Ok((fields.id()?, fields.time()?))
        };
        rows.iter().map(read).collect()
    }
}
