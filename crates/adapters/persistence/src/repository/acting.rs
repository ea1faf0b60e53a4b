//! Conditions for the session that a write acts in, and for the proof that a log-in gave.
//!
//! Invariants:
//! - A write whose deciding statement begins after the end of its session was committed stores nothing.
//! - The check takes no lock, so ending a session never waits for writes in it.
//!
//! The statement that decides the write contains the condition. A transaction of several statements checks it in the
//! statement that decides whether it commits, after it has waited for its locks.
//!
//! Tested in `tests/repositories/ended_sessions.rs`.

use accounts::ports::Proof;
use database::Select;
use domain::SessionId;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{ColumnTrait, DbErr};

use super::exists;
use crate::entity::{session, user};

/// The condition that the session exists.
pub(super) fn in_session(id: SessionId) -> SimpleExpr {
    let row = Query::select().expr(Expr::val(1)).from(session::Entity).and_where(is(id)).take();
    Expr::exists(row)
}

/// Whether the session exists: for a write that changed nothing, to find the reason.
pub(super) async fn has_session(connection: &impl Select, id: SessionId) -> Result<bool, DbErr> {
    exists(connection, session::Entity, is(id)).await
}

/// The condition that `proof` is still valid for the account.
pub(super) fn holds(proof: &Proof) -> SimpleExpr {
    match proof {
        Proof::Password(verified) => user::Column::PasswordHash.eq(verified.0.as_str()),
    }
}

fn is(id: SessionId) -> SimpleExpr {
    Expr::col((session::Entity, session::Column::Id)).eq(id.as_str())
}

/// Two `WITH` parts that follow [`database::with_new!`]. `acting` has the rows of `new` whose session exists; `ended`
/// has the other sessions. They are part of the statement that stores the rows. So it stores no row for a session
/// whose end was committed before it began. Sessions are not locked, so a batch never delays the end of one.
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
