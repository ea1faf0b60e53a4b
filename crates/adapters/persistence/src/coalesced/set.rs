//! Sets of rows as the one value of a statement: a JSON array, which PostgreSQL reads as rows.
//!
//! One value for any number of rows keeps the statement's text, and so its plan, the same. Ids are looked up as
//! `= ANY (ARRAY(SELECT ...))`: of a set PostgreSQL expects so many that it would rather read a whole table of some
//! thousand rows, of an array so few that it takes the index.

use sea_orm::{DbBackend, DbErr, Statement};
use serde::Serialize;

use crate::error::corrupt;

/// A statement with a set as its value.
pub(super) fn statement(sql: &str, rows: impl IntoIterator<Item = impl Serialize>) -> Result<Statement, DbErr> {
    let rows: Vec<_> = rows.into_iter().collect();
    let rows = serde_json::to_string(&rows).map_err(|error| corrupt("set", error))?;
    Ok(Statement::from_sql_and_values(DbBackend::Postgres, sql, [rows.into()]))
}
