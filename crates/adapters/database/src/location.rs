//! Parses `DATABASE_URL`: where the data is.
//!
//! Invariants, because in a mistaken address any part may be a piece of the password:
//! - An address that can be read in two ways is rejected.
//! - Errors never repeat the address.
//! - No part of a server's address is shown before the server was reached there.
//!
//! Tested in `location/tests.rs`.

mod parameters;
mod postgres;
mod problem;
mod sqlite;

use std::fmt;
use std::path::PathBuf;

use sea_orm::sqlx::postgres::PgConnectOptions;

pub use problem::ParseLocationError;

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// An SQLite file, which is created if it is missing.
    SqliteFile(PathBuf),
    /// An SQLite database in memory, which lives as long as the process.
    SqliteMemory,
    Postgres {
        /// The address for the driver, without the parameters that only other clients know.
        url: String,
        /// The schema of the tables; `None` for the default of the server.
        schema: Option<String>,
    },
}

impl Location {
    /// Parses a `DATABASE_URL`: `sqlite://path`, `sqlite::memory:`, `postgres://…` or `postgresql://…`. The latter
    /// two may have a `schema` parameter. A path is taken literally: nothing in it is decoded.
    ///
    /// # Errors
    /// [`ParseLocationError`], which never repeats the text: it may contain a password.
    pub fn parse(raw: &str) -> Result<Self, ParseLocationError> {
        let raw = raw.trim();
        if raw.contains(char::is_control) {
            return Err(ParseLocationError::NotAnAddress);
        }
        match raw.strip_prefix("sqlite:") {
            Some(rest) => sqlite::parse(rest),
            None => postgres::parse(raw),
        }
    }

    /// Whether the database is embedded, as a file or in memory.
    pub fn is_embedded(&self) -> bool {
        !matches!(self, Self::Postgres { .. })
    }
}

/// The address without user and password. To be used after the server was reached: before that, what looks like its
/// name may be part of a password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Postgres { url, .. } = self else {
            return write!(f, "{self:?}");
        };
        let Ok(options) = url.parse::<PgConnectOptions>() else {
            return write!(f, "{self:?}");
        };
        match options.get_socket() {
            Some(folder) => write!(f, "PostgreSQL at {}", folder.display())?,
            None => write!(f, "PostgreSQL at {}:{}", options.get_host(), options.get_port())?,
        }
        write!(f, "/{}", options.get_database().unwrap_or_default())
    }
}

/// Shows nothing of the address of a server.
impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqliteFile(path) => write!(f, "SQLite at {}", path.display()),
            Self::SqliteMemory => f.write_str("SQLite in memory"),
            Self::Postgres { .. } => f.write_str("a PostgreSQL server"),
        }
    }
}

#[cfg(test)]
mod tests;
