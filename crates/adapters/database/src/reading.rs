//! Routes reads: chooses the server for each read, and a fallback for when that server is lost.
//!
//! Called by the repositories.
//!
//! Invariants:
//! - A `Complete` read fails rather than fall back to a stale replica.
//! - A `Bounded` read prefers a replica that has the reader's own writes, and all that the primary had one probe
//!   earlier.
//! - Without such a replica it goes to the primary, and while that is lost to the freshest replica.
//!
//! Tested in `persistence/tests/repositories/replicas.rs`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::UserId;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{ConnectionTrait, DbErr, ExecResult, QueryResult, Statement};

use crate::error::out_of_reach;
use crate::fields::Row;
use crate::node::Node;
use crate::planned_once::planned_once;
use crate::position::{Noted, WalPosition};
use crate::{Database, Freshness};

/// The server to read from, and the fallback when that server is lost. Bounded reads succeed as long as one server is
/// up.
pub struct Reading {
    first: Arc<Node>,
    instead: Option<Arc<Node>>,
}

impl Database {
    /// The server that `viewer` reads from. It has everything that this user wrote before, through any instance, unless the
    /// primary is lost.
    pub async fn read(&self, viewer: Option<UserId>) -> Reading {
        let (first, instead, reason) = self.route(viewer).await;
        if let Some(observer) = &self.inner.observer {
            observer.routed(first.role, reason);
        }
        Reading { first: Arc::clone(first), instead: instead.map(Arc::clone) }
    }

    /// The primary, for reads that decide something: no server has newer data.
    pub fn read_primary(&self) -> Reading {
        Reading { first: Arc::clone(&self.inner.primary), instead: None }
    }

    async fn route(&self, viewer: Option<UserId>) -> (&Arc<Node>, Option<&Arc<Node>>, &'static str) {
        let primary = &self.inner.primary;
        if self.inner.replicas.is_empty() {
            return (primary, None, "only");
        }
        let needed = self.needed(viewer).await;
        if let Some(replica) = self.replica_with(needed).await {
            return (replica, Some(primary), "fresh");
        }
        let reason = if needed == WalPosition::UNKNOWN { "unknown" } else { "behind" };
        match (self.freshness, self.freshest_replica()) {
            // A `Complete` read must fail here: its caller has another way to read.
            (Freshness::Complete, _) | (_, None) => (primary, None, reason),
            (Freshness::Bounded, Some(replica)) if primary.is_up() => (primary, Some(replica), reason),
            (Freshness::Bounded, Some(replica)) => (replica, Some(primary), "lost"),
        }
    }

    /// The position that a replica must have to serve the read.
    async fn needed(&self, viewer: Option<UserId>) -> WalPosition {
        let watermark = &self.inner.watermark;
        let own = match (self.freshness, viewer) {
            (Freshness::Complete, _) => return watermark.latest(),
            (Freshness::Bounded, None) => Noted::Nothing,
            (Freshness::Bounded, Some(viewer)) => self.inner.positions.noted(viewer).await,
        };
        match own {
            Noted::Nothing => watermark.settled(),
            Noted::UpTo(own) => own.max(watermark.settled()),
            Noted::Unknown => WalPosition::UNKNOWN,
        }
    }

    /// The next replica, in turn, that has everything up to `needed`.
    async fn replica_with(&self, needed: WalPosition) -> Option<&Arc<Node>> {
        let replicas = &self.inner.replicas;
        let start = self.inner.next_replica.fetch_add(1, Ordering::Relaxed);
        for offset in 0..replicas.len() {
            let replica = &replicas[start.wrapping_add(offset) % replicas.len()];
            if replica.is_up() && replica.has(needed).await {
                return Some(replica);
            }
        }
        None
    }

    fn freshest_replica(&self) -> Option<&Arc<Node>> {
        self.inner.replicas.iter().filter(|replica| replica.is_up()).max_by_key(|replica| replica.position())
    }
}

impl Reading {
    /// The rows of `statement` from the first server, or from the fallback when the first is out of reach.
    async fn query(&self, statement: &Statement) -> Result<Vec<Row>, DbErr> {
        match (self.first.query(statement).await, &self.instead) {
            (Err(error), Some(instead)) if out_of_reach(&error) => instead.query(statement).await,
            (result, _) => result,
        }
    }

    /// All rows of `select`, whose plan does not depend on its values.
    pub async fn select_all_planned_once(&self, select: &SelectStatement) -> Result<Vec<Row>, DbErr> {
        self.query(&planned_once(self.first.pool.get_database_backend(), select)).await
    }

    /// The rows of `statement`, without waiting for a permit: for rare reads that the whole instance depends on.
    pub async fn query_at_once(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.first.query_at_once(statement).await
    }

    /// Runs a statement that returns no rows.
    pub async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.first.unless_lost(self.first.pool.execute_unprepared(sql)).await
    }
}

/// Where rows can be selected: a routed server, or a transaction.
pub trait Select: Sync {
    /// The first row of `select`.
    fn select_one(&self, select: &SelectStatement) -> impl Future<Output = Result<Option<Row>, DbErr>> + Send;

    /// All rows of `select`.
    fn select_all(&self, select: &SelectStatement) -> impl Future<Output = Result<Vec<Row>, DbErr>> + Send;
}

impl Select for Reading {
    async fn select_one(&self, select: &SelectStatement) -> Result<Option<Row>, DbErr> {
        Ok(self.select_all(select).await?.into_iter().next())
    }

    async fn select_all(&self, select: &SelectStatement) -> Result<Vec<Row>, DbErr> {
        self.query(&self.first.pool.get_database_backend().build(select)).await
    }
}

impl<C: ConnectionTrait> Select for C {
    async fn select_one(&self, select: &SelectStatement) -> Result<Option<Row>, DbErr> {
        Ok(self.query_one(select).await?.map(Row::Pooled))
    }

    async fn select_all(&self, select: &SelectStatement) -> Result<Vec<Row>, DbErr> {
        Ok(self.query_all(select).await?.into_iter().map(Row::Pooled).collect())
    }
}
