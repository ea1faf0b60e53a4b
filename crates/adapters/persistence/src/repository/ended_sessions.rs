//! The ended sessions: a row for each end, and a set in memory that every request checks.
//!
//! Each poll reads the rows since the previous poll. Rows become visible in the order of commits, and not in the
//! order of insertion. So a row contains the transaction that stored it. Each poll begins at the oldest transaction
//! that was still running at the previous one. SQLite has one writer, and its rows are numbered.
//!
//! Invariants:
//! - An end that is committed after one poll is found by the next.
//! - After a poll that failed or was cancelled, the next one reads all rows: a new primary numbers its transactions
//!   anew.
//!
//! On failure (the primary is out of reach) the set stays unchanged. No session can be ended meanwhile. An instance
//! that alone lost the primary serves from its cache, for the lifetime of an access token at most.
//!
//! Called through its port: [`EndedSessions::contains`] at every request, [`EndedSessions::learn`] at an interval.
//!
//! Tested in `tests/repositories/ended_sessions.rs`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use accounts::ports::EndedSessions;
use async_trait::async_trait;
use database::{Database, Fields, reading};
use domain::{RepositoryError, SessionId, Timestamp};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, Statement};

use crate::entity::ended_session;

/// The position for the next poll, and the ends since the position of this one; at least one row.
const POSTGRES: &str = "SELECT look.next, session_id, ended_at \
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS next) AS look \
    LEFT JOIN ended_sessions ON position >= $1 AND ended_at >= $2";
const SQLITE: &str = "SELECT look.next, session_id, ended_at \
    FROM (SELECT coalesce(max(position), 0) AS next FROM ended_sessions) AS look \
    LEFT JOIN ended_sessions ON position >= ?1 AND ended_at >= ?2";

/// The port `EndedSessions`: the ends that the primary has reported so far.
pub struct SeaEndedSessions {
    db: Database,
    start: Mutex<Start>,
    /// Whether the set has any entries: usually it is empty, and requests skip it.
    any: AtomicBool,
    ended: RwLock<HashMap<SessionId, Timestamp>>,
}

/// The position at which the next poll begins.
#[derive(Default, Clone, Copy)]
struct Start {
    position: i64,
    /// How many polls failed or were cancelled.
    unanswered: u64,
}

/// A poll in flight. If it fails or is cancelled, the next poll begins at position 0.
struct Poll<'e> {
    start: &'e Mutex<Start>,
    begun: Start,
    is_answered: bool,
}

impl<'e> Poll<'e> {
    fn begin(start: &'e Mutex<Start>) -> Self {
        Self { start, begun: *lock(start), is_answered: false }
    }

    /// The next poll begins at `position`, unless another poll failed or was cancelled meanwhile.
    fn end(mut self, position: i64) {
        self.is_answered = true;
        let mut start = lock(self.start);
        if start.unanswered == self.begun.unanswered {
            // A restored database may count from elsewhere: then all rows are read again. Of two concurrent polls,
            // the later one may move the position back, and rows are read twice.
            start.position = if position < self.begun.position { 0 } else { position };
        }
    }
}

impl Drop for Poll<'_> {
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
    /// A repository over `db`, with an empty set.
    pub fn new(db: Database) -> Self {
        Self { db, start: Mutex::default(), any: AtomicBool::new(false), ended: RwLock::default() }
    }

    async fn try_learn(&self, remembered_since: Timestamp) -> Result<(), DbErr> {
        let poll = Poll::begin(&self.start);
        let backend = self.db.backend();
        let sql = if backend == DbBackend::Postgres { POSTGRES } else { SQLITE };
        let values = [poll.begun.position.into(), remembered_since.as_micros().into()];
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
        poll.end(next);
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

/// Ends that one statement stores: far fewer values than the limit of either database.
const CHUNK: usize = 500;

/// Notes the end of sessions, in the transaction that ends them. Comes last, when their tokens can no longer be
/// exchanged: the database sets the time.
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
