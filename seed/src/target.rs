//! Which database: the one that the server would use, too.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, bail};
use persistence::Location;

/// The variable that names the database.
const VARIABLE: &str = "DATABASE_URL";
/// The embedded database.
const DEFAULT: &str = "sqlite://data/thoughts.db";

/// The database that `from_environment` (the value of `DATABASE_URL`) names, else the file `.env` in `folder`, else the
/// embedded one. Empty means unset.
///
/// # Errors
/// When the address or the file makes no sense. Neither is shown, for they may hold passwords.
pub fn target(from_environment: Option<String>, folder: &Path) -> anyhow::Result<Location> {
    let is_set = |value: &String| !value.is_empty();
    let named = match from_environment.filter(is_set) {
        Some(value) => Some(value),
        None => from_file(&folder.join(".env"))?.filter(is_set),
    };
    let location = Location::parse(named.as_deref().unwrap_or(DEFAULT)).context(VARIABLE)?;
    if location == Location::SqliteMemory {
        bail!("{VARIABLE}: a database in memory would be gone as soon as it is filled");
    }
    Ok(location)
}

/// The first value in a file; `None` if there is no such file.
fn from_file(path: &Path) -> anyhow::Result<Option<String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    for entry in dotenvy::from_read_iter(text.trim_start_matches('\u{feff}').as_bytes()) {
        match entry {
            Ok((name, value)) if name == VARIABLE => return Ok(Some(value)),
            Ok(_) => {}
            Err(_) => bail!("{} has a malformed line; expected NAME=value in each", path.display()),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn folder(dot_env: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".env"), dot_env).unwrap();
        folder
    }

    #[track_caller]
    fn named(environment: Option<&str>, dot_env: &str) -> String {
        target(environment.map(str::to_owned), folder(dot_env).path()).unwrap().to_string()
    }

    #[test]
    fn is_what_the_environment_says_before_what_the_file_says() {
        assert_eq!(named(Some("sqlite://a.db"), "DATABASE_URL=sqlite://b.db"), "SQLite at a.db");
        assert_eq!(named(Some(""), "PORT=1\nDATABASE_URL='sqlite://b.db'\n"), "SQLite at b.db");
        assert_eq!(named(None, "DATABASE_URL=sqlite://b.db\nDATABASE_URL=sqlite://c.db"), "SQLite at b.db");
    }

    #[test]
    fn is_the_embedded_one_by_default() {
        assert_eq!(named(None, "DATABASE_URL=\n"), "SQLite at data/thoughts.db");
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(target(None, empty.path()).unwrap().to_string(), "SQLite at data/thoughts.db");
    }

    #[test]
    fn does_not_show_what_it_rejects() {
        for (environment, dot_env) in
            [(Some("mysql://me:hush@h/db"), ""), (None, "DATABASE_URL=postgres//me:hush"), (None, "hush hush")]
        {
            let error = target(environment.map(str::to_owned), folder(dot_env).path()).unwrap_err();
            assert!(!format!("{error:#} {error:?}").contains("hush"), "{error:#}");
        }
        assert!(target(Some("sqlite::memory:".to_owned()), Path::new(".")).is_err());
    }
}
