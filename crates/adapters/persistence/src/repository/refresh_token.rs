//! Refresh tokens, stored as hashes: found and locked, marked as used, and stored.

use accounts::Successors;
use accounts::ports::{NewRefreshToken, RefreshTokenHash};
use database::{Fields, Transaction};
use domain::{SessionId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, IntoTableRef, LockType, Query, SelectStatement};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use crate::entity::{refresh_token, session, user};
use crate::view;

/// Selects and locks the token `presented`, so that of two concurrent requests the second sees the result of the
/// first. Returns the account, the session and its opening, and the expiry and use of the token.
pub(super) fn select_presented(presented: &RefreshTokenHash) -> SelectStatement {
    let session = |column| Expr::col((session::Entity, column));
    view::user::select_user()
        .column((session::Entity, session::Column::Id))
        .column((session::Entity, session::Column::CreatedAt))
        .column((refresh_token::Entity, refresh_token::Column::ExpiresAt))
        .column((refresh_token::Entity, refresh_token::Column::UsedAt))
        .inner_join(session::Entity, session(session::Column::UserId).equals((user::Entity, user::Column::Id)))
        .inner_join(
            refresh_token::Entity,
            session(session::Column::Id).equals((refresh_token::Entity, refresh_token::Column::SessionId)),
        )
        .and_where(refresh_token::Column::TokenHash.eq(presented.0.to_vec()))
        // In this order. The account is not locked, as other writes raise its counts.
        .lock_with_tables(LockType::Update, [refresh_token::Entity.into_table_ref(), session::Entity.into_table_ref()])
        .take()
}

/// Whether the tokens that replaced `parent` are still unused.
pub(super) async fn successors(
    tx: &Transaction,
    session: SessionId,
    parent: &RefreshTokenHash,
) -> Result<Successors, DbErr> {
    let select = Query::select()
        .expr(Expr::col(refresh_token::Column::TokenHash).count())
        .expr(Expr::col(refresh_token::Column::UsedAt).count())
        .from(refresh_token::Entity)
        .and_where(refresh_token::Column::SessionId.eq(session.as_str()))
        .and_where(refresh_token::Column::ParentHash.eq(parent.0.to_vec()))
        .take();
    let counts = match tx.query_one(&select).await? {
        Some(row) => {
            let mut fields = Fields::of(&row);
            (fields.value::<i64>()?, fields.value::<i64>()?)
        }
        None => (0, 0),
    };
    // A token that was exchanged by the previous version has no known successors.
    Ok(if matches!(counts, (1.., 0)) { Successors::Unused } else { Successors::Used })
}

/// Marks a token as used.
pub(super) async fn use_up(tx: &Transaction, token: &RefreshTokenHash, now: Timestamp) -> Result<(), DbErr> {
    refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::UsedAt, Expr::val(now.as_micros()))
        .filter(refresh_token::Column::TokenHash.eq(token.0.to_vec()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Stores a token; `parent` is the token that it replaces.
pub(super) async fn insert_token(
    connection: &impl ConnectionTrait,
    session: SessionId,
    token: &NewRefreshToken,
    parent: Option<&RefreshTokenHash>,
) -> Result<(), DbErr> {
    let row = refresh_token::ActiveModel {
        token_hash: Set(token.hash.0.to_vec()),
        session_id: Set(session.to_string()),
        created_at: Set(token.created_at.as_micros()),
        expires_at: Set(token.expires_at.as_micros()),
        used_at: Set(None),
        parent_hash: Set(parent.map(|parent| parent.0.to_vec())),
    };
    refresh_token::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}
