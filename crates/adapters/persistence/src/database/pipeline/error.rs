//! What the pipelined driver says, in the words of the other one: errors are judged in one place.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use sea_orm::sqlx::error::{DatabaseError, ErrorKind};
use sea_orm::{DbErr, RuntimeErr, sqlx};
use tokio_postgres::error::DbError;

/// Whether the connection failed and not the statement, so that it may be asked elsewhere.
pub(super) fn says_nothing_of_the_statement(error: &tokio_postgres::Error) -> bool {
    // 08: connection exception, 57P: shut down, terminated.
    error.code().is_none_or(|code| code.code().starts_with("08") || code.code().starts_with("57P"))
}

/// The error as it would be over the pool.
pub(super) fn translated(error: tokio_postgres::Error) -> DbErr {
    match error.as_db_error().cloned() {
        Some(refusal) => of_driver(sqlx::Error::Database(Box::new(Refusal(refusal)))),
        None => of_driver(sqlx::Error::Io(io::Error::other(error))),
    }
}

/// The error for a field that is not what it should be.
pub(crate) fn unreadable(error: tokio_postgres::Error) -> DbErr {
    of_driver(sqlx::Error::Decode(Box::new(error)))
}

/// An error with its causes, which this driver leaves out of what it says.
pub(super) fn chain(error: &tokio_postgres::Error) -> String {
    let mut said = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        said.push_str(": ");
        said.push_str(&cause.to_string());
        next = cause.source();
    }
    said
}

fn of_driver(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

/// What the server answered instead of rows.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refusal(DbError);

impl DatabaseError for Refusal {
    fn message(&self) -> &str {
        self.0.message()
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.0.code().code().into())
    }

    fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        // Reads break no constraints.
        ErrorKind::Other
    }
}
