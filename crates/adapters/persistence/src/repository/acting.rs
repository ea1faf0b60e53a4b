//! Whether the session that a write is made in is still there, and what proved the account still holds.
//!
//! The statement that decides a write asks for it, so that a write whose statement begins after the end of its session was
//! committed stores nothing. It takes no lock: whoever ends a session waits for nobody who writes in it. A transaction of
//! several statements asks in the one by which the write stands or falls, after it has waited for its locks.

use accounts::ports::Proof;
use database::Select;
use domain::SessionId;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{ColumnTrait, DbErr};

use super::exists;
use crate::entity::{session, user};

/// The condition that the session is there.
pub(super) fn in_session(id: SessionId) -> SimpleExpr {
    let row = Query::select().expr(Expr::val(1)).from(session::Entity).and_where(is(id)).take();
    Expr::exists(row)
}

/// Whether the session is there: for a write that changed nothing, to tell why.
pub(super) async fn has_session(connection: &impl Select, id: SessionId) -> Result<bool, DbErr> {
    exists(connection, session::Entity, is(id)).await
}

/// The condition that what proved an account still holds for it.
pub(super) fn holds(proof: &Proof) -> SimpleExpr {
    match proof {
        Proof::Password(verified) => user::Column::PasswordHash.eq(verified.0.as_str()),
    }
}

fn is(id: SessionId) -> SimpleExpr {
    Expr::col((session::Entity, session::Column::Id)).eq(id.as_str())
}

/// After [`database::with_new!`]: the rows of `new` whose session is there, named `acting`, and the sessions of the others, named
/// `ended`. In the same statement as what stores them, so that nothing is stored for a session whose end was committed
/// before the statement began. No lock is taken on sessions, so a batch never delays the end of one.
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
