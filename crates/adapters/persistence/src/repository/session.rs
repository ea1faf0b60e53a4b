//! Sessions: opened, rotated, listed, ended and purged.
//!
//! Invariants:
//! - A session is opened only while the proof of the log-in holds; changing the password ends it, or prevents it.
//! - Tokens are locked before their session, tokens in the order of their expiry, sessions in the order of ids.
//! - An end is noted in the transaction that ends the session.
//!
//! Tested in `tests/repositories/sessions.rs`, `refresh_model.rs` and `ended_sessions.rs`.

use accounts::ports::{CloseSession, NewRefreshToken, OpenSession, Proof, RotateSession, SessionRepository};
use accounts::{PresentedToken, Rotation, SessionView, Verdict};
use async_trait::async_trait;
use database::keyset::{self, Direction};
use database::{Database, Fields, Select, Transaction, reading, retrying};
use domain::{Cursor, Page, PageRequest, Principal, RepositoryError, Session, SessionId, Timestamp, UserAgent, UserId};
use events::Fact;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::acting::{has_session, holds, in_session};
use super::refresh_token::{insert_token, select_presented, successors, use_up};
use super::{ended_sessions, parsed};
use crate::entity::{ended_session, refresh_token, session, user};
use crate::view;

/// Tokens, and as many ends, that one transaction deletes, which bounds how long it blocks others.
const PURGED_AT_ONCE: u64 = 1_000;

/// The port `SessionRepository` over the database.
pub struct SeaSessionRepository {
    db: Database,
}

impl SeaSessionRepository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_open(&self, session: &Session, token: &NewRefreshToken, proof: &Proof) -> Result<OpenSession, DbErr> {
        let tx = self.db.begin().await?;
        // A shared lock, which waits for a concurrent change of the password. That change either comes first and is
        // seen here, or comes later and ends this session as well.
        let proved = Query::select()
            .expr(Expr::val(1))
            .from(user::Entity)
            .and_where(user::Column::Id.eq(session.user_id.as_str()))
            .and_where(holds(proof))
            .lock(LockType::Share)
            .take();
        if tx.query_one(&proved).await?.is_none() {
            return Ok(OpenSession::ProofMoved);
        }
        let row = session::ActiveModel {
            id: Set(session.id.to_string()),
            user_id: Set(session.user_id.to_string()),
            created_at: Set(session.created_at.as_micros()),
            user_agent: Set(session.user_agent.as_ref().map(|agent| agent.as_str().to_owned())),
        };
        session::Entity::insert(row).exec_without_returning(&tx).await?;
        insert_token(&tx, session.id, token, None).await?;
        tx.commit(None).await?;
        Ok(OpenSession::Opened)
    }

    async fn try_rotate(&self, rotation: &Rotation) -> Result<RotateSession, DbErr> {
        let tx = self.db.begin().await?;
        let Some(row) = tx.query_one(&select_presented(&rotation.presented)).await? else {
            return Ok(RotateSession::Unknown);
        };
        let mut fields = Fields::of(&row);
        // Read before the token is marked as used: if this fails, the client still has a valid token.
        let user = view::user::read_user(&mut fields)?;
        let session: SessionId = fields.id()?;
        let (opened_at, expires_at) = (fields.time()?, fields.time()?);
        let used = match fields.optional_time()? {
            Some(at) => Some((at, successors(&tx, session, &rotation.presented).await?)),
            None => None,
        };
        let outcome = match rotation.verdict(&PresentedToken { opened_at, expires_at, used }) {
            Verdict::Expired => return Ok(RotateSession::Expired),
            Verdict::Exchanged { until } => {
                if used.is_none() {
                    use_up(&tx, &rotation.presented, rotation.now).await?;
                }
                let next = NewRefreshToken { expires_at: until, ..rotation.next.clone() };
                insert_token(&tx, session, &next, Some(&rotation.presented)).await?;
                RotateSession::Rotated { session, opened_at, user }
            }
            Verdict::SessionExpired => {
                end_sessions(&tx, user.id, session::Column::Id.eq(session.as_str())).await?;
                RotateSession::SessionExpired
            }
            Verdict::Replayed => {
                end_sessions(&tx, user.id, session::Column::Id.eq(session.as_str())).await?;
                RotateSession::Replayed { user: user.id }
            }
        };
        tx.commit(None).await?;
        Ok(outcome)
    }

    async fn try_list(&self, user: UserId, page: PageRequest) -> Result<Page<SessionView>, DbErr> {
        let newest_token = Query::select()
            .expr(Expr::col((refresh_token::Entity, refresh_token::Column::CreatedAt)).max())
            .from(refresh_token::Entity)
            .and_where(
                Expr::col((refresh_token::Entity, refresh_token::Column::SessionId))
                    .equals((session::Entity, session::Column::Id)),
            )
            .take();
        let mut select = Query::select();
        select
            .column((session::Entity, session::Column::Id))
            .column((session::Entity, session::Column::CreatedAt))
            .column((session::Entity, session::Column::UserAgent))
            .expr(Expr::from(newest_token))
            .from(session::Entity)
            .and_where(Expr::col((session::Entity, session::Column::UserId)).eq(user.as_str()));
        let position = ((session::Entity, session::Column::CreatedAt), (session::Entity, session::Column::Id));
        keyset::page(&mut select, position, Direction::NewestFirst, &page);
        let mut sessions = Vec::new();
        for row in self.db.read_primary().select_all(&select).await? {
            let mut fields = Fields::of(&row);
            let session = Session {
                id: fields.id()?,
                user_id: user,
                created_at: fields.time()?,
                user_agent: fields.value::<Option<String>>()?.map(UserAgent::from_stored),
            };
            let last_used_at = fields.optional_time()?.unwrap_or(session.created_at);
            sessions.push(SessionView { session, last_used_at });
        }
        Ok(Page::from_lookahead(sessions, page.size, |view: &SessionView| Cursor {
            at: view.session.created_at,
            id: view.session.id.cuid(),
        }))
    }

    async fn try_close(&self, by: Principal, id: SessionId) -> Result<CloseSession, DbErr> {
        let tx = self.db.begin().await?;
        if !end_own(&tx, by, session::Column::Id.eq(id.as_str())).await? {
            let is_in_session = has_session(&tx, by.session_id).await?;
            return Ok(if is_in_session { CloseSession::NotFound } else { CloseSession::SessionEnded });
        }
        tx.commit(None).await?;
        Ok(CloseSession::Closed)
    }

    async fn try_close_others(&self, by: Principal) -> Result<CloseSession, DbErr> {
        let tx = self.db.begin().await?;
        let others = session::Column::Id.ne(by.session_id.as_str());
        if !end_own(&tx, by, others).await? && !has_session(&tx, by.session_id).await? {
            return Ok(CloseSession::SessionEnded);
        }
        tx.commit(None).await?;
        Ok(CloseSession::Closed)
    }

    /// Deletes some expired tokens and ends. Returns whether more may be left, and how many sessions were deleted.
    async fn try_purge_some(&self, now: Timestamp, remembered_since: Timestamp) -> Result<(bool, u64), DbErr> {
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
        let tokens = sessions.len() as u64;
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
        let some = Query::select()
            .column(ended_session::Column::SessionId)
            .from(ended_session::Entity)
            .and_where(ended_session::Column::EndedAt.lt(remembered_since.as_micros()))
            .limit(PURGED_AT_ONCE)
            // A concurrent purge of another instance takes other rows.
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .take();
        let over = ended_session::Column::SessionId.in_subquery(some);
        let ends = ended_session::Entity::delete_many().filter(over).exec(&tx).await?.rows_affected;
        tx.commit(None).await?;
        Ok((tokens >= PURGED_AT_ONCE || ends >= PURGED_AT_ONCE, purged))
    }
}

/// Ends the sessions that meet `which` and belong to the account of `by`, unless the acting session has ended. Tells
/// which, and returns whether there were any.
async fn end_own(tx: &Transaction, by: Principal, which: SimpleExpr) -> Result<bool, DbErr> {
    let own = session::Column::UserId.eq(by.user_id.as_str());
    end_sessions(tx, by.user_id, own.and(which).and(in_session(by.session_id))).await
}

/// Ends the sessions that meet `condition`, all of `user`. Tells which, and returns whether there were any.
async fn end_sessions(tx: &Transaction, user: UserId, condition: SimpleExpr) -> Result<bool, DbErr> {
    let ended = delete_sessions(tx, condition).await?;
    // The facts go with the note.
    tx.tell(facts(user, &ended)?);
    ended_sessions::note(tx, &ended).await?;
    Ok(!ended.is_empty())
}

/// Ends the sessions that meet `condition`, all of `user`, and notes their ends. Returns the facts, for a caller that
/// has more to tell.
pub(super) async fn remove_sessions(
    tx: &impl ConnectionTrait,
    user: UserId,
    condition: SimpleExpr,
) -> Result<Vec<Fact>, DbErr> {
    let ended = delete_sessions(tx, condition).await?;
    ended_sessions::note(tx, &ended).await?;
    facts(user, &ended)
}

fn facts(user: UserId, ended: &[String]) -> Result<Vec<Fact>, DbErr> {
    Ok(parsed(ended)?.into_iter().map(|session| Fact::SessionEnded { user, session }).collect())
}

/// Deletes the sessions that meet `condition`, and returns their ids.
///
/// A client that refreshes every minute leaves tens of thousands of used tokens, so only some are deleted at once.
/// The others are useless without their session, and are purged when they expire. A token exchange locks the token
/// before its session, so locked tokens are skipped here to avoid a deadlock.
async fn delete_sessions(tx: &impl ConnectionTrait, condition: SimpleExpr) -> Result<Vec<String>, DbErr> {
    let sessions =
        Query::select().column(session::Column::Id).from(session::Entity).and_where(condition.clone()).take();
    let tokens = Query::select()
        .column(refresh_token::Column::TokenHash)
        .from(refresh_token::Entity)
        .and_where(refresh_token::Column::SessionId.in_subquery(sessions))
        .limit(PURGED_AT_ONCE)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .take();
    refresh_token::Entity::delete_many().filter(refresh_token::Column::TokenHash.in_subquery(tokens)).exec(tx).await?;
    let delete = Query::delete()
        .from_table(session::Entity)
        .and_where(session::Column::Id.in_subquery(select_sessions(condition)))
        .returning_col(session::Column::Id)
        .take();
    tx.query_all(&delete).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// The tokens that meet `condition`, locked in the order that all deletions of several tokens use.
fn select_tokens(condition: SimpleExpr) -> SelectStatement {
    Query::select()
        .column(refresh_token::Column::TokenHash)
        .from(refresh_token::Entity)
        .and_where(condition)
        // The order of an index, so that a few of many tokens are found fast.
        .order_by(refresh_token::Column::ExpiresAt, Order::Asc)
        .order_by(refresh_token::Column::TokenHash, Order::Asc)
        .lock(LockType::Update)
        .take()
}

/// The sessions that meet `condition`, locked in the order of their ids.
fn select_sessions(condition: SimpleExpr) -> SelectStatement {
    Query::select()
        .column(session::Column::Id)
        .from(session::Entity)
        .and_where(condition)
        .order_by(session::Column::Id, Order::Asc)
        .lock(LockType::Update)
        .take()
}

#[async_trait]
impl SessionRepository for SeaSessionRepository {
    async fn open(
        &self,
        session: &Session,
        token: &NewRefreshToken,
        proof: &Proof,
    ) -> Result<OpenSession, RepositoryError> {
        retrying(&self.db, "sessions.open", || self.try_open(session, token, proof)).await
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<RotateSession, RepositoryError> {
        retrying(&self.db, "sessions.rotate", || self.try_rotate(rotation)).await
    }

    async fn list(&self, user: UserId, page: PageRequest) -> Result<Page<SessionView>, RepositoryError> {
        reading("sessions.list", self.try_list(user, page)).await
    }

    async fn close(&self, by: Principal, id: SessionId) -> Result<CloseSession, RepositoryError> {
        retrying(&self.db, "sessions.close", || self.try_close(by, id)).await
    }

    async fn close_others(&self, by: Principal) -> Result<CloseSession, RepositoryError> {
        retrying(&self.db, "sessions.close_others", || self.try_close_others(by)).await
    }

    async fn purge(&self, now: Timestamp, remembered_since: Timestamp) -> Result<u64, RepositoryError> {
        let mut purged = 0;
        loop {
            let attempt = || self.try_purge_some(now, remembered_since);
            let (more, sessions) = retrying(&self.db, "sessions.purge", attempt).await?;
            purged += sessions;
            if !more {
                return Ok(purged);
            }
        }
    }
}
