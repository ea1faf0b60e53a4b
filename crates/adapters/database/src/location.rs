//! Where the data is: what a `DATABASE_URL` says.
//!
//! An address may be mistaken, and then what stands for the name of a host or of a parameter may be part of a password. So
//! an address that can be read in two ways is refused, errors never repeat it, and nothing of the address of a server is
//! to be shown before a server was reached there.

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
    /// An SQLite file; made when it is not there.
    SqliteFile(PathBuf),
    /// An SQLite database that lives as long as the process.
    SqliteMemory,
    /// A PostgreSQL database.
    Postgres {
        /// The address, without parameters that only other clients know; the driver takes it.
        url: String,
        /// The schema that holds the tables; the server's default when absent.
        schema: Option<String>,
    },
}

impl Location {
    /// Reads a `DATABASE_URL`: `sqlite://path`, `sqlite::memory:`, `postgres://…` or `postgresql://…`; the latter two
    /// with an optional `schema` parameter. A path is taken as it is: nothing in it is decoded.
    ///
    /// # Errors
    /// [`ParseLocationError`], which never repeats the text: it may hold a password.
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

    /// Whether this is the embedded database.
    pub fn is_embedded(&self) -> bool {
        !matches!(self, Self::Postgres { .. })
    }
}

/// Without user and password. For those who have reached the server: before that, what looks like its name may be part
/// of a password.
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

/// Nothing of the address of a server.
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
