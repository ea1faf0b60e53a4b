//! Writes that share a transaction with others of their kind: one commit for as many as come at the same time. Each is
//! acknowledged after that commit, and gets the outcome that it would have got alone.
//!
//! On PostgreSQL a batch is one statement of a constant text, which stays prepared, with a set of rows as a value
//! ([`set`]): one way there and back, whatever it changes. In SQLite, where a statement costs no round trip, each write
//! has its own. The batches of a kind belong to the database ([`kinds`]): all its handles write into the same ones.

mod kinds;
mod run;
pub mod set;

use std::sync::Arc;
use std::time::Duration;

use domain::{RepositoryError, UserId};
use events::{Effect, Fact, Publication};
use resilience::{Coalesce, NotCoalesced, Overloaded};
use sea_orm::{ConnAcquireErr, DbErr, QueryResult, Statement};

use crate::error::{failed, refused};
use crate::operation::retrying;
use crate::transaction::PositionNote;
use crate::{Database, Transaction};
pub(crate) use kinds::Kinds;

/// How long a write waits for a lock, and before that for its turn, once it had to be left out of a batch.
const PATIENCE: Duration = Duration::from_secs(3);
/// When those should come back for whom there is no room in the next batches.
const COME_BACK_AFTER: Duration = Duration::from_secs(1);

/// A write of which several can share a transaction.
///
/// It decides to give up before it has changed anything, so that the others of its batch need no savepoint.
pub trait BatchWrite: Coalesce + Sync {
    /// What came of it.
    type Outcome: Send + 'static;

    /// The port's method that it is part of.
    fn operation(&self) -> &'static str;

    /// Who writes.
    fn by(&self) -> UserId;

    /// What it leaves when it takes effect.
    fn fact(&self) -> Fact;

    /// Whether it took effect.
    fn effect(outcome: &Self::Outcome) -> Effect
    where
        Self: Sized;

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
enum BatchResult<T> {
    /// It is committed. What is remembered of it has to be waited for before anybody is told; the next batch does not wait.
    Done(T, PositionNote),
    /// Nothing was done, as somebody holds what it needs.
    Held,
    /// It was not stored, or its outcome is unknown.
    Failed(Arc<RepositoryError>),
}

impl Database {
    /// Writes together with others of its kind, and answers once it is committed.
    ///
    /// # Errors
    /// [`RepositoryError`] when it was not stored or its outcome is unknown. Its failure says whether that is so for now only.
    pub async fn write_in_batch<W: BatchWrite>(&self, write: W) -> Result<W::Outcome, RepositoryError> {
        let publication = Publication::new(self.listener.as_ref(), Some(write.by()), vec![write.fact()]);
        let written = self.write_together(write).await;
        match &written {
            Ok(outcome) => publication.end(W::effect(outcome)).await,
            // Nothing was begun, and to tell of that would add to what is too much.
            Err(error) if error.is_overload() => publication.end(Effect::Nothing).await,
            Err(_) => publication.unconfirmed().await,
        }
        written
    }

    async fn write_together<W: BatchWrite>(&self, write: W) -> Result<W::Outcome, RepositoryError> {
        let (operation, write, kind) = (write.operation(), Arc::new(write), self.inner.batches.of::<W>());
        let result = kind.submit(Arc::clone(&write), self).await.map_err(|error| match error {
            NotCoalesced::Full => failed(operation, refused(Overloaded { retry_after: COME_BACK_AFTER })),
            NotCoalesced::BrokenOff => RepositoryError::unavailable(operation, error),
        })?;
        let BatchResult::Held = result else {
            return result.outcome(operation).await;
        };
        // Beside the batches.
        let turn = tokio::time::timeout(PATIENCE, kind.turn_of_the_held()).await;
        let _turn = turn.map_err(|_| busy(operation))?;
        let itself = [&*write];
        let result = retrying(self, operation, || run::commit(self, &itself, PATIENCE)).await?;
        run::only(result, operation).outcome(operation).await
    }
}

impl<T> BatchResult<T> {
    /// Once it may be told.
    async fn outcome(self, operation: &'static str) -> Result<T, RepositoryError> {
        match self {
            Self::Done(outcome, note) => {
                note.done().await;
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
