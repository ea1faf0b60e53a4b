//! Keeps sessions.

use accounts::ports::{NewRefreshToken, OpenSession, PasswordHash, RefreshTokenHash, RotateSession, SessionRepository};
use accounts::{Session, SessionId};
use async_trait::async_trait;
use domain::{RepositoryError, Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use crate::database::Database;
use crate::entity::{refresh_token, session, user};
use crate::fields::Fields;
use crate::operation::retrying;
use crate::view;

/// Tokens forgotten by one transaction, so that none holds up others for long.
const PURGED_AT_ONCE: u64 = 1_000;

/// Keeps sessions in the database.
pub struct SeaSessionRepository {
    db: Database,
}

impl SeaSessionRepository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_open(
        &self,
        session: &Session,
        token: &NewRefreshToken,
        verified: &PasswordHash,
    ) -> Result<OpenSession, DbErr> {
        let tx = self.db.begin().await?;
        // Shared, and so not while the password is being changed: the change either comes first and is seen here, or
        // comes later and ends this session as well.
        let proved = Query::select()
            .expr(Expr::val(1))
            .from(user::Entity)
            .and_where(user::Column::Id.eq(session.user_id.as_str()))
            .and_where(user::Column::PasswordHash.eq(verified.0.as_str()))
            .lock(LockType::Share)
            .take();
        if tx.query_one(&proved).await?.is_none() {
            return Ok(OpenSession::CredentialsMoved);
        }
        let row = session::ActiveModel {
            id: Set(session.id.to_string()),
            user_id: Set(session.user_id.to_string()),
            created_at: Set(session.created_at.as_micros()),
        };
        session::Entity::insert(row).exec_without_returning(&tx).await?;
        insert_token(&tx, session.id, token).await?;
        tx.commit(None).await?;
        Ok(OpenSession::Opened)
    }

    async fn try_rotate(
        &self,
        presented: &RefreshTokenHash,
        next: &NewRefreshToken,
        now: Timestamp,
    ) -> Result<RotateSession, DbErr> {
        let tx = self.db.begin().await?;
        // The row is locked, so that of two requests with the same token the second sees it used.
        let select = Query::select()
            .column((session::Entity, session::Column::Id))
            .column((session::Entity, session::Column::UserId))
            .column((refresh_token::Entity, refresh_token::Column::UsedAt))
            .column((refresh_token::Entity, refresh_token::Column::ExpiresAt))
            .from(refresh_token::Entity)
            .inner_join(
                session::Entity,
                Expr::col((session::Entity, session::Column::Id))
                    .equals((refresh_token::Entity, refresh_token::Column::SessionId)),
            )
            .and_where(refresh_token::Column::TokenHash.eq(presented.0.to_vec()))
            .lock(LockType::Update)
            .take();
        let Some(row) = tx.query_one(&select).await? else {
            return Ok(RotateSession::Unknown);
        };
        let mut fields = Fields::of(&row);
        let session: SessionId = fields.id()?;
        let user_id: UserId = fields.id()?;
        let used_at = fields.optional_time()?;
        let expires_at = fields.time()?;
        if used_at.is_some() {
            remove_sessions(&tx, session::Column::Id.eq(session.as_str())).await?;
            tx.commit(None).await?;
            return Ok(RotateSession::Replayed { user: user_id });
        }
        if expires_at <= now {
            return Ok(RotateSession::Expired);
        }
        refresh_token::Entity::update_many()
            .col_expr(refresh_token::Column::UsedAt, Expr::val(now.as_micros()))
            .filter(refresh_token::Column::TokenHash.eq(presented.0.to_vec()))
            .exec(&tx)
            .await?;
        insert_token(&tx, session, next).await?;
        // Read before the token is used up for good: a client that gets no answer still has a good one.
        let user = view::user::select_user().and_where(user::Column::Id.eq(user_id.as_str())).take();
        let user = tx.query_one(&user).await?.ok_or_else(|| DbErr::RecordNotFound("user".to_owned()))?;
        let user = view::user::read_user(&mut Fields::of(&user))?;
        tx.commit(None).await?;
        Ok(RotateSession::Rotated { session, user })
    }

    async fn try_close(&self, id: SessionId) -> Result<(), DbErr> {
        let tx = self.db.begin().await?;
        remove_sessions(&tx, session::Column::Id.eq(id.as_str())).await?;
        tx.commit(None).await
    }

    /// Forgets some of what is over; answers how many tokens and sessions that were.
    async fn try_purge_some(&self, now: Timestamp) -> Result<(usize, u64), DbErr> {
        let tx = self.db.begin().await?;
        let mut some = select_tokens(refresh_token::Column::ExpiresAt.lte(now.as_micros()));
        some.limit(PURGED_AT_ONCE);
        let delete = Query::delete()
            .from_table(refresh_token::Entity)
            .and_where(refresh_token::Column::TokenHash.in_subquery(some))
            .returning_col(refresh_token::Column::SessionId)
            .take();
        let mut sessions = Vec::new();
        for row in tx.query_all(&delete).await? {
            sessions.push(row.try_get_by_index::<String>(0)?);
        }
        let tokens = sessions.len();
        let remaining = Query::select()
            .expr(Expr::val(1))
            .from(refresh_token::Entity)
            .and_where(
                Expr::col((refresh_token::Entity, refresh_token::Column::SessionId))
                    .equals((session::Entity, session::Column::Id)),
            )
            .take();
        let over = session::Column::Id.is_in(sessions).and(Expr::exists(remaining).not());
        let over = session::Column::Id.in_subquery(select_sessions(over));
        let purged = session::Entity::delete_many().filter(over).exec(&tx).await?.rows_affected;
        tx.commit(None).await?;
        Ok((tokens, purged))
    }
}

/// Ends the sessions that `condition` picks. Their tokens go first, as whoever exchanges one locks it first.
pub(super) async fn remove_sessions(tx: &impl ConnectionTrait, condition: SimpleExpr) -> Result<(), DbErr> {
    let sessions =
        Query::select().column(session::Column::Id).from(session::Entity).and_where(condition.clone()).take();
    let tokens = select_tokens(refresh_token::Column::SessionId.in_subquery(sessions));
    refresh_token::Entity::delete_many().filter(refresh_token::Column::TokenHash.in_subquery(tokens)).exec(tx).await?;
    session::Entity::delete_many().filter(session::Column::Id.in_subquery(select_sessions(condition))).exec(tx).await?;
    Ok(())
}

/// The tokens that `condition` picks, locked in the order in which all lock them who delete several.
fn select_tokens(condition: SimpleExpr) -> SelectStatement {
    Query::select()
        .column(refresh_token::Column::TokenHash)
        .from(refresh_token::Entity)
        .and_where(condition)
        // That of an index, so that a few can be taken of many.
        .order_by(refresh_token::Column::ExpiresAt, Order::Asc)
        .order_by(refresh_token::Column::TokenHash, Order::Asc)
        .lock(LockType::Update)
        .take()
}

/// The sessions that `condition` picks, locked in the order of their ids.
fn select_sessions(condition: SimpleExpr) -> SelectStatement {
    Query::select()
        .column(session::Column::Id)
        .from(session::Entity)
        .and_where(condition)
        .order_by(session::Column::Id, Order::Asc)
        .lock(LockType::Update)
        .take()
}

async fn insert_token(
    connection: &impl ConnectionTrait,
    session: SessionId,
    token: &NewRefreshToken,
) -> Result<(), DbErr> {
    let row = refresh_token::ActiveModel {
        token_hash: Set(token.hash.0.to_vec()),
        session_id: Set(session.to_string()),
        created_at: Set(token.created_at.as_micros()),
        expires_at: Set(token.expires_at.as_micros()),
        used_at: Set(None),
    };
    refresh_token::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

#[async_trait]
impl SessionRepository for SeaSessionRepository {
    async fn open(
        &self,
        session: &Session,
        token: &NewRefreshToken,
        verified: &PasswordHash,
    ) -> Result<OpenSession, RepositoryError> {
        retrying(&self.db, "sessions.open", || self.try_open(session, token, verified)).await
    }

    async fn rotate(
        &self,
        presented: &RefreshTokenHash,
        next: &NewRefreshToken,
        now: Timestamp,
    ) -> Result<RotateSession, RepositoryError> {
        retrying(&self.db, "sessions.rotate", || self.try_rotate(presented, next, now)).await
    }

    async fn close(&self, id: SessionId) -> Result<(), RepositoryError> {
        retrying(&self.db, "sessions.close", || self.try_close(id)).await
    }

    async fn purge(&self, now: Timestamp) -> Result<u64, RepositoryError> {
        let mut purged = 0;
        loop {
            let (tokens, sessions) = retrying(&self.db, "sessions.purge", || self.try_purge_some(now)).await?;
            purged += sessions;
            if tokens as u64 != PURGED_AT_ONCE {
                return Ok(purged);
            }
        }
    }
}
