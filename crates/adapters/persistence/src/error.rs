//! What databases say when they fail, in the words of the ports.

use domain::RepositoryError;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr, sqlx};

/// The port's error for what a database said.
pub(crate) fn failed(operation: &'static str, error: DbErr) -> RepositoryError {
    if storage_failure(&error) == Some(StorageFailure::Full) {
        RepositoryError::storage_full(operation, error)
    } else if out_of_reach(&error) {
        RepositoryError::unavailable(operation, error)
    } else {
        RepositoryError::new(operation, error)
    }
}

/// Whether a row that this one refers to is not there (any more).
pub(crate) fn lacks_reference(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_)))
}

/// Whether a table is not there (yet).
pub(crate) fn lacks_table(error: &DbErr) -> bool {
    // undefined_table; SQLite has no code of its own for it.
    code(error).is_some_and(|code| code == "42P01") || error.to_string().contains("no such table")
}

/// A value in the database that no domain value can be made of.
pub(crate) fn corrupt(what: &'static str, error: impl std::fmt::Display) -> DbErr {
    DbErr::Type(format!("{what}: {error}"))
}

fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(e))
        | DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e)) => Some(e),
        _ => None,
    }
}

/// The SQLSTATE of PostgreSQL or the extended result code of SQLite.
fn code(error: &DbErr) -> Option<String> {
    match driver_error(error)? {
        sqlx::Error::Database(error) => error.code().map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

/// Whether the database ended a write in favour of another one.
pub(crate) fn lost_to_another(error: &DbErr) -> bool {
    // serialization_failure, deadlock_detected.
    code(error).is_some_and(|code| matches!(code.as_str(), "40001" | "40P01") || is_busy(&code))
}

/// `SQLITE_BUSY` and `SQLITE_LOCKED`.
fn is_busy(code: &str) -> bool {
    matches!(primary_code(code), Some(5 | 6))
}

/// The result code of SQLite without what its extended form tells in the higher bits: how it came to that. `None` of a
/// SQLSTATE, which is longer.
fn primary_code(code: &str) -> Option<u32> {
    if code.len() < 5 { code.parse::<u32>().ok().map(|code| code & 0xff) } else { None }
}

/// What keeps a database from storing what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StorageFailure {
    /// There is no room left.
    Full,
    /// The disc, or the way to it, fails, or may not be written.
    Failing,
}

/// Whether a database failed because of what it stores its data on.
///
/// A database that is corrupt is none of these: it does not become well by itself, and to try again is no use.
pub(crate) fn storage_failure(error: &DbErr) -> Option<StorageFailure> {
    let code = code(error)?;
    match (primary_code(&code), code.as_str()) {
        // SQLITE_FULL; disk_full.
        (Some(13), _) | (None, "53100") => Some(StorageFailure::Full),
        // SQLITE_READONLY, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_NOLFS; system_error, io_error.
        (Some(8 | 10 | 14 | 22), _) | (None, "58000" | "58030") => Some(StorageFailure::Failing),
        _ => None,
    }
}

/// Whether a row is held by somebody who does not let go of it.
pub(crate) fn waits_for_a_row(error: &DbErr) -> bool {
    // lock_not_available, deadlock_detected.
    code(error).is_some_and(|code| matches!(code.as_str(), "55P03" | "40P01"))
}

/// Whether a SQLSTATE tells of the connection or the server, and nothing of the statement.
pub(crate) fn is_of_the_connection(code: &str) -> bool {
    // 08: connection exception, 57P: shut down, terminated. Codes of SQLite are shorter.
    code.len() == 5 && ["08", "57P"].iter().any(|class| code.starts_with(class))
}

/// Whether the database refused a statement, which therefore has changed nothing for sure; or never got it.
pub(crate) fn changed_nothing(error: &DbErr) -> bool {
    match driver_error(error) {
        Some(sqlx::Error::Database(_)) => code(error).is_some_and(|code| !is_of_the_connection(&code)),
        _ => matches!(error, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
    }
}

/// Whether the database could not be reached, or gave up for now.
pub(crate) fn out_of_reach(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout | ConnAcquireErr::ConnectionClosed))
        || storage_failure(error).is_some()
    {
        return true;
    }
    match driver_error(error) {
        Some(
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            // What is read from a connection that breaks off half-way.
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed,
        ) => true,
        // 53: insufficient resources, 57014: cancelled by its time limit, 55P03: waited too long for a lock, 25P02 and
        // 25P03: a connection whose transaction broke off, 25006: read-only (a primary that became a standby).
        Some(sqlx::Error::Database(_)) => code(error).is_some_and(|code| {
            is_of_the_connection(&code)
                || (code.len() == 5 && code.starts_with("53"))
                || matches!(code.as_str(), "57014" | "55P03" | "25P02" | "25P03" | "25006" | "40001" | "40P01")
                // SQLITE_BUSY, SQLITE_LOCKED; out of memory; interrupted; a race for the log, lost too often.
                || matches!(primary_code(&code), Some(5 | 6 | 7 | 9 | 15))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::database::pipeline::Refusal;

    fn driver(error: sqlx::Error) -> DbErr {
        DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
    }

    fn said(code: &'static str) -> DbErr {
        driver(sqlx::Error::Database(Box::new(Refusal { code: code.to_owned(), said: String::new() })))
    }

    #[test]
    fn an_exhausted_pool_is_out_of_reach() {
        assert!(failed("test", DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)).unavailable);
    }

    #[test]
    fn a_full_disc_is_told_from_one_that_fails() {
        for code in ["13", "53100"] {
            let error = failed("test", said(code));
            assert!(error.unavailable && error.storage_full, "{code}");
        }
        // Written, read and flushed in vain; a file that is not there, cannot be written, or was moved away.
        for code in ["10", "778", "266", "1034", "14", "8", "1032", "58030", "58000"] {
            let error = failed("test", said(code));
            assert!(error.unavailable && !error.storage_full, "{code}");
            assert_eq!(storage_failure(&said(code)), Some(StorageFailure::Failing), "{code}");
        }
        for code in ["5", "7", "57014", "53200", "08006"] {
            assert!(failed("test", said(code)).unavailable, "{code}");
            assert_eq!(storage_failure(&said(code)), None, "{code}");
        }
    }

    #[test]
    fn a_corrupt_database_is_not_tried_again() {
        for code in ["11", "26", "XX001", "58P01", "2067", "1555", "23505"] {
            let error = failed("test", said(code));
            assert!(!error.unavailable && !error.storage_full, "{code}");
        }
    }

    #[test]
    fn what_was_refused_or_never_sent_changed_nothing() {
        // A unique key, a row that is held, a deadlock, a statement past its time.
        for code in ["23505", "55P03", "40P01", "57014"] {
            assert!(changed_nothing(&said(code)), "{code}");
        }
        assert!(changed_nothing(&DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)));
    }

    #[test]
    fn what_broke_off_may_have_changed_something() {
        // The server is shut down, crashed, or its connection failed.
        for code in ["57P01", "57P02", "08006"] {
            assert!(!changed_nothing(&said(code)), "{code}");
        }
        assert!(!changed_nothing(&driver(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()))));
        assert!(!changed_nothing(&driver(sqlx::Error::WorkerCrashed)));
    }
}
