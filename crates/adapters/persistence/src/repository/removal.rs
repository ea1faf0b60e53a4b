//! Removes the rows of hidden accounts, posts and comments, in slices.
//!
//! However many rows a removal has, no slice locks the rows of other users for long. On SQLite the single writer is
//! free again after each slice.
//!
//! Called by the use case `removals::CarryOut`.
//!
//! Invariants:
//! - A counter equals the rows that exist: every slice corrects the counters in its transaction.
//! - A removal is forgotten in the transaction that removes its last row.
//! - Slices of one instance run one after the other. In the queue of writers they are one caller.
//!
//! On failure a slice is rolled back, and the removal is repeated later.
//!
//! Tested in `tests/repositories/removals.rs`.

use async_trait::async_trait;
use database::{Database, Fields, reading, retrying};
use domain::{Cuid, RepositoryError, UserId};
use events::Fact;
use removals::ports::{Progress, RemovalRepository};
use removals::{Removal, RemovalKind};
use resilience::{Caller, caller};
use sea_orm::sea_query::{ExprTrait, LockType, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr};
use tokio::sync::Semaphore;

use super::erasure::{self, Removed};
use super::likes::OF_COMMENTS;
use super::thread_removal::Gone;
use super::{comment_removal, ids, locks, pending_removals, thread_removal};
use crate::entity::{comment, post, user};

/// The port `RemovalRepository` over the database.
pub struct SeaRemovalRepository {
    db: Database,
    /// One slice at a time, in the order of arrival: a small removal does not wait for a large one to end.
    permit: Semaphore,
}

impl SeaRemovalRepository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { db, permit: Semaphore::new(1) }
    }

    async fn try_remove_some(&self, removal: Removal, most: u64) -> Result<Progress, DbErr> {
        let Removal { kind, id } = removal;
        let tx = self.db.begin().await?;
        if let Some(progress) = pending_removals::claim(&tx, id).await? {
            tx.roll_back().await?;
            return Ok(progress);
        }
        if tx.get_database_backend() == DbBackend::Postgres {
            // Recursive statements look costly to the planner. Compiling one takes half a second; running it takes
            // milliseconds.
            tx.execute_unprepared("SET LOCAL jit = off").await?;
        }
        let slice = match kind {
            RemovalKind::Account => remove_some_of_account(&tx, id.into(), most).await?,
            RemovalKind::Post => remove_some_of_post(&tx, id, most).await?,
            RemovalKind::Comment => remove_some_of_comment(&tx, id, most).await?,
        };
        tx.tell(slice.facts);
        tx.commit(slice.by).await?;
        Ok(slice.progress)
    }
}

/// The result of one transaction.
struct Slice {
    /// The progress of the removal.
    progress: Progress,
    /// Facts about remaining rows whose counts changed.
    facts: Vec<Fact>,
    /// The user who hid it, and who must read its rows as removed from now on.
    by: Option<UserId>,
}

fn more(facts: Vec<Fact>, by: Option<UserId>) -> Slice {
    Slice { progress: Progress::More, facts, by }
}

fn stuck(by: UserId) -> Slice {
    Slice { progress: Progress::Stuck, facts: Vec::new(), by: Some(by) }
}

async fn done(tx: &impl ConnectionTrait, id: Cuid, facts: Vec<Fact>, by: Option<UserId>) -> Result<Slice, DbErr> {
    pending_removals::forget(tx, id).await?;
    Ok(Slice { progress: Progress::Done, facts, by })
}

/// A removal of something that is not hidden comes from an error or from a restored backup. Nothing is removed for
/// it.
async fn not_hidden(tx: &impl ConnectionTrait, removal: Removal) -> Result<Slice, DbErr> {
    tracing::warn!(?removal, "dropped a removal of something that is not hidden");
    done(tx, removal.id, Vec::new(), None).await
}

async fn remove_some_of_account(tx: &impl ConnectionTrait, id: UserId, most: u64) -> Result<Slice, DbErr> {
    let account = user::Column::Id.eq(id.as_str());
    let is_hidden = Query::select().column(user::Column::Removed).from(user::Entity).and_where(account).take();
    match tx.query_one(&is_hidden).await? {
        None => return done(tx, id.cuid(), Vec::new(), Some(id)).await,
        Some(row) if !row.try_get_by_index::<bool>(0)? => {
            return not_hidden(tx, Removal { kind: RemovalKind::Account, id: id.cuid() }).await;
        }
        Some(_) => {}
    }
    match erasure::remove_some(tx, id, most).await? {
        Removed::Some(facts) => Ok(more(facts, Some(id))),
        Removed::Nothing => Ok(stuck(id)),
        Removed::Account => done(tx, id.cuid(), Vec::new(), Some(id)).await,
    }
}

async fn remove_some_of_post(tx: &impl ConnectionTrait, id: Cuid, most: u64) -> Result<Slice, DbErr> {
    let author = Query::select()
        .columns([post::Column::AuthorId, post::Column::Removed])
        .from(post::Entity)
        .and_where(post::Column::Id.eq(id.as_str()))
        .take();
    let Some(row) = tx.query_one(&author).await? else {
        // It was removed with its author.
        return done(tx, id, Vec::new(), None).await;
    };
    let mut fields = Fields::of(&row);
    let (author, is_hidden): (UserId, bool) = (fields.id()?, fields.value()?);
    if !is_hidden {
        return not_hidden(tx, Removal { kind: RemovalKind::Post, id }).await;
    }
    match thread_removal::remove_some(tx, author, &[id.to_string()], most).await? {
        Gone { rows: 0, .. } => Ok(stuck(author)),
        Gone { posts: 0, .. } => Ok(more(Vec::new(), Some(author))),
        Gone { .. } => done(tx, id, vec![Fact::UserRecounted { user: author }], Some(author)).await,
    }
}

/// Removes likes of an emptied comment, and then the comment, unless it has replies.
async fn remove_some_of_comment(tx: &impl ConnectionTrait, id: Cuid, most: u64) -> Result<Slice, DbErr> {
    let is_it = || comment::Column::Id.eq(id.as_str()).and(comment::Column::AuthorId.is_null());
    let post = Query::select().column(comment::Column::PostId).from(comment::Entity).and_where(is_it()).take();
    let on = ids(tx, &post).await?;
    if on.is_empty() {
        return done(tx, id, Vec::new(), None).await;
    }
    locks::posts(tx, post::Column::Id.is_in(on), LockType::NoKeyUpdate).await?;
    let levels = comment_removal::levels(1, most);
    comment_removal::lock(tx, is_it(), levels).await?;
    if OF_COMMENTS.remove_some_of(tx, &[id.to_string()], most).await? == most {
        return Ok(more(Vec::new(), None));
    }
    // First, as the removal of marks further up may be requested below.
    let mut slice = done(tx, id, Vec::new(), None).await?;
    if let Some(left) = comment_removal::remove_marks(tx, id.as_str(), levels).await? {
        slice.progress = Progress::Left(Removal { kind: RemovalKind::Comment, id: left.cuid() });
    }
    Ok(slice)
}

#[async_trait]
impl RemovalRepository for SeaRemovalRepository {
    async fn pending(&self, after: Option<Cuid>, most: u16) -> Result<Vec<Removal>, RepositoryError> {
        let pending = async { pending_removals::pending(&self.db.read_primary(), after, most).await };
        reading("removals.pending", pending).await
    }

    async fn remove_some(&self, removal: Removal, most: u16) -> Result<Progress, RepositoryError> {
        const OPERATION: &str = "removals.remove_some";
        let permit = self.permit.acquire().await;
        let _permit = permit.map_err(|error| RepositoryError::unavailable(OPERATION, error))?;
        let slice = retrying(&self.db, OPERATION, || self.try_remove_some(removal, most.into()));
        caller::scope(Caller::of(&OPERATION), slice).await
    }
}
