//! What databases say when they fail, in the words of the ports.

use std::sync::Arc;

use domain::RepositoryError;
use resilience::Overloaded;
use sea_orm::sqlx::postgres::PgDatabaseError;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr, sqlx};

use crate::pipeline::Refusal;

/// The port's error for what a database said.
pub(crate) fn failed(operation: &'static str, error: DbErr) -> RepositoryError {
    if let Some(refused) = overload(&error) {
        RepositoryError::overloaded(operation, refused.retry_after, error)
    } else if storage_failure(&error) == Some(StorageFailure::Full) {
        RepositoryError::storage_full(operation, error)
    } else if out_of_reach(&error) {
        RepositoryError::unavailable(operation, error)
    } else {
        RepositoryError::new(operation, error)
    }
}

/// What was not sent to the database, as it has more to do than it can do in time.
pub(crate) fn refused(overloaded: Overloaded) -> DbErr {
    // The one error of the driver that carries another one and says nothing of a connection.
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(sqlx::Error::Configuration(overloaded.into()))))
}

/// Whether an error is one of those.
pub(crate) fn is_overload(error: &DbErr) -> bool {
    overload(error).is_some()
}

/// Says so of an error, if it is one of those.
fn overload(error: &DbErr) -> Option<&Overloaded> {
    match driver_error(error)? {
        sqlx::Error::Configuration(error) => error.downcast_ref(),
        _ => None,
    }
}

/// Whether a row that this one refers to is not there (any more).
pub fn lacks_reference(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_)))
}

/// Whether a table is not there (yet).
pub(crate) fn lacks_table(error: &DbErr) -> bool {
    // undefined_table; SQLite has no code of its own for it.
    code(error).is_some_and(|code| code == "42P01") || error.to_string().contains("no such table")
}

/// A value in the database that no domain value can be made of.
pub fn corrupt(what: &'static str, error: impl std::fmt::Display) -> DbErr {
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

/// Why a write that failed may well succeed when it is begun again, in one word; `None` if it would fail again. The
/// database ended it in favour of another one, or refused a statement for what it was prepared for. It has changed nothing.
pub(crate) fn reason_to_retry(error: &DbErr) -> Option<&'static str> {
    match code(error)?.as_str() {
        _ if has_stale_plan(error) => Some("stale_plan"),
        "40P01" => Some("deadlock"),
        "40001" => Some("serialization"),
        code if is_busy(code) => Some("busy"),
        _ => None,
    }
}

/// Whether a statement was prepared for a schema that has changed since, or its session knows nothing of it (any more). It is
/// good when it is prepared anew. A column or a table that is gone (42703, 42P01) is another matter: it stays gone; so is a
/// name that is taken (42P05), which a pooler hands on that cannot do prepared statements.
pub(crate) fn has_stale_plan(error: &DbErr) -> bool {
    let Some(sqlx::Error::Database(refusal)) = driver_error(error) else {
        return false;
    };
    let routine = || match (refusal.try_downcast_ref::<PgDatabaseError>(), refusal.try_downcast_ref::<Refusal>()) {
        (Some(refusal), _) => refusal.routine(),
        (_, Some(refusal)) => refusal.routine.as_deref(),
        _ => None,
    };
    match refusal.code().as_deref() {
        // feature_not_supported, which says much else besides "cached plan must not change result type".
        Some("0A000") => routine() == Some("RevalidateCachedQuery"),
        // invalid_sql_statement_name.
        Some("26000") => true,
        _ => false,
    }
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

/// Whether a row is held by somebody who does not let go of it, in the word of [`reason_to_retry`]: `held` for longer than
/// it was waited for, or `deadlock`.
pub(crate) fn waits_for_a_row(error: &DbErr) -> Option<&'static str> {
    match code(error)?.as_str() {
        "55P03" => Some("held"),
        "40P01" => Some("deadlock"),
        _ => None,
    }
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
        _ => overload(error).is_some() || matches!(error, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
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
    use domain::Failure;

    use super::*;

    fn driver(error: sqlx::Error) -> DbErr {
        DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
    }

    fn said(code: &'static str) -> DbErr {
        said_by(code, None)
    }

    fn said_by(code: &'static str, routine: Option<&str>) -> DbErr {
        let routine = routine.map(ToOwned::to_owned);
        driver(sqlx::Error::Database(Box::new(Refusal { code: code.to_owned(), said: String::new(), routine })))
    }

    #[test]
    fn only_what_is_good_when_it_is_prepared_anew_has_a_stale_plan() {
        assert!(has_stale_plan(&said_by("0A000", Some("RevalidateCachedQuery"))));
        assert!(has_stale_plan(&said("26000")));
        for code in ["0A000", "42703", "42P01", "42P05"] {
            assert!(!has_stale_plan(&said(code)), "{code}");
        }
        assert_eq!(reason_to_retry(&said("26000")), Some("stale_plan"));
    }

    #[test]
    fn an_exhausted_pool_is_out_of_reach() {
        assert!(failed("test", DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)).is_unavailable());
    }

    #[test]
    fn what_the_gate_refused_says_when_to_come_back() {
        let wait = std::time::Duration::from_secs(2);
        let refused = failed("test", refused(Overloaded { retry_after: wait }));
        assert_eq!(refused.failure, Failure::Overloaded { retry_after: wait });
    }

    #[test]
    fn a_full_disc_is_told_from_one_that_fails() {
        for code in ["13", "53100"] {
            let error = failed("test", said(code));
            assert_eq!(error.failure, Failure::StorageFull, "{code}");
        }
        // Written, read and flushed in vain; a file that is not there, cannot be written, or was moved away.
        for code in ["10", "778", "266", "1034", "14", "8", "1032", "58030", "58000"] {
            let error = failed("test", said(code));
            assert_eq!(error.failure, Failure::Unavailable, "{code}");
            assert_eq!(storage_failure(&said(code)), Some(StorageFailure::Failing), "{code}");
        }
        for code in ["5", "7", "57014", "53200", "08006"] {
            assert!(failed("test", said(code)).is_unavailable(), "{code}");
            assert_eq!(storage_failure(&said(code)), None, "{code}");
        }
    }

    #[test]
    fn a_corrupt_database_is_not_tried_again() {
        for code in ["11", "26", "XX001", "58P01", "2067", "1555", "23505"] {
            let error = failed("test", said(code));
            assert_eq!(error.failure, Failure::Fault, "{code}");
        }
    }

    #[test]
    fn what_was_refused_or_never_sent_changed_nothing() {
        // A unique key, a row that is held, a deadlock, a statement past its time.
        for code in ["23505", "55P03", "40P01", "57014"] {
            assert!(changed_nothing(&said(code)), "{code}");
        }
        assert!(changed_nothing(&DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)));
        assert!(changed_nothing(&refused(Overloaded { retry_after: std::time::Duration::ZERO })));
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
