//! Transactions that write: begun and committed here, wherever they are used.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::UserId;
use events::{Effect, Fact, Publication};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, join_all};
use resilience::{Admitted, Gate, GateOptions};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};

use crate::Database;
use crate::error::{changed_nothing, has_stale_plan, refused};
use crate::plans::Epoch;
use crate::position::{WalPosition, Watermark};

/// Writers that may wait for their turn.
const MAX_WAITING: usize = 512;
/// About what a transaction takes; what it really takes is measured.
const HELD_FOR: Duration = Duration::from_millis(5);
/// How long the primary may take to say how far it is after a commit.
const POSITION_LIMIT: Duration = Duration::from_secs(1);

/// The noting of how far some users have written.
#[derive(Clone)]
pub struct PositionNote(Option<Shared<BoxFuture<'static, ()>>>);

impl PositionNote {
    /// Nothing to remember.
    pub const DONE: Self = Self(None);

    /// Until it is done.
    pub async fn done(self) {
        if let Some(task) = self.0 {
            task.await;
        }
    }
}

/// A transaction that writes. It is rolled back unless it is committed.
///
/// A statement that fails, or is given up half-way, is its last: the database may have ended the transaction. What SQLite
/// is told after that would be committed by itself, and PostgreSQL answers a `COMMIT` by rolling back, which looks like
/// success to the driver.
pub struct Transaction {
    inner: DatabaseTransaction,
    database: Database,
    /// That of the statements that its connection keeps.
    epoch: Epoch,
    /// Not while a statement is under way, and never again after one that did not succeed.
    sound: AtomicBool,
    _turn: Admitted,
}

impl Database {
    /// Begins a transaction that will write.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        if let Some(observer) = &self.inner.observer {
            observer.transaction();
        }
        // SQLite takes the lock for writing at once: a reader that turned writer half-way could not be given it.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let turn = self.inner.writers.enter().await.map_err(refused)?;
        let epoch = self.inner.primary.plans.epoch();
        // In a task of its own, which a request that is given up does not take along: the driver takes note of a
        // transaction only after the database has, and a connection would go back to the pool with one begun.
        let writes = self.inner.writes.clone();
        // The turn goes with it: until it has begun and ended, there is one more writer.
        let begun = tokio::spawn(async move { writes.begin_with_options(options).await.map(|begun| (begun, turn)) });
        let begun = async { begun.await.map_err(|error| DbErr::Custom(error.to_string()))? };
        let (inner, turn) =
            self.inner.primary.unless_lost(begun).await.inspect_err(|error| self.inner.storage.failed(error))?;
        Ok(Transaction { inner, database: self.clone(), epoch, sound: AtomicBool::new(true), _turn: turn })
    }

    /// Writes by one statement, which is a transaction by itself. Answers its rows once it is committed: all of them are
    /// read, and the server sends the end after the commit. `by` have written it; that is remembered by what else is
    /// answered, before which nobody may be told of the write.
    pub async fn write_at_once(
        &self,
        statement: Statement,
        by: impl IntoIterator<Item = UserId>,
    ) -> Result<(Vec<QueryResult>, PositionNote), DbErr> {
        if let Some(observer) = &self.inner.observer {
            observer.transaction();
        }
        let by: BTreeSet<UserId> = by.into_iter().collect();
        let _turn = self.inner.writers.enter().await.map_err(refused)?;
        let epoch = self.inner.primary.plans.epoch();
        let doubt = Doubt(Some(self.watermark()));
        let written = self.inner.primary.unless_lost(self.inner.writes.query_all_raw(statement)).await;
        match self.inner.storage.observe(written) {
            Ok(rows) => Ok((rows, self.position_note(by, doubt))),
            Err(error) => {
                self.note_plans(&error, epoch);
                if changed_nothing(&error) {
                    doubt.resolve();
                }
                Err(error)
            }
        }
    }

    /// Notes whether a statement that was prepared in `epoch` failed because of that.
    fn note_plans(&self, error: &DbErr, epoch: Epoch) {
        if has_stale_plan(error) {
            self.inner.primary.plans.end(epoch);
        }
    }

    /// Remembers how far each of `by` has written, in a task of its own, for as many as want to know.
    fn position_note(&self, by: BTreeSet<UserId>, doubt: Doubt) -> PositionNote {
        if self.inner.replicas.is_empty() {
            doubt.resolve();
            return PositionNote(None);
        }
        let (database, settling) = (self.clone(), self.inner.settling);
        let by: Vec<UserId> = by.into_iter().collect();
        let task = tokio::spawn(async move { database.written(&by, doubt).await });
        let done = async move {
            if task.await.is_err() {
                // It broke off, as if it could not be noted.
                tokio::time::sleep(settling).await;
            }
        };
        PositionNote(Some(done.boxed().shared()))
    }

    /// Remembers how far each of `by` has written, or has seen what others wrote.
    async fn written(&self, by: &[UserId], doubt: Doubt) {
        if self.inner.replicas.is_empty() {
            doubt.resolve();
            return;
        }
        let position = match tokio::time::timeout(POSITION_LIMIT, self.inner.primary.ask()).await {
            Ok(Ok(position)) => position,
            // What was written is written.
            _ => WalPosition::UNKNOWN,
        };
        self.inner.watermark.written(position);
        doubt.resolve();
        let notes = by.iter().map(|by| self.inner.positions.note(*by, position));
        if join_all(notes).await.contains(&false) {
            // Another instance may not know what it has to wait for. After this time it knows from the primary itself.
            tokio::time::sleep(self.inner.settling).await;
        }
    }
}

impl Transaction {
    /// Makes everything in it last. Remembers that `by` has written it: this user reads it from now on, wherever. What nobody
    /// reads from replicas needs no `by`. Tells of the `facts` that it leaves.
    pub async fn commit(self, by: impl Into<Option<UserId>>, facts: impl Into<Vec<Fact>>) -> Result<(), DbErr> {
        let Self { inner, database, sound, _turn: turn, .. } = self;
        if !sound.into_inner() {
            inner.rollback().await?;
            return Err(has_failed());
        }
        let storage = &database.inner.storage;
        if let Some(file) = &database.inner.file
            && let Err(error) = file.is_in_place()
        {
            storage.failed(&error);
            inner.rollback().await?;
            return Err(error);
        }
        let by = by.into();
        let publication = Publication::new(database.listener.as_ref(), by, facts.into());
        let doubt = Doubt(by.map(|_| database.watermark()));
        let committed = storage.observe(inner.commit().await);
        drop(turn);
        match committed {
            Ok(()) => {
                if let Some(by) = by {
                    database.written(&[by], doubt).await;
                }
                publication.end(Effect::Committed).await;
                Ok(())
            }
            Err(error) if changed_nothing(&error) => {
                doubt.resolve();
                publication.end(Effect::Nothing).await;
                Err(error)
            }
            Err(error) => {
                // First: what is told now must not say that a replica which has come so far has it.
                drop(doubt);
                publication.unconfirmed().await;
                Err(error)
            }
        }
    }

    /// Gives everything in it up, and remembers that `by` has seen something in it: this user goes on seeing it, wherever.
    /// Tells of the `facts` that were seen to be so already.
    pub async fn abandon(self, by: UserId, facts: impl Into<Vec<Fact>>) -> Result<(), DbErr> {
        let Self { inner, database, _turn: turn, .. } = self;
        let publication = Publication::new(database.listener.as_ref(), Some(by), facts.into());
        inner.rollback().await?;
        drop(turn);
        database.written(&[by], Doubt(None)).await;
        publication.end(Effect::Seen).await;
        Ok(())
    }

    /// Gives everything in it up, of which nobody has seen anything. To drop it does so as well, at some later time.
    pub async fn give_up(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }

    /// What comes of a statement, unless the one before failed.
    async fn step<T>(&self, statement: impl Future<Output = Result<T, DbErr>> + Send) -> Result<T, DbErr> {
        if !self.sound.swap(false, Ordering::Relaxed) {
            return Err(has_failed());
        }
        let result = statement.await;
        match &result {
            Ok(_) => self.sound.store(true, Ordering::Relaxed),
            Err(error) => {
                self.database.inner.storage.failed(error);
                self.database.note_plans(error, self.epoch);
            }
        }
        result
    }

    /// The transaction as migrations want it. What fails there is not noticed here.
    pub(super) fn for_migrations(&self) -> &DatabaseTransaction {
        &self.inner
    }
}

fn has_failed() -> DbErr {
    DbErr::Custom("a statement of this transaction failed, and it was rolled back".to_owned())
}

/// A commit of which it is not known (yet) how far it went, or whether it took place. Dropped like that, as when the
/// connection breaks off before the answer or nobody waits for it any more, it leaves the watermark in doubt.
struct Doubt(Option<Arc<Watermark>>);

impl Doubt {
    fn resolve(mut self) {
        self.0 = None;
    }
}

impl Drop for Doubt {
    fn drop(&mut self) {
        if let Some(watermark) = &self.0 {
            watermark.written(WalPosition::UNKNOWN);
        }
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.step(self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.step(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        // All rows are read, for SQLite says only after the last whether a statement succeeded, and the driver would stop at
        // the first.
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.step(self.inner.query_all_raw(statement)).await
    }
}

/// Lets in so many writers at once, so that those who wait for each other's locks leave connections to readers; the others
/// take turns, each for about as long as a connection is waited for.
pub(super) fn writers_gate(at_once: u32, patience: Duration) -> Gate {
    Gate::new(GateOptions {
        permits: usize::try_from(at_once).unwrap_or(usize::MAX),
        reserves: true,
        wait: patience * 2 / 3,
        waiting: MAX_WAITING,
        held_for: HELD_FOR,
    })
}

#[cfg(test)]
mod tests;
