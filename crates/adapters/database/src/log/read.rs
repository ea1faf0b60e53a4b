//! Reads the log: entries after a position, and its state.

use domain::{RepositoryError, Timestamp};
use sea_orm::{DbBackend, DbErr, Statement};

use super::EventLog;
use crate::fields::{Fields, Row};
use crate::operation::reading;

const AFTER: &str = "SELECT position, payload, recorded_at FROM events WHERE position > $1 ORDER BY position LIMIT $2";
const STATE: &str = "SELECT epoch, oldest, (SELECT coalesce(max(position), 0) FROM events), \
    (SELECT count(*) FROM outbox) FROM event_log";
const EMBEDDED_STATE: &str = "SELECT epoch, oldest, (SELECT coalesce(max(position), 0) FROM events), 0 FROM event_log";

/// What one transaction changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its position: 1 for the first, without gaps.
    pub position: u64,
    /// Its facts, as [`events::encode`] writes them.
    pub payload: String,
    /// When it got its position, by the clock of the database.
    pub recorded_at: Timestamp,
}

/// The state of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
    /// Names this numbering: positions of another epoch mean nothing in this one.
    pub epoch: String,
    /// The position of the oldest entry, or the next one if there is none.
    pub oldest: u64,
    /// The position of the newest entry; 0 if there never was one.
    pub head: u64,
    /// How many transactions wait for their positions.
    pub waiting: u64,
}

impl EventLog {
    /// The log of SQLite, where writers draw positions themselves.
    pub fn is_embedded(&self) -> bool {
        self.db.backend() != DbBackend::Postgres
    }

    /// Up to `most` entries after `position`, oldest first, from the primary.
    ///
    /// # Errors
    /// [`RepositoryError`] when the primary is out of reach.
    pub async fn after(&self, position: u64, most: u32) -> Result<Vec<Entry>, RepositoryError> {
        let values = [i64::try_from(position).unwrap_or(i64::MAX).into(), i64::from(most).into()];
        reading("event_log.after", async { self.rows(AFTER, values.to_vec()).await?.iter().map(entry).collect() }).await
    }

    /// The state of the log, from the primary.
    ///
    /// # Errors
    /// [`RepositoryError`] when the primary is out of reach.
    pub async fn state(&self) -> Result<LogState, RepositoryError> {
        let sql = if self.is_embedded() { EMBEDDED_STATE } else { STATE };
        reading("event_log.state", async {
            let rows = self.rows(sql, Vec::new()).await?;
            let row = rows.first().ok_or_else(|| DbErr::RecordNotFound("event_log".to_owned()))?;
            let mut fields = Fields::of(row);
            Ok(LogState {
                epoch: fields.value()?,
                oldest: fields.count()?,
                head: fields.count()?,
                waiting: fields.count()?,
            })
        })
        .await
    }

    pub(super) async fn rows(&self, sql: &str, values: Vec<sea_orm::Value>) -> Result<Vec<Row>, DbErr> {
        let statement = Statement::from_sql_and_values(self.db.backend(), sql, values);
        let rows = self.db.read_primary().query_at_once(statement).await?;
        Ok(rows.into_iter().map(Row::Pooled).collect())
    }
}

fn entry(row: &Row) -> Result<Entry, DbErr> {
    let mut fields = Fields::of(row);
    Ok(Entry { position: fields.count()?, payload: fields.value()?, recorded_at: fields.time()? })
}
