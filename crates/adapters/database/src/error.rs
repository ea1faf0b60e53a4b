//! Classifies the errors of both databases, and maps them to the errors of the ports.
//!
//! Invariants:
//! - An error is retried only if it proves that nothing was changed.
//! - A commit fails without effect only if the database rejected it or never received it; any other failure is
//!   unconfirmed.
//!
//! Tested here.

use std::sync::Arc;

use domain::RepositoryError;
use resilience::Overloaded;
use sea_orm::sqlx::postgres::PgDatabaseError;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr, sqlx};

use crate::refusal::Refusal;

/// The port's error for a database error.
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

/// The error of a statement that was rejected before it was sent, because the gate is overloaded.
pub(crate) fn refused(overloaded: Overloaded) -> DbErr {
    // The only driver error that carries another error and says nothing of a connection.
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(sqlx::Error::Configuration(overloaded.into()))))
}

/// Whether the gate rejected the statement.
pub(crate) fn is_overload(error: &DbErr) -> bool {
    overload(error).is_some()
}

/// The rejection by the gate, if the error is one.
fn overload(error: &DbErr) -> Option<&Overloaded> {
    match driver_error(error)? {
        sqlx::Error::Configuration(error) => error.downcast_ref(),
        _ => None,
    }
}

/// Whether a foreign key refers to a row that does not exist.
pub fn lacks_reference(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_)))
}

/// Whether a table does not exist.
pub(crate) fn lacks_table(error: &DbErr) -> bool {
    // undefined_table; SQLite has no code of its own for it.
    code(error).is_some_and(|code| code == "42P01") || error.to_string().contains("no such table")
}

/// The error for a stored value that is invalid in the domain.
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

/// The SQLSTATE of PostgreSQL, or the extended result code of SQLite.
fn code(error: &DbErr) -> Option<String> {
    match driver_error(error)? {
        sqlx::Error::Database(error) => error.code().map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

/// The reason for a retry, as a label; `None` if a retry would fail again. The database rolled the write back in
/// favour of another, or rejected a stale prepared statement. Nothing was changed.
pub(crate) fn reason_to_retry(error: &DbErr) -> Option<&'static str> {
    match code(error)?.as_str() {
        _ if has_stale_plan(error) => Some("stale_plan"),
        "40P01" => Some("deadlock"),
        "40001" => Some("serialization"),
        code if is_busy(code) => Some("busy"),
        _ => None,
    }
}

/// Whether a prepared statement is stale: the schema has changed since, or the session does not know the statement.
/// Preparing it again helps. It does not help when a column or a table is missing (42703, 42P01). Neither does it for
/// a name that is taken (42P05), the error of a pooler without support for prepared statements.
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
        // `feature_not_supported`, which covers more than "cached plan must not change result type".
        Some("0A000") => routine() == Some("RevalidateCachedQuery"),
        // `invalid_sql_statement_name`.
        Some("26000") => true,
        _ => false,
    }
}

/// `SQLITE_BUSY` and `SQLITE_LOCKED`.
fn is_busy(code: &str) -> bool {
    matches!(primary_code(code), Some(5 | 6))
}

/// The primary result code of SQLite, without the higher bits of the extended code. `None` for a SQLSTATE, which is
/// longer.
fn primary_code(code: &str) -> Option<u32> {
    if code.len() < 5 { code.parse::<u32>().ok().map(|code| code & 0xff) } else { None }
}

/// What keeps a database from storing writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StorageFailure {
    /// The disc is full.
    Full,
    /// The disc or the connection to it fails, or it is read-only.
    Failing,
}

/// Whether a database failed because of its storage.
///
/// A corrupt database is not included: it does not recover, and a retry does not help.
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

/// The reason why a lock was not granted: `held` when the lock timeout expired, or `deadlock`. As labels of a retry,
/// like those of [`reason_to_retry`].
pub(crate) fn waits_for_a_row(error: &DbErr) -> Option<&'static str> {
    match code(error)?.as_str() {
        "55P03" => Some("held"),
        "40P01" => Some("deadlock"),
        _ => None,
    }
}

/// Whether a SQLSTATE concerns the connection or the server, and not the statement.
pub(crate) fn is_of_the_connection(code: &str) -> bool {
    // 08: connection exception; 57P: shut down or terminated. Codes of SQLite are shorter.
    code.len() == 5 && ["08", "57P"].iter().any(|class| code.starts_with(class))
}

/// Whether the statement certainly changed nothing: the database rejected it, or never received it.
pub(crate) fn changed_nothing(error: &DbErr) -> bool {
    match driver_error(error) {
        Some(sqlx::Error::Database(_)) => code(error).is_some_and(|code| !is_of_the_connection(&code)),
        _ => overload(error).is_some() || matches!(error, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
    }
}

/// Whether the database is out of reach, or cannot serve the statement now.
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
            // A connection that breaks in the middle of a message.
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed,
        ) => true,
        // 53: insufficient resources. 57014: statement timeout. 55P03: lock timeout. 25P02, 25P03: the transaction of the
        // connection was aborted. 25006: read-only, as on a primary that became a standby.
        Some(sqlx::Error::Database(_)) => code(error).is_some_and(|code| {
            is_of_the_connection(&code)
                || (code.len() == 5 && code.starts_with("53"))
                || matches!(code.as_str(), "57014" | "55P03" | "25P02" | "25P03" | "25006" | "40001" | "40P01")
                // `SQLITE_BUSY`, `SQLITE_LOCKED`; out of memory; interrupted; a race for the log, lost too often.
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
    fn only_errors_cured_by_preparing_again_are_stale_plans() {
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
    fn a_rejection_by_the_gate_says_when_to_retry() {
        let wait = std::time::Duration::from_secs(2);
        let refused = failed("test", refused(Overloaded { retry_after: wait }));
        assert_eq!(refused.failure, Failure::Overloaded { retry_after: wait });
    }

    #[test]
    fn a_full_disc_and_a_failing_disc_are_distinguished() {
        for code in ["13", "53100"] {
            let error = failed("test", said(code));
            assert_eq!(error.failure, Failure::StorageFull, "{code}");
        }
        // Errors of writing, reading and flushing; a file that is missing, read-only, or was moved.
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
    fn a_corrupt_database_is_a_fault() {
        for code in ["11", "26", "XX001", "58P01", "2067", "1555", "23505"] {
            let error = failed("test", said(code));
            assert_eq!(error.failure, Failure::Fault, "{code}");
        }
    }

    #[test]
    fn rejected_and_unsent_statements_changed_nothing() {
        // A unique key, a row lock, a deadlock, a statement timeout.
        for code in ["23505", "55P03", "40P01", "57014"] {
            assert!(changed_nothing(&said(code)), "{code}");
        }
        assert!(changed_nothing(&DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)));
        assert!(changed_nothing(&refused(Overloaded { retry_after: std::time::Duration::ZERO })));
    }

    #[test]
    fn a_broken_connection_may_have_changed_something() {
        // The server shut down or crashed, or its connection failed.
        for code in ["57P01", "57P02", "08006"] {
            assert!(!changed_nothing(&said(code)), "{code}");
        }
        assert!(!changed_nothing(&driver(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()))));
        assert!(!changed_nothing(&driver(sqlx::Error::WorkerCrashed)));
    }
}
