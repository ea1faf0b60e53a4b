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
pub(super) fn statement(
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
pub(super) use with_new;

/// After [`with_new!`]: the rows of `new` whose session is there, named `acting`, and the sessions of the others, named
/// `ended`. In the same statement as what stores them, so that nothing is stored for a session whose end was committed
/// before the statement began. No lock is taken on sessions: their ends wait for nobody.
macro_rules! acting {
    () => {
        "live AS MATERIALIZED ( \
            SELECT id FROM sessions WHERE id = ANY (ARRAY(SELECT session_id FROM new)) \
        ), acting AS MATERIALIZED ( \
            SELECT new.* FROM new JOIN live ON live.id = session_id \
        ), ended AS ( \
            SELECT session_id AS id FROM new WHERE session_id <> ALL (ARRAY(SELECT id FROM live)) \
        )"
    };
}
pub(super) use acting;

/// The condition that a row of `posts` is there, and its author: as `view::presence` says it.
macro_rules! post_is_there {
    () => {
        "NOT posts.removed AND NOT EXISTS (SELECT FROM users WHERE users.id = posts.author_id AND users.removed)"
    };
}
pub(super) use post_is_there;
