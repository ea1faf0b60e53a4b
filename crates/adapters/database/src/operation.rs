//! The name of the port's method that a statement belongs to, for errors, metrics and traces; and retries of writes.

use std::time::Duration;

use domain::RepositoryError;
use sea_orm::DbErr;

use crate::Database;
use crate::error::{failed, reason_to_retry};

tokio::task_local! {
    /// Set where a port's method begins and read where its statements are observed. The code between does not pass it
    /// on.
    static CURRENT: &'static str;
}

/// Most attempts of a write that loses conflicts.
const ATTEMPTS: u32 = 5;

/// The operation of the current task, or `other`.
pub(crate) fn current() -> &'static str {
    CURRENT.try_with(|operation| *operation).unwrap_or("other")
}

/// Runs a read under the name of its port's method.
pub async fn reading<T>(
    operation: &'static str,
    read: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, RepositoryError> {
    CURRENT.scope(operation, read).await.map_err(|error| failed(operation, error))
}

/// Runs a write, and retries it when the database rolled it back in favour of another (a deadlock, a serialisation
/// failure, a busy file). A failed attempt leaves nothing behind.
pub async fn retrying<T, F, A>(db: &Database, operation: &'static str, attempt: F) -> Result<T, RepositoryError>
where
    F: FnMut() -> A + Send,
    A: Future<Output = Result<T, DbErr>> + Send,
{
    begun_again(db, operation, attempt).await.map_err(|error| failed(operation, error))
}

/// Like [`retrying`], and returns the error of the database itself.
pub(crate) async fn begun_again<T, F, A>(db: &Database, operation: &'static str, mut attempt: F) -> Result<T, DbErr>
where
    F: FnMut() -> A + Send,
    A: Future<Output = Result<T, DbErr>> + Send,
{
    let mut attempts_left = ATTEMPTS;
    loop {
        attempts_left -= 1;
        let error = match CURRENT.scope(operation, attempt()).await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let Some(reason) = reason_to_retry(&error).filter(|_| attempts_left > 0) else {
            return Err(error);
        };
        tracing::debug!(operation, reason, %error, "trying again");
        db.retries(operation, reason);
        tokio::time::sleep(pause(ATTEMPTS - attempts_left)).await;
    }
}

/// Longer after every attempt: two writes that keep colliding get out of step.
fn pause(attempt: u32) -> Duration {
    Duration::from_millis(u64::from(5 * attempt * attempt))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::DatabaseOptions;
    use crate::location::Location;

    mod retrying {
        use super::*;

        #[tokio::test]
        async fn does_not_retry_permanent_errors() {
            let db = Database::connect(&DatabaseOptions::new(Location::SqliteMemory)).await.unwrap();
            let attempts = AtomicU32::new(0);
            let result: Result<(), _> = super::super::retrying(&db, "test", || {
                attempts.fetch_add(1, Ordering::Relaxed);
                async { Err(DbErr::Custom("no".to_owned())) }
            })
            .await;
            assert!(!result.unwrap_err().is_unavailable());
            assert_eq!(attempts.load(Ordering::Relaxed), 1);
        }
    }

    #[tokio::test]
    async fn a_read_runs_under_its_name() {
        let seen = reading("posts.find", async { Ok(current()) }).await.unwrap();
        assert_eq!((seen, current()), ("posts.find", "other"));
    }
}
