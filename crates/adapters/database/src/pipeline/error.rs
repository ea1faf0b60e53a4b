//! Translates errors of the pipelined driver to those of the pool's driver, so that both are classified in one place.

use std::io;
use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::error::is_of_the_connection;
use crate::refusal::Refusal;

/// Whether the connection failed and not the statement, so that the pool may run the statement.
pub(super) fn concerns_the_connection(error: &tokio_postgres::Error) -> bool {
    error.code().is_none_or(|code| is_of_the_connection(code.code()))
}

/// The error as the pool would return it.
pub(super) fn translated(error: tokio_postgres::Error) -> DbErr {
    match error.as_db_error() {
        Some(refusal) => {
            let refusal = Refusal {
                code: refusal.code().code().to_owned(),
                said: refusal.to_string(),
                routine: refusal.routine().map(ToOwned::to_owned),
            };
            of_driver(sqlx::Error::Database(Box::new(refusal)))
        }
        None => of_driver(sqlx::Error::Io(io::Error::other(error))),
    }
}

/// The error for a field of an unexpected type or content.
pub(crate) fn unreadable(error: tokio_postgres::Error) -> DbErr {
    of_driver(sqlx::Error::Decode(Box::new(error)))
}

/// The message of an error with its causes, which this driver leaves out.
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
