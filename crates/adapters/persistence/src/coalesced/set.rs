//! Sets of rows as one value of a statement: a JSON array, which PostgreSQL reads as rows.
//!
//! One value for any number of rows keeps the statement's text, and so its plan, the same.

use std::collections::{BTreeSet, HashMap};

use domain::{Author, Cuid, DisplayName, Id, UserId, Username};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use serde::Serialize;

use crate::error::corrupt;
use crate::fields::Fields;

/// A statement with sets as its values.
pub(super) fn statement(sql: &str, sets: impl IntoIterator<Item = String>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, sets.into_iter().map(Into::into))
}

/// Rows as a value.
pub(super) fn rows(rows: &[impl Serialize]) -> Result<String, DbErr> {
    serde_json::to_string(rows).map_err(|error| corrupt("set", error))
}

/// Ids as a value, each once.
pub(super) fn ids<'i>(ids: impl IntoIterator<Item = &'i str>) -> Result<String, DbErr> {
    let ids: BTreeSet<&str> = ids.into_iter().collect();
    serde_json::to_string(&ids).map_err(|error| corrupt("set", error))
}

/// The ids of rows that were locked.
pub(super) async fn locked<T>(tx: &impl ConnectionTrait, sql: &str, wanted: String) -> Result<BTreeSet<Cuid>, DbErr> {
    let rows = tx.query_all_raw(statement(sql, [wanted])).await?;
    rows.into_iter().map(|row| Fields::of(&row).id::<T>().map(|id: Id<T>| id.cuid())).collect()
}

/// The authors whose rows were locked.
pub(super) async fn authors(
    tx: &impl ConnectionTrait,
    sql: &str,
    wanted: String,
) -> Result<HashMap<UserId, Author>, DbErr> {
    let rows = tx.query_all_raw(statement(sql, [wanted])).await?;
    rows.into_iter()
        .map(|row| {
            let mut fields = Fields::of(&row);
            let id = fields.id()?;
            let username = Username::from_stored(fields.next()?);
            let display_name = DisplayName::from_stored(fields.next()?);
            Ok((id, Author { id, username, display_name }))
        })
        .collect()
}
