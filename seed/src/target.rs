//! Finds the database to fill: the same one that the server would use.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use database::Location;

/// The variable with the database's URL.
const VARIABLE: &str = "DATABASE_URL";
/// The variable with the path of a file that contains the URL.
const FILE_VARIABLE: &str = "DATABASE_URL_FILE";
const DEFAULT: &str = "sqlite://data/thoughts.db";

/// The values of the two variables from one source. Empty values count as unset.
#[derive(Debug, Default, Clone)]
pub struct Named {
    /// Value of `DATABASE_URL`.
    pub url: Option<String>,
    /// Value of `DATABASE_URL_FILE`.
    pub file: Option<String>,
}

impl Named {
    /// Reads both variables with `get`.
    pub fn by(get: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        Self { url: set(VARIABLE), file: set(FILE_VARIABLE) }
    }

    fn address(self) -> anyhow::Result<Option<String>> {
        match (self.url, self.file) {
            (Some(_), Some(_)) => bail!("{VARIABLE} is set, and so is {FILE_VARIABLE}; expected one of them"),
            (url, None) => Ok(url),
            (None, Some(path)) => {
                // The path is not shown: it may be a secret in the wrong variable.
                let text = fs::read_to_string(path.trim())
                    .with_context(|| format!("{FILE_VARIABLE} names a file that cannot be read"))?;
                if text.trim().is_empty() {
                    bail!("{FILE_VARIABLE} names a file that is empty");
                }
                Ok(Some(text))
            }
        }
    }
}

/// The database named by `environment`, else by the file `.env` in `folder`, else the embedded one.
///
/// # Errors
/// If the address or a file is invalid. Neither is shown, because both may contain passwords.
pub fn target(environment: Named, folder: &Path) -> anyhow::Result<Location> {
    let address = match environment.address()? {
        Some(address) => address,
        None => from_file(&folder.join(".env"))?.unwrap_or_else(|| DEFAULT.to_owned()),
    };
    let location = Location::parse(&address)
        .map_err(|error| anyhow!("{VARIABLE} has a value (not shown) that is invalid; expected an address such as {DEFAULT} or postgresql://user:password@host:5432/database; this one {error}"))?;
    if location == Location::SqliteMemory {
        bail!("{VARIABLE}: a database in memory would be gone as soon as it is filled");
    }
    Ok(location)
}

/// The variables in a file, of which the first occurrence counts; `None` if the file does not exist.
fn from_file(path: &Path) -> anyhow::Result<Option<String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mut entries = Vec::new();
    for entry in dotenvy::from_read_iter(text.trim_start_matches('\u{feff}').as_bytes()) {
        match entry {
            Ok(entry) => entries.push(entry),
            Err(_) => bail!("{} has a malformed line; expected NAME=value in each", path.display()),
        }
    }
    let first = |name: &str| entries.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    let address = Named::by(first).address()?;
    if address.is_none()
        && let Some((name, _)) = entries.iter().find(|(name, _)| is_slip(name))
    {
        bail!("{} sets {name}, which is not known; did you mean {VARIABLE}?", path.display());
    }
    Ok(address)
}

/// Whether a name is a misspelling of the variable. It is rejected, so that no other database is filled or emptied by
/// mistake.
fn is_slip(name: &str) -> bool {
    let distance = strsim::osa_distance(&name.to_ascii_uppercase(), VARIABLE);
    name != VARIABLE && distance <= 2
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
        target(url(environment), folder(dot_env).path()).unwrap().to_string()
    }

    fn url(value: Option<&str>) -> Named {
        Named { url: value.map(str::to_owned), file: None }
    }

    #[test]
    fn the_environment_takes_precedence_over_the_file() {
        assert_eq!(named(Some("sqlite://a.db"), "DATABASE_URL=sqlite://b.db"), "SQLite at a.db");
        assert_eq!(named(None, "PORT=1\nDATABASE_URL='sqlite://b.db'\n"), "SQLite at b.db");
        assert_eq!(named(None, "DATABASE_URL=sqlite://b.db\nDATABASE_URL=sqlite://c.db"), "SQLite at b.db");
    }

    #[test]
    fn is_the_embedded_one_by_default() {
        assert_eq!(named(None, "DATABASE_URL=\n"), "SQLite at data/thoughts.db");
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(target(Named::default(), empty.path()).unwrap().to_string(), "SQLite at data/thoughts.db");
    }

    #[test]
    fn does_not_show_rejected_values() {
        for (environment, dot_env) in [
            (Some("mysql://me:hush@h/db"), ""),
            (Some("postgres:me:hush@h/db"), ""),
            (Some("postgres://me:p@hush/rest@h/db"), ""),
            (Some("postgres://me@h/db?pasword=hush"), ""),
            (Some("postgres://me@h/db?sslmode=hush"), ""),
            (None, "DATABASE_URL=postgres//me:hush"),
            (None, "hush hush"),
        ] {
            let error = target(url(environment), folder(dot_env).path()).unwrap_err();
            assert!(!format!("{error:#} {error:?}").contains("hush"), "{error:#}");
            assert!(environment.is_none() || error.to_string().starts_with("DATABASE_URL "), "{error:#}");
        }
        assert!(target(url(Some("sqlite::memory:")), Path::new(".")).is_err());
    }

    #[test]
    fn may_be_in_a_file_of_its_own() {
        let folder = folder("");
        let secret = folder.path().join("hush");
        fs::write(&secret, "postgres://me:hush@db/t\n").unwrap();
        let file = |path: &Path| Named { url: None, file: Some(path.to_str().unwrap().to_owned()) };
        assert_eq!(target(file(&secret), folder.path()).unwrap().to_string(), "PostgreSQL at db:5432/t");
        let dot_env = format!("DATABASE_URL_FILE={}\n", secret.display());
        assert_eq!(named(None, &dot_env), "PostgreSQL at db:5432/t");

        let both = Named { url: Some(DEFAULT.to_owned()), ..file(&secret) };
        assert!(target(both, folder.path()).unwrap_err().to_string().contains("and so is DATABASE_URL_FILE"));
        fs::remove_file(&secret).unwrap();
        let error = target(file(&secret), folder.path()).unwrap_err();
        assert!(!format!("{error:#}").contains("hush"), "{error:#}");
    }

    #[test]
    fn a_misspelt_variable_is_rejected() {
        let said = |dot_env: &str| target(Named::default(), folder(dot_env).path()).unwrap_err().to_string();
        assert!(
            said("DATABASE_ULR=postgres://db/t")
                .ends_with("sets DATABASE_ULR, which is not known; did you mean DATABASE_URL?")
        );
        assert_eq!(named(Some("sqlite://a.db"), "DATABASE_ULR=x"), "SQLite at a.db");
    }
}
