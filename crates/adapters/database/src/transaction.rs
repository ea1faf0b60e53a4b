//! Write transactions: begin, commit, rollback, and what follows a commit.
//!
//! Called by the repositories, by [`crate::batch`] and by the migrations.
//!
//! Invariants:
//! - A transaction in which a statement failed or was cancelled is never committed.
//! - The facts of a transaction are stored in it ([`mod@crate::log`]).
//! - A commit notes its position for its author, and then publishes its facts. It is acknowledged after both.
//! - A commit with an unknown outcome puts the watermark in doubt first, and then publishes its facts as unconfirmed.
//! - A cancelled request leaves no connection with an open transaction in the pool.
//!
//! On failure the transaction is rolled back.
//!
//! Tested in `transaction/tests.rs`, and in `persistence/tests/repositories/replicas.rs`.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::UserId;
use events::{Effect, Fact, FactListener, Publication};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, join_all};
use resilience::{Admitted, Gate, GateOptions};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};

use crate::Database;
use crate::error::{changed_nothing, has_stale_plan, refused};
use crate::log::{Appending, append, can_carry, carried_by};
use crate::plans::Epoch;
use crate::position::{WalPosition, Watermark};

/// Most writers that wait for a permit.
const MAX_WAITING: usize = 512;
/// The initial estimate of how long a transaction holds its permit; the gate measures the real time.
const HELD_FOR: Duration = Duration::from_millis(5);
/// How long the primary may take to answer with its position after a commit.
const POSITION_LIMIT: Duration = Duration::from_secs(1);

/// The pending note of the positions up to which some users have written.
#[derive(Clone)]
pub struct PositionNote(Option<Shared<BoxFuture<'static, ()>>>);

impl PositionNote {
    /// There is nothing to note.
    pub const DONE: Self = Self(None);

    /// Waits until the positions are noted.
    pub async fn done(self) {
        if let Some(task) = self.0 {
            task.await;
        }
    }
}

/// A write transaction. It is rolled back unless it is committed.
///
/// A statement that fails or is cancelled is the last one: the database may have ended the transaction. SQLite would
/// commit each later statement on its own. PostgreSQL answers a later `COMMIT` with a rollback, which the driver
/// takes for success.
pub struct Transaction {
    inner: DatabaseTransaction,
    database: Database,
    /// The epoch of the prepared statements of its connection.
    epoch: Epoch,
    /// False while a statement is in flight, and for good after a statement that failed or was cancelled.
    sound: AtomicBool,
    /// What it changed.
    told: Mutex<Appending>,
    _permit: Admitted,
}

impl Database {
    /// Begins a write transaction, once a permit is free.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        if let Some(observer) = &self.inner.observer {
            observer.transaction();
        }
        // SQLite takes the write lock at once: a transaction that reads first may fail to get it later.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let permit = self.inner.writers.enter().await.map_err(refused)?;
        let epoch = self.inner.primary.plans.epoch();
        // In a task of its own, which a cancelled request does not cancel. The database begins the transaction before
        // the driver counts it: a cancelled `BEGIN` would return a connection with an open transaction to the pool.
        let writes = self.inner.writes.clone();
        // The permit moves into the task: until the transaction has begun and ended, it counts as a writer.
        let begun = tokio::spawn(async move { writes.begin_with_options(options).await.map(|begun| (begun, permit)) });
        let begun = async { begun.await.map_err(|error| DbErr::Custom(error.to_string()))? };
        let (inner, permit) =
            self.inner.primary.unless_lost(begun).await.inspect_err(|error| self.inner.storage.failed(error))?;
        Ok(Transaction {
            inner,
            database: self.clone(),
            epoch,
            sound: AtomicBool::new(true),
            told: Mutex::default(),
            _permit: permit,
        })
    }

    /// Runs one statement, which is a transaction of its own, and returns its rows once it is committed. All rows are
    /// read, and the server sends the end of the response after the commit. The positions of the users `by` are then
    /// noted: await the note before the write is acknowledged or published.
    pub async fn write_at_once(
        &self,
        statement: Statement,
        by: impl IntoIterator<Item = UserId>,
    ) -> Result<(Vec<QueryResult>, PositionNote), DbErr> {
        if let Some(observer) = &self.inner.observer {
            observer.transaction();
        }
        let by: BTreeSet<UserId> = by.into_iter().collect();
        let _permit = self.inner.writers.enter().await.map_err(refused)?;
        let epoch = self.inner.primary.plans.epoch();
        let doubt = Doubt(Some(self.watermark()));
        let written = self.inner.primary.unless_lost(self.inner.writes.query_all_raw(statement)).await;
        match self.inner.storage.observe(written) {
            Ok(rows) => {
                self.inner.written.signal();
                Ok((rows, self.position_note(by, doubt)))
            }
            Err(error) => {
                self.note_plans(&error, epoch);
                if changed_nothing(&error) {
                    doubt.resolve();
                }
                Err(error)
            }
        }
    }

    /// Begins another epoch if a statement prepared in `epoch` failed as stale.
    fn note_plans(&self, error: &DbErr, epoch: Epoch) {
        if has_stale_plan(error) {
            self.inner.primary.plans.end(epoch);
        }
    }

    /// Notes the positions of `by` in a task of its own, which any number of writes can await.
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
                // The task panicked or was aborted: wait as for a note that failed.
                tokio::time::sleep(settling).await;
            }
        };
        PositionNote(Some(done.boxed().shared()))
    }

    /// Notes the position of the primary for each of `by`, after a write or after they saw a write of others.
    async fn written(&self, by: &[UserId], doubt: Doubt) {
        if self.inner.replicas.is_empty() {
            doubt.resolve();
            return;
        }
        let position = match tokio::time::timeout(POSITION_LIMIT, self.inner.primary.query_position()).await {
            Ok(Ok(position)) => position,
            // The write is committed all the same.
            _ => WalPosition::UNKNOWN,
        };
        self.inner.watermark.written(position);
        doubt.resolve();
        let notes = by.iter().map(|by| self.inner.positions.note(*by, position));
        if join_all(notes).await.contains(&false) {
            // Other instances may miss the note. After the settling time their own probe of the primary covers it.
            tokio::time::sleep(self.inner.settling).await;
        }
    }
}

impl Transaction {
    /// States what the transaction changed. The facts go into the log of events with its next statement, and are
    /// published once it is committed. Facts that are told together make one entry of the log, so tell them once, and
    /// before the last statement.
    ///
    /// To be called after the statement that locked or changed what the facts are about: the order of entries is then
    /// the order of changes. A transaction that turns out to have changed nothing is rolled back, and its facts with
    /// it.
    pub fn tell(&self, facts: impl IntoIterator<Item = Fact>) {
        self.told().tell(facts);
    }

    /// Commits, notes the position for `by`, and publishes the facts. From then on `by` reads this write on every
    /// instance. Data that is never read from replicas needs no `by`.
    pub async fn commit(self, by: impl Into<Option<UserId>>) -> Result<(), DbErr> {
        let listener = self.database.listener.clone();
        self.commit_for(by.into(), listener.as_ref()).await
    }

    /// Like [`Self::commit`], for writes of several users, each of which publishes its own fact.
    pub(crate) async fn commit_batch(self) -> Result<(), DbErr> {
        self.commit_for(None, None).await
    }

    async fn commit_for(self, by: Option<UserId>, listener: Option<&Arc<dyn FactListener>>) -> Result<(), DbErr> {
        let waiting = self.told().take();
        if let Some(payload) = waiting {
            self.execute_raw(append(self.get_database_backend(), payload)).await?;
        }
        let Self { inner, database, sound, told, _permit: permit, .. } = self;
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
        let facts = told.into_inner().unwrap_or_else(PoisonError::into_inner).into_facts();
        let is_told = !facts.is_empty();
        let publication = Publication::new(listener, by, facts);
        let doubt = Doubt(by.map(|_| database.watermark()));
        let committed = storage.observe(inner.commit().await);
        drop(permit);
        match committed {
            Ok(()) => {
                if is_told {
                    database.inner.written.signal();
                }
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
                // The doubt comes first: a reader of the published facts must not take a replica at the old watermark
                // for current.
                drop(doubt);
                publication.unconfirmed().await;
                Err(error)
            }
        }
    }

    /// Rolls back, and notes the position for `by`, who has seen committed data in it and keeps seeing that on every
    /// instance. Publishes `facts` as already true before this transaction.
    pub async fn abandon(self, by: UserId, facts: impl Into<Vec<Fact>>) -> Result<(), DbErr> {
        let Self { inner, database, _permit: permit, .. } = self;
        let publication = Publication::new(database.listener.as_ref(), Some(by), facts.into());
        inner.rollback().await?;
        drop(permit);
        database.written(&[by], Doubt(None)).await;
        publication.end(Effect::Seen).await;
        Ok(())
    }

    /// Rolls back a transaction in which nothing was shown to a user. Dropping it also rolls back, at some later
    /// time.
    pub async fn roll_back(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }

    fn told(&self) -> MutexGuard<'_, Appending> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The statement, with the facts that were told and are not in the log yet. SQLite adds them at the commit.
    fn with_facts(&self, statement: Statement) -> Statement {
        if self.get_database_backend() == DbBackend::Postgres
            && can_carry(&statement)
            && let Some(payload) = self.told().take()
        {
            return carried_by(statement, payload);
        }
        statement
    }

    /// Runs a statement, unless one before it failed or was cancelled.
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

    /// The inner transaction for migrations. Failures of their statements do not mark it as failed.
    pub(super) fn for_migrations(&self) -> &DatabaseTransaction {
        &self.inner
    }
}

fn has_failed() -> DbErr {
    DbErr::Custom("a statement of this transaction failed, and it was rolled back".to_owned())
}

/// A commit whose position or outcome is still unknown. Dropped unresolved, it puts the watermark in doubt: when the
/// connection breaks before the response, and when the request is cancelled.
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
        self.step(self.inner.execute_raw(self.with_facts(statement))).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.step(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        // All rows are read: SQLite reports failure only after the last row, and the driver would stop after the
        // first.
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.step(self.inner.query_all_raw(self.with_facts(statement))).await
    }
}

/// A gate for `at_once` writers. Writers that wait for each other's locks leave connections to readers. The other
/// writers wait for a permit, for two thirds of the time that a request waits for a connection.
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
