//! Which sessions have ended: rows that are stored with each end, and a copy of them in memory, which is asked at every
//! request.
//!
//! Invariant: what is committed after a look the next one does not miss. Rows become visible in the order of commits, not in
//! that of their making, so a row says which transaction stored it, and each look begins where the one before says that all
//! transactions had ended. SQLite has one writer, whose rows are simply numbered. After a look without an answer all that is
//! remembered is read again: another server may have taken the place of the one that was asked, and numbers its transactions
//! itself.
//!
//! While the primary is out of reach the copy stays as it is: no session can be ended meanwhile, and an instance that
//! alone lost it goes on to answer from its cache, for the life of an access token at most. Tested in
//! `tests/repositories/ended_sessions.rs`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use accounts::ports::EndedSessions;
use async_trait::async_trait;
use database::{Database, Fields, reading};
use domain::{RepositoryError, SessionId, Timestamp};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, Statement};

use crate::entity::ended_session;

/// Where the next look begins, and the ends from where this one begins; at least one row.
const POSTGRES: &str = "SELECT look.next, session_id, ended_at \
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS next) AS look \
    LEFT JOIN ended_sessions ON position >= $1 AND ended_at >= $2";
const SQLITE: &str = "SELECT look.next, session_id, ended_at \
    FROM (SELECT coalesce(max(position), 0) AS next FROM ended_sessions) AS look \
    LEFT JOIN ended_sessions ON position >= ?1 AND ended_at >= ?2";

/// Knows which sessions have ended, as far as the primary has told.
pub struct SeaEndedSessions {
    db: Database,
    start: Mutex<Start>,
    /// Whether there are any: most of the time there are none, and nobody has to look.
    any: AtomicBool,
    ended: RwLock<HashMap<SessionId, Timestamp>>,
}

/// Where the next look begins.
#[derive(Default, Clone, Copy)]
struct Start {
    position: i64,
    /// How many looks had no answer.
    unanswered: u64,
}

/// A look that is under way. When it fails or is cancelled, the next look begins at position 0.
struct Look<'e> {
    start: &'e Mutex<Start>,
    begun: Start,
    is_answered: bool,
}

impl<'e> Look<'e> {
    fn begin(start: &'e Mutex<Start>) -> Self {
        Self { start, begun: *lock(start), is_answered: false }
    }

    /// The next one may begin at `position`, unless another look remained without an answer meanwhile.
    fn end(mut self, position: i64) {
        self.is_answered = true;
        let mut start = lock(self.start);
        if start.unanswered == self.begun.unanswered {
            // A database that was restored may count from elsewhere: then all there is, is read again. Of two looks at once
            // the one that comes last may take the next one back, to what it reads once more.
            start.position = if position < self.begun.position { 0 } else { position };
        }
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            let mut start = lock(self.start);
            *start = Start { position: 0, unanswered: start.unanswered + 1 };
        }
    }
}

fn lock(start: &Mutex<Start>) -> MutexGuard<'_, Start> {
    start.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SeaEndedSessions {
    /// Knows nothing yet.
    pub fn new(db: Database) -> Self {
        Self { db, start: Mutex::default(), any: AtomicBool::new(false), ended: RwLock::default() }
    }

    async fn try_learn(&self, remembered_since: Timestamp) -> Result<(), DbErr> {
        let look = Look::begin(&self.start);
        let backend = self.db.backend();
        let sql = if backend == DbBackend::Postgres { POSTGRES } else { SQLITE };
        let values = [look.begun.position.into(), remembered_since.as_micros().into()];
        let (mut next, mut found) = (0, Vec::new());
        for row in self.db.read_primary().query_at_once(Statement::from_sql_and_values(backend, sql, values)).await? {
            let mut fields = Fields::of(&row);
            next = fields.value()?;
            if let Some(session) = fields.optional_id()? {
                found.push((session, fields.time()?));
            }
        }
        let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
        ended.extend(found);
        ended.retain(|_, at| *at >= remembered_since);
        self.any.store(!ended.is_empty(), Ordering::Release);
        look.end(next);
        Ok(())
    }
}

#[async_trait]
impl EndedSessions for SeaEndedSessions {
    fn contains(&self, session: SessionId) -> bool {
        self.any.load(Ordering::Acquire)
            && self.ended.read().unwrap_or_else(PoisonError::into_inner).contains_key(&session)
    }

    async fn learn(&self, remembered_since: Timestamp) -> Result<(), RepositoryError> {
        reading("ended_sessions.learn", self.try_learn(remembered_since)).await
    }
}

/// Sessions whose end one statement notes; keeps the number of its values far below every database's bound.
const CHUNK: usize = 500;

/// Notes that sessions have ended, in the transaction that ends them. Last, when nobody can get tokens of them any more:
/// the database notes the time.
pub(super) async fn note(tx: &impl ConnectionTrait, sessions: &[String]) -> Result<(), DbErr> {
    for chunk in sessions.chunks(CHUNK) {
        let rows = chunk.iter().map(|session| ended_session::ActiveModel {
            session_id: sea_orm::ActiveValue::Set(session.clone()),
            ..Default::default()
        });
        ended_session::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}
