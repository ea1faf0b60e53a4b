//! Sets of rows as a value of a statement: a JSON array, which PostgreSQL reads as rows.
//!
//! One value for any number of rows keeps the text of the statement constant, and with it the plan. Ids are looked up
//! as `= ANY (ARRAY(SELECT ...))`. For a set, PostgreSQL expects many rows and would scan a table of some thousand
//! rows. For an array it expects few and takes the index.

use std::time::Duration;

use sea_orm::{DbBackend, DbErr, Statement};
use serde::Serialize;

use crate::error::corrupt;

/// A statement whose first value is a set of rows. Its second value is how long it waits for a lock, in milliseconds.
pub fn statement(
    sql: &str,
    rows: impl IntoIterator<Item = impl Serialize>,
    patience: Duration,
) -> Result<Statement, DbErr> {
    let rows: Vec<_> = rows.into_iter().collect();
    let rows = serde_json::to_string(&rows).map_err(|error| corrupt("set", error))?;
    let values = [rows.into(), patience.as_millis().to_string().into()];
    Ok(Statement::from_sql_and_values(DbBackend::Postgres, sql, values))
}

/// The beginning of a batch statement: the lock timeout, and a set of rows named `new`. The timeout is set before the
/// statement takes a lock, and holds until the end of the statement.
#[macro_export]
macro_rules! with_new {
    ($columns:literal, $($rest:expr),+ $(,)?) => {
        concat!(
            "WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', $2, true)), new AS MATERIALIZED ( \
                SELECT new.* FROM patience, json_to_recordset($1::json) AS new(",
            $columns,
            ")), ",
            $($rest),+
        )
    };
}
