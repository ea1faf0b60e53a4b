//! Removes old entries, in steps, and renews the epoch.

use std::time::Duration;

use domain::RepositoryError;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::EventLog;
use crate::operation::retrying;

/// Entries that one transaction removes, which bounds how long it takes.
const AT_ONCE: i64 = 1_000;

/// Removes the oldest entries, up to the first that is younger than `$1` microseconds, at most `$2` of them. It never
/// removes the last one: the next position follows from it. The row of the log is locked first, so two instances do not
/// remove the same entries. The clock is that of the database, which also set the times.
macro_rules! remove {
    ($now:literal) => {
        concat!(
            "DELETE FROM events WHERE position < ( \
                SELECT coalesce(min(position) FILTER (WHERE recorded_at > ",
            $now,
            " - $1), max(position) + 1) FROM ( \
                    SELECT position, recorded_at FROM events \
                    WHERE position >= $3 AND position < (SELECT max(position) FROM events) \
                    ORDER BY position LIMIT $2 \
                ) AS oldest \
            )"
        )
    };
}
const REMOVE: &str = remove!("(extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
const EMBEDDED_REMOVE: &str = remove!("CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)");
const LOCKED: &str = "SELECT oldest FROM event_log FOR UPDATE";
const EMBEDDED_LOCKED: &str = "SELECT oldest FROM event_log";
const NOTE: &str = "UPDATE event_log SET oldest = coalesce((SELECT min(position) FROM events), oldest)";
const RENEW: &str = "UPDATE event_log SET epoch = replace(gen_random_uuid()::text, '-', '') RETURNING epoch";
const EMBEDDED_RENEW: &str = "UPDATE event_log SET epoch = lower(hex(randomblob(16))) RETURNING epoch";

impl EventLog {
    /// Removes all entries that got their position longer than `retention` ago, except for the last entry. Returns how
    /// many.
    ///
    /// # Errors
    /// [`RepositoryError`] when a step fails. The steps before it stay.
    pub async fn trim(&self, retention: Duration) -> Result<u64, RepositoryError> {
        let mut removed = 0;
        loop {
            let some = retrying(&self.db, "event_log.trim", || self.trim_some(retention)).await?;
            removed += some;
            if some < AT_ONCE.unsigned_abs() {
                return Ok(removed);
            }
        }
    }

    async fn trim_some(&self, retention: Duration) -> Result<u64, DbErr> {
        let tx = self.db.begin().await?;
        let backend = tx.get_database_backend();
        let (locked, remove) =
            if backend == DbBackend::Postgres { (LOCKED, REMOVE) } else { (EMBEDDED_LOCKED, EMBEDDED_REMOVE) };
        let row = tx.query_one_raw(Statement::from_string(backend, locked)).await?;
        let oldest: i64 = row.ok_or_else(|| DbErr::RecordNotFound("event_log".to_owned()))?.try_get_by_index(0)?;
        let retention = i64::try_from(retention.as_micros()).unwrap_or(i64::MAX);
        let values = [retention.into(), AT_ONCE.into(), oldest.into()];
        let removed = tx.execute_raw(Statement::from_sql_and_values(backend, remove, values)).await?.rows_affected();
        if removed == 0 {
            tx.roll_back().await?;
            return Ok(0);
        }
        tx.execute_raw(Statement::from_string(backend, NOTE)).await?;
        tx.commit(None).await?;
        Ok(removed)
    }

    /// Begins a new epoch, and returns it: positions that anyone remembers are invalid from then on. Needed after a
    /// backup was restored, because the restored database uses positions again.
    ///
    /// # Errors
    /// [`RepositoryError`] when it was not stored.
    pub async fn renew(&self) -> Result<String, RepositoryError> {
        retrying(&self.db, "event_log.renew", || self.try_renew()).await
    }

    async fn try_renew(&self) -> Result<String, DbErr> {
        let tx = self.db.begin().await?;
        let backend = tx.get_database_backend();
        let renew = if backend == DbBackend::Postgres { RENEW } else { EMBEDDED_RENEW };
        let row = tx.query_one_raw(Statement::from_string(backend, renew)).await?;
        let epoch = row.ok_or_else(|| DbErr::RecordNotFound("event_log".to_owned()))?.try_get_by_index(0)?;
        tx.commit(None).await?;
        Ok(epoch)
    }
}
