//! An error of the database in the form of the pool's driver, although that driver did not report it.
//!
//! Made by [`crate::pipeline`] from an error that a PostgreSQL server returned over a pipelined connection. Also by
//! [`crate::file`], when the file of SQLite was moved. Classified by [`crate::error`].

use std::borrow::Cow;

use sea_orm::sqlx::error::{DatabaseError, ErrorKind};

/// The error that the database returned instead of rows.
#[derive(Debug, thiserror::Error)]
#[error("{said}")]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) said: String,
    /// The function of the server that raised it: more specific than the code, and the same in all languages.
    pub(crate) routine: Option<String>,
}

impl DatabaseError for Refusal {
    fn message(&self) -> &str {
        &self.said
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.code))
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
        // Reads violate no constraints.
        ErrorKind::Other
    }
}
