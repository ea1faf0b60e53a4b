//! Loads many rows at once, for seeds: typed rows in, one statement a batch.
//!
//! A batch never fails because of what is there already. A row that is there is left alone, and a row that refers to
//! something that is not there is skipped; [`Loaded`] says how many of each. Loading the same rows twice therefore adds
//! nothing, and a load that was interrupted is finished by doing it again.
//!
//! Rows bring their counters along: those that will hold when everything is loaded. [`BulkLoader::recount`] then makes
//! every counter exact, whatever was skipped, was there before, or happened meanwhile.

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
pub use rows::{CommentLikeRow, CommentRow, FollowRow, PostLikeRow, PostRow, UserRow};

use crate::entity::user;

/// Loads rows into a database.
#[derive(Clone)]
pub struct BulkLoader {
    db: Database,
}

impl BulkLoader {
    /// A loader into `db`, whose schema must be up to date.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    /// How many batches are worth loading at the same time. SQLite has one writer; PostgreSQL works on one while the
    /// other is on its way.
    pub fn batches_at_once(&self) -> usize {
        if self.db.backend() == DbBackend::Postgres { 2 } else { 1 }
    }

    /// Adds accounts. Skips those whose id is new but whose user name is taken.
    pub async fn users(&self, rows: &[UserRow]) -> Result<Loaded, RepositoryError> {
        insert::insert(&self.db, "bulk.users", rows).await
    }

    /// Adds posts. Skips those whose author is not there.
    pub async fn posts(&self, rows: &[PostRow]) -> Result<Loaded, RepositoryError> {
        insert::insert(&self.db, "bulk.posts", rows).await
    }

    /// Adds comments. Skips those whose author or post is not there, and those whose parent was not loaded by an
    /// earlier call, was deleted or is about another post.
    pub async fn comments(&self, rows: &[CommentRow]) -> Result<Loaded, RepositoryError> {
        insert::insert(&self.db, "bulk.comments", rows).await
    }

    /// Adds follows. Skips those of which either side is not there.
    pub async fn follows(&self, rows: &[FollowRow]) -> Result<Loaded, RepositoryError> {
        insert::insert(&self.db, "bulk.follows", rows).await
    }

    /// Adds likes of posts. Skips those whose user or post is not there.
    pub async fn post_likes(&self, rows: &[PostLikeRow]) -> Result<Loaded, RepositoryError> {
        insert::insert(&self.db, "bulk.post_likes", rows).await
    }

    /// Adds likes of comments. Skips those whose user or comment is not there, or whose comment was deleted.
    pub async fn comment_likes(&self, rows: &[CommentLikeRow]) -> Result<Loaded, RepositoryError> {
        insert::insert(&self.db, "bulk.comment_likes", rows).await
    }

    /// Makes every counter in the database what it counts, in one transaction that lets nobody else write. Answers how
    /// many rows had a counter that was wrong.
    pub async fn recount(&self) -> Result<u64, RepositoryError> {
        retrying(&self.db, "bulk.recount", || recount::recount(&self.db)).await
    }

    /// Removes everything: accounts, sessions and whatever people wrote or did.
    pub async fn clear(&self) -> Result<(), RepositoryError> {
        retrying(&self.db, "bulk.clear", || clear::clear(&self.db)).await
    }

    /// Lets PostgreSQL look at the new rows, which its planner would otherwise know nothing of for a minute. SQLite
    /// plans by the indexes alone.
    pub async fn analyze(&self) -> Result<(), RepositoryError> {
        if self.db.backend() == DbBackend::Postgres {
            reading("bulk.analyze", async { self.db.read_primary().execute_unprepared("ANALYZE").await }).await?;
        }
        Ok(())
    }

    /// Which of `ids` are accounts, and since when.
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
