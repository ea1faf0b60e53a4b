//! Writes of one kind that arrive at the same time share one transaction, and so one commit.
//!
//! On PostgreSQL a batch is one statement with a constant text, which stays prepared. Its rows are one value of the
//! statement ([`set`]), so a batch of any size costs one round trip. On SQLite a statement costs no round trip: each
//! write has its own statement in the shared transaction. The batches of a kind belong to the database ([`kinds`]),
//! and all its handles use them.
//!
//! Called by the repositories of posts and comments, through [`Database::write_in_batch`].
//!
//! Invariants:
//! - A write is acknowledged after the commit of its batch, and after its position was noted.
//! - A write gets the outcome that it would have got alone.
//! - Writes with equal keys never share a batch, and join batches in the order in which they arrived.
//!
//! On failure the writes of a batch are tried one by one ([`run`]). A write that needs a locked row is then tried
//! once more, outside the batches.
//!
//! Tested in `persistence/tests/repositories/batches.rs`.

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

/// How long a write that was left out of a batch waits for its permit, and then again for a lock.
const PATIENCE: Duration = Duration::from_secs(3);
/// The `Retry-After` of writes that are rejected because too many wait for the next batches.
const COME_BACK_AFTER: Duration = Duration::from_secs(1);

/// A write that can share a transaction with others of its kind.
///
/// It decides whether it applies before it changes anything, so the other writes of its batch need no savepoint.
pub trait BatchWrite: Coalesce + Sync {
    /// What the write answers once it is committed.
    type Outcome: Send + 'static;

    /// The method of the port that it belongs to.
    fn operation(&self) -> &'static str;

    /// The user who writes.
    fn by(&self) -> UserId;

    /// The fact that is published when it takes effect, and then is in the log.
    fn fact(&self) -> Fact;

    /// Whether it took effect.
    fn effect(outcome: &Self::Outcome) -> Effect
    where
        Self: Sized;

    /// Writes it on SQLite, in a transaction that may contain other writes. Tells no facts.
    fn alone(&self, tx: &Transaction) -> impl Future<Output = Result<Self::Outcome, DbErr>> + Send;

    /// The statement that carries out several writes on PostgreSQL, and waits up to `patience` for each lock. It adds
    /// the facts of those that take effect to the log ([`crate::told!`]).
    fn as_statement(writes: &[&Self], patience: Duration) -> Result<Statement, DbErr>
    where
        Self: Sized;

    /// The outcome of each write, in the order of `writes`, from the rows that the statement returned.
    fn outcomes(writes: &[&Self], rows: &[QueryResult]) -> Result<Vec<Self::Outcome>, DbErr>
    where
        Self: Sized;
}

/// The result of a write within its batch.
enum BatchResult<T> {
    /// It is committed. Its outcome may be published once the note is done; the next batch does not wait for the
    /// note.
    Done(T, PositionNote),
    /// Nothing was done: another transaction holds a lock that it needs.
    Held,
    /// It was not stored, or its outcome is unknown.
    Failed(Arc<RepositoryError>),
}

impl Database {
    /// Writes in a batch with other writes of its kind, and returns once the batch is committed.
    ///
    /// # Errors
    /// [`RepositoryError`] when the write was not stored or its outcome is unknown. The error says whether that is
    /// temporary.
    pub async fn write_in_batch<W: BatchWrite>(&self, write: W) -> Result<W::Outcome, RepositoryError> {
        let publication = Publication::new(self.listener.as_ref(), Some(write.by()), vec![write.fact()]);
        let written = self.write_together(write).await;
        match &written {
            Ok(outcome) => publication.end(W::effect(outcome)).await,
            // Nothing was begun. An unconfirmed write would add load to an overloaded instance.
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
        // Outside the batches.
        let permit = tokio::time::timeout(PATIENCE, kind.held_permit()).await;
        let _permit = permit.map_err(|_| busy(operation))?;
        let single = [&*write];
        let result = retrying(self, operation, || run::commit(self, &single, PATIENCE)).await?;
        run::only(result, operation).outcome(operation).await
    }
}

impl<T> BatchResult<T> {
    /// The outcome, once it may be published.
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
