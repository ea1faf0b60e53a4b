//! How a batch is written: in one transaction; if that fails, each write alone; if a write meets a lock, it is
//! `Held`.

use std::sync::Arc;
use std::time::Duration;

use domain::RepositoryError;
use events::Effect;
use futures_util::stream::{self, StreamExt};
use sea_orm::{DbBackend, DbErr};

use super::{BatchResult, BatchWrite};
use crate::Database;
use crate::error::{failed, waits_for_a_row};
use crate::operation::retrying;
use crate::transaction::PositionNote;

/// How long a batch waits for a lock. A row that is locked for longer delays only the writes that need that row.
const PATIENCE_OF_BATCH: Duration = Duration::from_millis(250);
/// How long each write waits for a lock when the writes of a batch are tried one by one.
const PATIENCE_OF_EACH: Duration = Duration::from_millis(50);
const EACH_AT_ONCE: usize = 8;

/// Writes a batch, and returns the result of each write in their order.
pub(super) async fn run<W: BatchWrite>(db: &Database, writes: &[&W]) -> Vec<BatchResult<W::Outcome>> {
    match attempt(db, writes, PATIENCE_OF_BATCH).await {
        Ok(Some(results)) => results,
        Ok(None) if writes.len() == 1 => vec![BatchResult::Held],
        Err(error) if error.is_unavailable() || writes.len() == 1 => all_failed(error, writes.len()),
        // At least one write fails or meets a lock. The others must not fail with it.
        Ok(None) | Err(_) => {
            let mut each = Vec::with_capacity(writes.len());
            for &write in writes {
                each.push(try_alone(db, write));
            }
            stream::iter(each).buffered(EACH_AT_ONCE).collect().await
        }
    }
}

/// Tries one write of a batch alone, and returns [`BatchResult::Held`] when another transaction holds its lock.
async fn try_alone<W: BatchWrite>(db: &Database, write: &W) -> BatchResult<W::Outcome> {
    match attempt(db, &[write], PATIENCE_OF_EACH).await {
        Ok(Some(results)) => only(results, write.operation()),
        Ok(None) => BatchResult::Held,
        Err(error) => BatchResult::Failed(Arc::new(error)),
    }
}

/// Tries the writes in one transaction. `None` when another transaction holds a lock that one of them needs.
async fn attempt<W: BatchWrite>(
    db: &Database,
    writes: &[&W],
    patience: Duration,
) -> Result<Option<Vec<BatchResult<W::Outcome>>>, RepositoryError> {
    let attempt = || async {
        match commit(db, writes, patience).await {
            Err(error) => match waits_for_a_row(&error) {
                Some(reason) => {
                    db.retries(operation_of(writes), reason);
                    Ok(None)
                }
                None => Err(error),
            },
            Ok(results) => Ok(Some(results)),
        }
    };
    retrying(db, operation_of(writes), attempt).await
}

/// Commits the writes in one transaction. When the commit succeeds and its rows are unreadable, the writes count as
/// failed and are not retried.
pub(super) async fn commit<W: BatchWrite>(
    db: &Database,
    writes: &[&W],
    patience: Duration,
) -> Result<Vec<BatchResult<W::Outcome>>, DbErr> {
    if db.backend() == DbBackend::Postgres {
        let by = writes.iter().map(|write| write.by());
        let (rows, note) = db.write_at_once(W::as_statement(writes, patience)?, by).await?;
        return Ok(match W::outcomes(writes, &rows) {
            Ok(outcomes) => outcomes.into_iter().map(|outcome| BatchResult::Done(outcome, note.clone())).collect(),
            Err(error) => all_failed(failed(operation_of(writes), error), writes.len()),
        });
    }
    let tx = db.begin().await?;
    let mut results = Vec::with_capacity(writes.len());
    for write in writes {
        let outcome = write.alone(&tx).await?;
        if W::effect(&outcome) == Effect::Committed {
            tx.tell([write.fact()]);
        }
        results.push(BatchResult::Done(outcome, PositionNote::DONE));
    }
    // SQLite has no replicas, so readers need no position.
    tx.commit_batch().await?;
    Ok(results)
}

/// The operation of the first write; all of them are of one kind.
fn operation_of<W: BatchWrite>(writes: &[&W]) -> &'static str {
    writes.first().map_or("other", |write| write.operation())
}

fn all_failed<T>(error: RepositoryError, count: usize) -> Vec<BatchResult<T>> {
    let error = Arc::new(error);
    (0..count).map(|_| BatchResult::Failed(Arc::clone(&error))).collect()
}

/// The result of a batch of one write.
pub(super) fn only<T>(mut results: Vec<BatchResult<T>>, operation: &'static str) -> BatchResult<T> {
    results.pop().unwrap_or_else(|| BatchResult::Failed(Arc::new(RepositoryError::new(operation, "no outcome"))))
}
