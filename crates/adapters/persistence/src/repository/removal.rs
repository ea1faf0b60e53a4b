//! Removes the rows of what is hidden, in slices.
//!
//! Purpose: however many rows go, no transaction holds rows of others for longer than a moment, and in SQLite the one writer
//! is free again after each slice. Called by the use case `removals::CarryOut`. Never broken: a counter equals the rows that
//! are there, as every slice corrects the counters in its transaction; a removal is forgotten with its last row. A slice
//! that fails leaves the rest as it was. Slices of one instance follow one another, and take turns with writers as one
//! caller. Tested in `tests/repositories/removals.rs`.

use async_trait::async_trait;
use database::{Database, Fields, Select, corrupt, reading, retrying};
use domain::{Cuid, RepositoryError, UserId};
use events::Fact;
use removals::ports::{Progress, RemovalRepository};
use removals::{Removal, RemovalKind};
use resilience::{Caller, caller};
use sea_orm::sea_query::{ExprTrait, LockBehavior, LockType, OnConflict, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr};
use tokio::sync::Semaphore;

use super::erasure::{self, Removed};
use super::likes::OF_COMMENTS;
use super::thread_removal::Gone;
use super::{comment_removal, exists, ids, locks, thread_removal};
use crate::entity::{comment, post, removal, user};

const ACCOUNT: &str = "account";
const POST: &str = "post";
const COMMENT: &str = "comment";

/// Removes the rows of what is hidden from the database.
pub struct SeaRemovalRepository {
    db: Database,
    /// One slice at a time, in the order in which they come: a small removal does not wait for the end of a large one.
    turn: Semaphore,
}

impl SeaRemovalRepository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { db, turn: Semaphore::new(1) }
    }

    async fn try_pending(&self, after: Option<Cuid>, most: u16) -> Result<Vec<Removal>, DbErr> {
        let mut select = Query::select();
        select
            .columns([removal::Column::Id, removal::Column::Kind])
            .from(removal::Entity)
            // A later version, beside which this one runs for a while, may know others.
            .and_where(removal::Column::Kind.is_in([ACCOUNT, POST, COMMENT]))
            .order_by(removal::Column::Id, Order::Asc)
            .limit(most.into());
        if let Some(after) = after {
            select.and_where(removal::Column::Id.gt(after.as_str()));
        }
        let rows = self.db.read_primary().select_all(&select).await?;
        let read = |row| {
            let mut fields = Fields::of(row);
            let id = fields.id::<()>()?.cuid();
            let kind = match fields.value::<String>()?.as_str() {
                ACCOUNT => RemovalKind::Account,
                POST => RemovalKind::Post,
                COMMENT => RemovalKind::Comment,
                other => return Err(corrupt("removal", format!("of an unknown kind, {other}"))),
            };
            Ok(Removal { kind, id })
        };
        rows.iter().map(read).collect()
    }

    async fn try_remove_some(&self, removal: Removal, most: u64) -> Result<Progress, DbErr> {
        let Removal { kind, id } = removal;
        let tx = self.db.begin().await?;
        if let Some(progress) = claim(&tx, id).await? {
            tx.roll_back().await?;
            return Ok(progress);
        }
        if tx.get_database_backend() == DbBackend::Postgres {
            // Recursive statements look costly. To compile one takes half a second; to run it, a few milliseconds.
            tx.execute_unprepared("SET LOCAL jit = off").await?;
        }
        let slice = match kind {
            RemovalKind::Account => remove_some_of_account(&tx, id.into(), most).await?,
            RemovalKind::Post => remove_some_of_post(&tx, id, most).await?,
            RemovalKind::Comment => remove_some_of_comment(&tx, id, most).await?,
        };
        tx.commit(slice.by, slice.facts).await?;
        Ok(slice.progress)
    }
}

/// What a transaction removed.
struct Slice {
    /// How far the removal is.
    progress: Progress,
    /// What changed of those who are there.
    facts: Vec<Fact>,
    /// On whose behalf: who hid it reads from now on what was removed.
    by: Option<UserId>,
}

/// Requests that what is hidden be removed.
pub(super) async fn request(tx: &impl ConnectionTrait, kind: RemovalKind, ids: &[String]) -> Result<(), DbErr> {
    if ids.is_empty() {
        return Ok(());
    }
    let kind = match kind {
        RemovalKind::Account => ACCOUNT,
        RemovalKind::Post => POST,
        RemovalKind::Comment => COMMENT,
    };
    let mut insert = Query::insert();
    insert.into_table(removal::Entity).columns([removal::Column::Id, removal::Column::Kind]);
    for id in ids {
        insert.values([id.as_str().into(), kind.into()]).map_err(|error| corrupt("removal", error))?;
    }
    insert.on_conflict(OnConflict::column(removal::Column::Id).do_nothing().to_owned());
    tx.execute(&insert).await.map(drop)
}

/// Takes the lock of a removal; answers how it is, if that cannot be had.
async fn claim(tx: &impl ConnectionTrait, id: Cuid) -> Result<Option<Progress>, DbErr> {
    let is_it = || removal::Column::Id.eq(id.as_str());
    let claim = Query::select()
        .column(removal::Column::Id)
        .from(removal::Entity)
        .and_where(is_it())
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .take();
    if tx.query_one(&claim).await?.is_some() {
        return Ok(None);
    }
    let is_taken = exists(tx, removal::Entity, is_it()).await?;
    Ok(Some(if is_taken { Progress::Taken } else { Progress::Done }))
}

/// Forgets a removal that is done.
async fn forget(tx: &impl ConnectionTrait, id: Cuid) -> Result<(), DbErr> {
    let delete = Query::delete().from_table(removal::Entity).and_where(removal::Column::Id.eq(id.as_str())).take();
    tx.execute(&delete).await.map(drop)
}

fn more(facts: Vec<Fact>, by: Option<UserId>) -> Slice {
    Slice { progress: Progress::More, facts, by }
}

fn stuck(by: UserId) -> Slice {
    Slice { progress: Progress::Stuck, facts: Vec::new(), by: Some(by) }
}

async fn done(tx: &impl ConnectionTrait, id: Cuid, facts: Vec<Fact>, by: Option<UserId>) -> Result<Slice, DbErr> {
    forget(tx, id).await?;
    Ok(Slice { progress: Progress::Done, facts, by })
}

/// A removal of what is not hidden is an error of whoever requested it, or of a restored backup: nothing is removed for it.
async fn not_hidden(tx: &impl ConnectionTrait, removal: Removal) -> Result<Slice, DbErr> {
    tracing::warn!(?removal, "a removal of something that is not hidden is forgotten");
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
        // It went with its author.
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

/// Removes likes of a comment that says nothing any more, then the comment, unless it has replies.
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
    // First, as marks further up may have their removal requested.
    let mut slice = done(tx, id, Vec::new(), None).await?;
    if let Some(left) = comment_removal::fall(tx, id.as_str(), levels).await? {
        slice.progress = Progress::Left(Removal { kind: RemovalKind::Comment, id: left.cuid() });
    }
    Ok(slice)
}

#[async_trait]
impl RemovalRepository for SeaRemovalRepository {
    async fn pending(&self, after: Option<Cuid>, most: u16) -> Result<Vec<Removal>, RepositoryError> {
        reading("removals.pending", self.try_pending(after, most)).await
    }

    async fn remove_some(&self, removal: Removal, most: u16) -> Result<Progress, RepositoryError> {
        const OPERATION: &str = "removals.remove_some";
        let turn = self.turn.acquire().await;
        let _turn = turn.map_err(|error| RepositoryError::unavailable(OPERATION, error))?;
        let slice = retrying(&self.db, OPERATION, || self.try_remove_some(removal, most.into()));
        caller::scope(Caller::of(&OPERATION), slice).await
    }
}
