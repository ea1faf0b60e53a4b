//! Writes that share a transaction with others of their kind: one commit, and on PostgreSQL a few statements, for as many
//! as come at the same time. Each is acknowledged after that commit, and gets the outcome that it would have got alone.
//!
//! On PostgreSQL a batch is one statement of a constant text, which stays prepared, with a set of rows as its value
//! ([`set`]): one way there and back, whatever it changes. In SQLite, where a statement costs no round trip, each write
//! has its own.

mod comments;
mod likes;
mod posts;
mod set;

use std::sync::Arc;

use domain::RepositoryError;
use resilience::{Coalesce, Coalescer, CoalescerOptions, NotCoalesced};
use sea_orm::{ConnAcquireErr, DbBackend, DbErr, QueryResult, Statement};

use crate::database::{Database, Remembering, Transaction};
use crate::operation::retrying;

pub(crate) use comments::Commenting;
pub(crate) use likes::{Liking, Wish};
pub(crate) use posts::Publishing;

/// One batch at a time: two that meet at a hot row wait for each other, and each has half of what there is to do.
const OPTIONS: CoalescerOptions = CoalescerOptions { lanes: 1, most: 64, waiting: 512 };

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
    fn as_statement(writes: &[Self]) -> Result<Statement, DbErr>
    where
        Self: Sized;

    /// What came of each, in their order, by the rows that the statement answered.
    fn outcomes(writes: &[Self], rows: &[QueryResult]) -> Result<Vec<Self::Outcome>, DbErr>
    where
        Self: Sized;
}

/// What came of a write, and what has to be waited for before anybody is told. The next batch does not wait for that.
type Written<T> = (Result<T, Arc<RepositoryError>>, Remembering);

/// Writes of one kind that share transactions.
pub(crate) struct Coalesced<W: Together>(Coalescer<W, Written<W::Outcome>>);

impl<W: Together> Coalesced<W> {
    /// Writes to `db`.
    pub(crate) fn new(db: &Database) -> Self {
        let db = db.clone();
        Self(Coalescer::new(OPTIONS, move |writes| {
            let db = db.clone();
            async move { run(&db, writes).await }
        }))
    }

    /// Writes, and answers once it is committed.
    pub(crate) async fn write(&self, write: W) -> Result<W::Outcome, RepositoryError> {
        let operation = write.operation();
        match self.0.submit(write).await {
            Ok((outcome, remembering)) => {
                remembering.done().await;
                outcome.map_err(|error| RepositoryError {
                    operation,
                    unavailable: error.unavailable,
                    source: Box::new(error),
                })
            }
            Err(NotCoalesced::Full) => {
                Err(RepositoryError::unavailable(operation, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)))
            }
            Err(error @ NotCoalesced::BrokenOff) => Err(RepositoryError::unavailable(operation, error)),
        }
    }
}

async fn run<W: Together>(db: &Database, writes: Vec<W>) -> Vec<Written<W::Outcome>> {
    let Some(operation) = writes.first().map(W::operation) else {
        return Vec::new();
    };
    match retrying(operation, || commit(db, &writes)).await {
        Ok((outcomes, remembering)) => outcomes.into_iter().map(|outcome| (Ok(outcome), remembering.clone())).collect(),
        Err(error) if error.unavailable || writes.len() == 1 => {
            let error = Arc::new(error);
            writes.iter().map(|_| (Err(Arc::clone(&error)), Remembering::DONE)).collect()
        }
        // One of them cannot be done. The others are not to fail for its sake.
        Err(_) => {
            let mut written = Vec::with_capacity(writes.len());
            for write in &writes {
                let outcome = retrying(write.operation(), || commit(db, std::slice::from_ref(write))).await;
                written.push(match outcome.map(|(mut outcomes, remembering)| (outcomes.pop(), remembering)) {
                    Ok((Some(outcome), remembering)) => (Ok(outcome), remembering),
                    Ok((None, remembering)) => {
                        (Err(Arc::new(RepositoryError::new(operation, "no outcome"))), remembering)
                    }
                    Err(error) => (Err(Arc::new(error)), Remembering::DONE),
                });
            }
            written
        }
    }
}

async fn commit<W: Together>(db: &Database, writes: &[W]) -> Result<(Vec<W::Outcome>, Remembering), DbErr> {
    let by = writes.iter().map(W::by);
    if db.backend() == DbBackend::Postgres {
        let (rows, remembering) = db.write_at_once(W::as_statement(writes)?, by).await?;
        return Ok((W::outcomes(writes, &rows)?, remembering));
    }
    let tx = db.begin().await?;
    let mut outcomes = Vec::with_capacity(writes.len());
    for write in writes {
        outcomes.push(write.alone(&tx).await?);
    }
    tx.commit_of(by).await?;
    Ok((outcomes, Remembering::DONE))
}
