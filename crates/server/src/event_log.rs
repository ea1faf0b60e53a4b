//! The command `thoughts events`: shows the log of events, and renews its epoch.
//!
//! It uses the database alone, so it needs no running server. It creates nothing.

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use database::{ConnectError, Database, DatabaseOptions, Entry, EventLog, Location};
use domain::RepositoryError;

/// Entries that are shown before the new ones.
const LAST: u64 = 10;
/// Entries that one statement reads.
const PAGE: u32 = 500;
/// The interval of looking for new entries.
const LOOK: Duration = Duration::from_millis(100);
/// The pause after a failure.
const RETRY: Duration = Duration::from_secs(1);
/// How long the database may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// What [`tail`] shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// The position after which it begins; `None` for the last few entries.
    pub after: Option<u64>,
    /// Whether it goes on with new entries.
    pub follow: bool,
}

/// Why the command failed.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// The database is unreachable.
    #[error("DATABASE_URL cannot be used")]
    Connect(#[from] ConnectError),
    /// The SQLite file does not exist.
    #[error("the database does not exist yet: {0}")]
    NoDatabase(Location),
    /// The schema is not up to date.
    #[error("the schema of the database is not up to date: run `thoughts migrate`")]
    NotMigrated,
    /// The log could not be read or changed.
    #[error("the log of events cannot be reached")]
    Log(#[from] RepositoryError),
    /// A database was restored or emptied meanwhile.
    #[error(
        "the log has a new epoch, {0}, and positions of the one before mean nothing in it: begin again with --after 0"
    )]
    NewEpoch(String),
    /// The position does not exist yet.
    #[error("the newest position is {head}, before {after}: a restored database uses positions again")]
    Beyond {
        /// The position to begin after.
        after: u64,
        /// The newest position.
        head: u64,
    },
    /// The output failed.
    #[error("the entries could not be written")]
    Write(#[from] io::Error),
}

/// Writes entries to `out`, one JSON object a line, and warnings to standard error. Returns once there are no more, or
/// once `out` is closed. With [`Tail::follow`] it goes on for ever, also while the database is out of reach.
///
/// # Errors
/// [`EventsError`] when the database is out of reach at first, when the log begins a new epoch, or when `out` fails.
pub async fn tail(location: Location, tail: Tail, out: &mut impl Write) -> Result<(), EventsError> {
    let log = open(location).await?;
    let begun = log.state().await?;
    if let Some(after) = tail.after.filter(|after| *after > begun.head) {
        return Err(EventsError::Beyond { after, head: begun.head });
    }
    let mut position = tail.after.unwrap_or(begun.head.saturating_sub(LAST).max(begun.oldest.saturating_sub(1)));
    loop {
        match next(&log, &begun.epoch, &mut position, out).await {
            Err(EventsError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(EventsError::Log(error)) if tail.follow => {
                eprintln!("warning: {}; trying again", error.source);
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => return Err(error),
            Ok(0) if tail.follow => tokio::time::sleep(LOOK).await,
            Ok(0) => return Ok(()),
            Ok(_) => {}
        }
    }
}

/// Writes the next entries after `position`, and moves it. Returns how many there were.
async fn next(log: &EventLog, epoch: &str, position: &mut u64, out: &mut impl Write) -> Result<usize, EventsError> {
    let found = log.after(*position, PAGE).await?;
    if found.epoch != epoch {
        return Err(EventsError::NewEpoch(found.epoch));
    }
    if let Some(first) = found.entries.first().filter(|first| first.position > *position + 1) {
        eprintln!("warning: the entries from {} to {} were removed", *position + 1, first.position - 1);
    }
    for entry in &found.entries {
        writeln!(out, "{}", line(entry))?;
        *position = entry.position;
    }
    out.flush()?;
    Ok(found.entries.len())
}

/// An entry as it is printed.
fn line(entry: &Entry) -> String {
    let facts = &entry.payload;
    let (position, at) = (entry.position, entry.recorded_at.to_rfc3339());
    format!(r#"{{"position":{position},"recorded_at":"{at}","facts":{facts}}}"#)
}

/// The state of the log, one line a value.
///
/// # Errors
/// [`EventsError`] when the database is out of reach.
pub async fn lag(location: Location) -> Result<String, EventsError> {
    let state = open(location).await?.state().await?;
    let rows = [
        ("epoch", state.epoch),
        ("oldest", state.oldest.to_string()),
        ("head", state.head.to_string()),
        ("waiting", state.waiting.to_string()),
    ];
    Ok(rows.map(|(name, value)| format!("{name:<8} {value}\n")).concat())
}

/// Begins a new epoch of the log, and returns it.
///
/// # Errors
/// [`EventsError`] when the database is out of reach.
pub async fn renew(location: Location) -> Result<String, EventsError> {
    Ok(open(location).await?.renew().await?)
}

async fn open(location: Location) -> Result<EventLog, EventsError> {
    match persistence::inspect(&location, PATIENCE).await? {
        None => return Err(EventsError::NoDatabase(location)),
        Some(found) if !found.is_migrated => return Err(EventsError::NotMigrated),
        Some(_) => {}
    }
    let options = DatabaseOptions { max_connections: 2, acquire_timeout: PATIENCE, ..DatabaseOptions::new(location) };
    Ok(EventLog::new(Database::connect(&options).await?))
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn an_entry_is_one_line() {
        let entry = Entry {
            position: 7,
            payload: r#"[["user_erased","ada"],["user_recounted","bob"]]"#.to_owned(),
            recorded_at: Timestamp::from_micros(1_500_000),
        };
        let expected = concat!(
            r#"{"position":7,"recorded_at":"1970-01-01T00:00:01.500000Z","#,
            r#""facts":[["user_erased","ada"],["user_recounted","bob"]]}"#
        );
        assert_eq!(line(&entry), expected);
    }
}
