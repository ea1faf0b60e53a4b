//! Where the data is: what a `DATABASE_URL` says.

use std::path::PathBuf;

use url::Url;

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// An SQLite file; made when it is not there.
    SqliteFile(PathBuf),
    /// An SQLite database that lives as long as the process.
    SqliteMemory,
    /// A PostgreSQL database.
    Postgres {
        /// The address, without parameters that only other clients know.
        url: String,
        /// The schema that holds the tables; the server's default when absent.
        schema: Option<String>,
    },
}

/// Parameters that other clients put into the same variable (Prisma's, for one) and the driver does not know.
const FOREIGN_PARAMETERS: &[&str] =
    &["schema", "connection_limit", "pool_timeout", "connect_timeout", "socket_timeout", "pgbouncer", "sslaccept"];

impl Location {
    /// Reads a `DATABASE_URL`: `sqlite://path`, `sqlite::memory:`, `postgres://…` or `postgresql://…`; the latter two
    /// with an optional `schema` parameter.
    ///
    /// # Errors
    /// [`ParseLocationError`], which never repeats the text: it may hold a password.
    pub fn parse(raw: &str) -> Result<Self, ParseLocationError> {
        if let Some(rest) = raw.strip_prefix("sqlite:") {
            return Self::parse_sqlite(rest);
        }
        let mut url = Url::parse(raw).map_err(|_| ParseLocationError::NotAnAddress)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(ParseLocationError::UnknownScheme);
        }
        let schema = url.query_pairs().find(|(name, _)| name == "schema").map(|(_, value)| value.into_owned());
        if schema.as_deref().is_some_and(|name| !is_plain_identifier(name)) {
            return Err(ParseLocationError::Schema);
        }
        let known: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| !FOREIGN_PARAMETERS.contains(&name.as_ref()))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.set_query(None);
        if !known.is_empty() {
            url.query_pairs_mut().extend_pairs(known);
        }
        Ok(Self::Postgres { url: url.into(), schema })
    }

    fn parse_sqlite(rest: &str) -> Result<Self, ParseLocationError> {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        match path {
            "" => Err(ParseLocationError::NoFile),
            ":memory:" => Ok(Self::SqliteMemory),
            path => Ok(Self::SqliteFile(PathBuf::from(path))),
        }
    }

    /// Whether this is the embedded database.
    pub fn is_embedded(&self) -> bool {
        !matches!(self, Self::Postgres { .. })
    }
}

impl std::fmt::Display for Location {
    /// Without user and password, fit for a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SqliteFile(path) => write!(f, "SQLite at {}", path.display()),
            Self::SqliteMemory => f.write_str("SQLite in memory"),
            Self::Postgres { url, .. } => match Url::parse(url) {
                Ok(url) => {
                    let host = url.host_str().unwrap_or("localhost");
                    write!(f, "PostgreSQL at {host}:{}{}", url.port().unwrap_or(5432), url.path())
                }
                Err(_) => f.write_str("PostgreSQL"),
            },
        }
    }
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

fn is_plain_identifier(name: &str) -> bool {
    (1..=63).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Text that is not a `DATABASE_URL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseLocationError {
    /// Not an address at all.
    #[error("is not an address such as sqlite://data/thoughts.db or postgresql://user:password@host:5432/database")]
    NotAnAddress,
    /// An address of something else.
    #[error("must begin with sqlite:, postgres:// or postgresql://")]
    UnknownScheme,
    /// `sqlite:` without a file.
    #[error("names no file")]
    NoFile,
    /// A schema that would need quoting.
    #[error("names a schema with other characters than letters, digits and underscores")]
    Schema,
}

#[cfg(test)]
mod tests {
    use super::*;

    mod parse {
        use super::*;

        #[test]
        fn takes_the_form_that_prisma_writes() {
            let parsed = Location::parse("postgresql://docker:docker@localhost:5432/thoughts?schema=public").unwrap();
            let Location::Postgres { url, schema } = parsed else { panic!("not PostgreSQL") };
            assert_eq!(url, "postgresql://docker:docker@localhost:5432/thoughts");
            assert_eq!(schema.as_deref(), Some("public"));
        }

        #[test]
        fn keeps_parameters_of_the_driver() {
            let parsed = Location::parse("postgres://h/db?sslmode=require&connection_limit=5").unwrap();
            assert!(
                matches!(parsed, Location::Postgres { url, schema: None } if url == "postgres://h/db?sslmode=require")
            );
        }

        #[test]
        fn finds_the_file() {
            for raw in ["sqlite://data/thoughts.db", "sqlite:data/thoughts.db", "sqlite://data/thoughts.db?mode=rwc"] {
                assert_eq!(Location::parse(raw), Ok(Location::SqliteFile("data/thoughts.db".into())), "{raw}");
            }
            assert_eq!(Location::parse("sqlite:///var/t.db"), Ok(Location::SqliteFile("/var/t.db".into())));
            assert_eq!(Location::parse("sqlite::memory:"), Ok(Location::SqliteMemory));
        }

        #[test]
        fn rejects_what_it_cannot_use() {
            assert_eq!(Location::parse("mysql://h/db"), Err(ParseLocationError::UnknownScheme));
            assert_eq!(Location::parse("thoughts.db"), Err(ParseLocationError::NotAnAddress));
            assert_eq!(Location::parse("sqlite://"), Err(ParseLocationError::NoFile));
            assert_eq!(Location::parse("postgres://h/db?schema=a%22b"), Err(ParseLocationError::Schema));
        }
    }

    #[test]
    fn never_shows_a_password() {
        let parsed = Location::parse("postgresql://me:secret@db.example:5433/thoughts").unwrap();
        assert_eq!(format!("{parsed} {parsed:?}").matches("secret").count(), 0);
        assert_eq!(parsed.to_string(), "PostgreSQL at db.example:5433/thoughts");
    }
}
