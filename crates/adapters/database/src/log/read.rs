//! Reads the log: entries after a position, and its state.

use domain::{RepositoryError, Timestamp};
use sea_orm::{DbBackend, DbErr, Statement};

use super::EventLog;
use crate::error::corrupt;
use crate::fields::{Fields, Row};
use crate::operation::reading;

/// The epoch, and the next entries; one row at least.
const AFTER: &str = "SELECT epoch, position, payload, recorded_at FROM event_log LEFT JOIN ( \
        SELECT position, payload, recorded_at FROM events WHERE position > $1 ORDER BY position LIMIT $2 \
    ) AS entries ON true ORDER BY position";
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

/// Some entries of the log that follow one another, and the epoch in which they have their positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries {
    /// As in [`LogState`].
    pub epoch: String,
    /// The entries, oldest first.
    pub entries: Vec<Entry>,
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

    /// Up to `most` entries after `position`, from the primary.
    ///
    /// # Errors
    /// [`RepositoryError`] when the primary is out of reach.
    pub async fn after(&self, position: u64, most: u32) -> Result<Entries, RepositoryError> {
        let values = vec![i64::try_from(position).unwrap_or(i64::MAX).into(), i64::from(most).into()];
        reading("event_log.after", async { read_entries(&self.rows(AFTER, values).await?) }).await
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

fn read_entries(rows: &[Row]) -> Result<Entries, DbErr> {
    let (mut epoch, mut entries) = (None, Vec::new());
    for row in rows {
        let mut fields = Fields::of(row);
        epoch = Some(fields.value()?);
        if let Some(position) = fields.value::<Option<i64>>()? {
            let position = u64::try_from(position).map_err(|error| corrupt("position", error))?;
            entries.push(Entry { position, payload: fields.value()?, recorded_at: fields.time()? });
        }
    }
    let epoch = epoch.ok_or_else(|| DbErr::RecordNotFound("event_log".to_owned()))?;
    Ok(Entries { epoch, entries })
}
