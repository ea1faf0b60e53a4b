//! Writes that share a transaction with others of their kind: one commit for as many as come at the same time. Each is
//! acknowledged after that commit, and gets the outcome that it would have got alone.
//!
//! On PostgreSQL a batch is one statement of a constant text, which stays prepared, with a set of rows as a value
//! ([`set`]): one way there and back, whatever it changes. In SQLite, where a statement costs no round trip, each write
//! has its own.

mod comments;
mod likes;
mod posts;
mod set;

use std::sync::Arc;
use std::time::Duration;

use domain::RepositoryError;
use futures_util::stream::{self, StreamExt};
use resilience::{Caller, Coalesce, Coalescer, CoalescerOptions, NotCoalesced, Overloaded, caller};
use sea_orm::{ConnAcquireErr, DbBackend, DbErr, QueryResult, Statement};
use tokio::sync::Semaphore;

use crate::database::{Database, Remembering, Transaction};
use crate::error::{failed, refused, waits_for_a_row};
use crate::operation::retrying;

pub(crate) use comments::Commenting;
pub(crate) use likes::{Liking, Wish};
pub(crate) use posts::Publishing;

/// One batch at a time: two that meet at a hot row wait for each other, and each has half of what there is to do.
const OPTIONS: CoalescerOptions = CoalescerOptions { lanes: 1, most: 64, waiting: 512 };
/// How long a batch waits for a lock. Whoever holds a row longer is to hold up those who want this row, and nobody else.
const PATIENCE_OF_BATCH: Duration = Duration::from_millis(250);
/// How long each of its writes waits when they are tried one by one, so many at a time.
const PATIENCE_OF_EACH: Duration = Duration::from_millis(50);
const EACH_AT_ONCE: usize = 8;
/// How long those wait that are left, beside the batches: few at a time, as each takes a connection meanwhile; and how long
/// for their turn.
const PATIENCE: Duration = Duration::from_secs(3);
const LEFT_AT_ONCE: usize = 4;
/// When those should come back for whom there is no room in the next batches.
const COME_BACK_AFTER: Duration = Duration::from_secs(1);

/// A write of which several can share a transaction.
///
/// It decides to give up before it has changed anything, so that the others of its batch need no savepoint.
pub(crate) trait Together: Coalesce + Sync {
    /// What came of it.
    type Outcome: Send + 'static;

    /// The port's method that it is part of.
    fn operation(&self) -> &'static str;

    /// Who writes.
    fn by(&self) -> domain::UserId;

    /// Does it in SQLite, in a transaction that may have others.
    fn alone(&self, tx: &Transaction) -> impl Future<Output = Result<Self::Outcome, DbErr>> + Send;

    /// What does several at once, on PostgreSQL.
    fn as_statement(writes: &[&Self], patience: Duration) -> Result<Statement, DbErr>
    where
        Self: Sized;

    /// What came of each, in their order, by the rows that the statement answered.
    fn outcomes(writes: &[&Self], rows: &[QueryResult]) -> Result<Vec<Self::Outcome>, DbErr>
    where
        Self: Sized;
}

/// What came of a write, as far as its batch is concerned.
enum Told<T> {
    /// It is committed. What is remembered of it has to be waited for before anybody is told; the next batch does not wait.
    Done(T, Remembering),
    /// Nothing was done, as somebody holds what it needs.
    Held,
    /// It was not done, or nobody knows.
    Failed(Arc<RepositoryError>),
}

/// Writes of one kind that share transactions.
pub(crate) struct Coalesced<W: Together> {
    db: Database,
    batches: Coalescer<Arc<W>, Told<W::Outcome>>,
    left: Semaphore,
}

impl<W: Together> Coalesced<W> {
    /// Writes to `db`.
    pub(crate) fn new(db: &Database) -> Self {
        let in_batches = db.clone();
        let batches = Coalescer::new(OPTIONS, move |writes| {
            let db = in_batches.clone();
            // Each kind is a caller of its own where it takes turns with others: in a batch are writes of many.
            let kind = Caller::of(&std::any::type_name::<W>());
            caller::scope(kind, async move { run(&db, writes).await })
        });
        Self { db: db.clone(), batches, left: Semaphore::new(LEFT_AT_ONCE) }
    }

    /// Writes, and answers once it is committed.
    pub(crate) async fn write(&self, write: W) -> Result<W::Outcome, RepositoryError> {
        let (operation, write) = (write.operation(), Arc::new(write));
        let told = self.batches.submit(Arc::clone(&write)).await.map_err(|error| match error {
            NotCoalesced::Full => failed(operation, refused(Overloaded { retry_after: COME_BACK_AFTER })),
            NotCoalesced::BrokenOff => RepositoryError::unavailable(operation, error),
        })?;
        match told {
            Told::Held => self.write_when_free(&write).await,
            told => told.outcome(operation).await,
        }
    }

    /// Writes beside the batches what had to be left out of one.
    async fn write_when_free(&self, write: &W) -> Result<W::Outcome, RepositoryError> {
        let (operation, itself) = (write.operation(), [write]);
        let turn = tokio::time::timeout(PATIENCE, self.left.acquire()).await;
        let _turn = turn.map_err(|_| busy(operation))?.map_err(|_| busy(operation))?;
        let told = retrying(&self.db, operation, || commit(&self.db, &itself, PATIENCE)).await?;
        only(told, operation).outcome(operation).await
    }
}

impl<T> Told<T> {
    /// Once it may be told.
    async fn outcome(self, operation: &'static str) -> Result<T, RepositoryError> {
        match self {
            Self::Done(outcome, remembering) => {
                remembering.done().await;
                Ok(outcome)
            }
            Self::Held => Err(busy(operation)),
            Self::Failed(error) => Err(RepositoryError::shared(operation, error)),
        }
    }
}

fn busy(operation: &'static str) -> RepositoryError {
    RepositoryError::unavailable(operation, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
}

async fn run<W: Together>(db: &Database, writes: Vec<Arc<W>>) -> Vec<Told<W::Outcome>> {
    let writes: Vec<&W> = writes.iter().map(Arc::as_ref).collect();
    match attempt(db, &writes, PATIENCE_OF_BATCH).await {
        Ok(Some(told)) => told,
        Ok(None) if writes.len() == 1 => vec![Told::Held],
        Err(error) if error.is_unavailable() || writes.len() == 1 => all_failed(error, writes.len()),
        // One of them cannot be done, or not now. The others are not to fail for its sake.
        Ok(None) | Err(_) => {
            let mut each = Vec::with_capacity(writes.len());
            for write in writes {
                each.push(by_itself(db, write));
            }
            stream::iter(each).buffered(EACH_AT_ONCE).collect().await
        }
    }
}

/// Does a write without the others of its batch, if it can be done now.
async fn by_itself<W: Together>(db: &Database, write: &W) -> Told<W::Outcome> {
    match attempt(db, &[write], PATIENCE_OF_EACH).await {
        Ok(Some(told)) => only(told, write.operation()),
        Ok(None) => Told::Held,
        Err(error) => Told::Failed(Arc::new(error)),
    }
}

/// Does writes together; `None` if somebody holds what one of them needs.
async fn attempt<W: Together>(
    db: &Database,
    writes: &[&W],
    patience: Duration,
) -> Result<Option<Vec<Told<W::Outcome>>>, RepositoryError> {
    let attempt = || async {
        match commit(db, writes, patience).await {
            Err(error) => match waits_for_a_row(&error) {
                Some(reason) => {
                    db.retries(operation_of(writes), reason);
                    Ok(None)
                }
                None => Err(error),
            },
            Ok(told) => Ok(Some(told)),
        }
    };
    retrying(db, operation_of(writes), attempt).await
}

/// Does writes together. What is done and cannot be told has failed, and is not to be done again.
async fn commit<W: Together>(db: &Database, writes: &[&W], patience: Duration) -> Result<Vec<Told<W::Outcome>>, DbErr> {
    if db.backend() == DbBackend::Postgres {
        let by = writes.iter().map(|write| write.by());
        let (rows, remembering) = db.write_at_once(W::as_statement(writes, patience)?, by).await?;
        return Ok(match W::outcomes(writes, &rows) {
            Ok(outcomes) => outcomes.into_iter().map(|outcome| Told::Done(outcome, remembering.clone())).collect(),
            Err(error) => all_failed(failed(operation_of(writes), error), writes.len()),
        });
    }
    let tx = db.begin().await?;
    let mut told = Vec::with_capacity(writes.len());
    for write in writes {
        told.push(Told::Done(write.alone(&tx).await?, Remembering::DONE));
    }
    // SQLite has no replicas, of which a reader would have to know how far they are.
    tx.commit(None).await?;
    Ok(told)
}

/// That of the first of them, which are of one kind.
fn operation_of<W: Together>(writes: &[&W]) -> &'static str {
    writes.first().map_or("other", |write| write.operation())
}

fn all_failed<T>(error: RepositoryError, count: usize) -> Vec<Told<T>> {
    let error = Arc::new(error);
    (0..count).map(|_| Told::Failed(Arc::clone(&error))).collect()
}

/// What came of a single write.
fn only<T>(mut told: Vec<Told<T>>, operation: &'static str) -> Told<T> {
    told.pop().unwrap_or_else(|| Told::Failed(Arc::new(RepositoryError::new(operation, "no outcome"))))
}
