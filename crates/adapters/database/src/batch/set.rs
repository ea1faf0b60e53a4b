//! Sets of rows as a value of a statement: a JSON array, which PostgreSQL reads as rows.
//!
//! One value for any number of rows keeps the statement's text, and so its plan, the same. Ids are looked up as
//! `= ANY (ARRAY(SELECT ...))`: of a set PostgreSQL expects so many that it would rather read a whole table of some
//! thousand rows, of an array so few that it takes the index.

use std::time::Duration;

use sea_orm::{DbBackend, DbErr, Statement};
use serde::Serialize;

use crate::error::corrupt;

/// A statement with a set as its first value, and as its second how long it waits for a lock, in milliseconds.
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

/// The beginning of a statement: a set of rows named `new`, and how long to wait for locks, which is set before there is
/// any to wait for, and until the statement's end.
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
