//! Captures the statements of a request by observing the repositories that run them.
//!
//! `pgbench` thus always runs the same statements as the server.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail};
use database::{Database, DatabaseOptions, Location, Observer, StatementEvent};
use sea_orm::Value;

/// A statement that was run once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Its text, with placeholders `$1`, `$2`, ….
    pub sql: String,
    /// Its values as text.
    pub values: Vec<String>,
}

/// A database whose statements are recorded.
pub struct Watched {
    /// The database to create repositories with.
    pub database: Database,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen(Mutex<Vec<Result<Captured, String>>>);

impl Observer for Seen {
    fn statement(&self, event: &StatementEvent<'_>) {
        let captured = capture(event);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(captured);
    }

    fn transaction(&self) {}
}

/// The only place that depends on the structure of an event.
fn capture(event: &StatementEvent<'_>) -> Result<Captured, String> {
    let values = event.values.iter().flat_map(|values| &values.0);
    let values = values.map(text).collect::<Result<_, _>>()?;
    Ok(Captured { sql: event.sql.to_owned(), values })
}

fn text(value: &Value) -> Result<String, String> {
    Ok(match value {
        Value::Bool(Some(value)) => value.to_string(),
        Value::SmallInt(Some(value)) => value.to_string(),
        Value::Int(Some(value)) => value.to_string(),
        Value::BigInt(Some(value)) => value.to_string(),
        Value::Unsigned(Some(value)) => value.to_string(),
        Value::BigUnsigned(Some(value)) => value.to_string(),
        Value::String(Some(value)) => value.clone(),
        other => return Err(format!("no way to hand {other:?} to pgbench")),
    })
}

impl Watched {
    /// Opens the database.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub async fn open(url: &str) -> Result<Self> {
        let seen = Arc::new(Seen::default());
        let mut options = DatabaseOptions::new(Location::parse(url)?);
        options.max_connections = 2;
        options.observer = Some(seen.clone());
        Ok(Self { database: Database::connect(&options).await?, seen })
    }

    /// The statements since the last call.
    ///
    /// # Errors
    /// If there are none, or a value cannot be converted.
    pub fn take(&self) -> Result<Vec<Captured>> {
        let seen = std::mem::take(&mut *self.seen.0.lock().unwrap_or_else(PoisonError::into_inner));
        if seen.is_empty() {
            bail!("the repository ran no statement");
        }
        seen.into_iter().collect::<Result<_, _>>().map_err(anyhow::Error::msg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_text_or_an_error() {
        assert_eq!(text(&Value::BigInt(Some(-7))), Ok("-7".to_owned()));
        assert_eq!(text(&Value::String(Some("ab".to_owned()))), Ok("ab".to_owned()));
        assert!(text(&Value::String(None)).is_err());
    }
}
