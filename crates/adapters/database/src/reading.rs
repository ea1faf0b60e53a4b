//! Reads: which server is asked, and which one instead when it is lost.

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

/// A server to read from, and one to turn to when it is lost: reads go on as long as any server that may answer is
/// there.
pub struct Reading {
    first: Arc<Node>,
    instead: Option<Arc<Node>>,
}

impl Database {
    /// Where `viewer` reads: what this user wrote before, through any instance, is there.
    pub async fn read(&self, viewer: Option<UserId>) -> Reading {
        let (first, instead, reason) = self.route(viewer).await;
        if let Some(observer) = &self.inner.observer {
            observer.routed(first.role, reason);
        }
        Reading { first: Arc::clone(first), instead: instead.map(Arc::clone) }
    }

    /// Where to read what is decided upon: there is nothing newer anywhere.
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
            // Nobody may take for complete what is not: the caller has another way to read.
            (Freshness::Complete, _) | (_, None) => (primary, None, reason),
            (Freshness::Bounded, Some(replica)) if primary.is_up() => (primary, Some(replica), reason),
            (Freshness::Bounded, Some(replica)) => (replica, Some(primary), "lost"),
        }
    }

    /// How far a replica must be to answer.
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

    /// A replica that has everything up to `needed`; the load goes round.
    async fn replica_with(&self, needed: WalPosition) -> Option<&Arc<Node>> {
        let replicas = &self.inner.replicas;
        let start = self.inner.turn.fetch_add(1, Ordering::Relaxed);
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
    /// The rows that `statement` finds: at the first server, and at the other one when the first is out of reach.
    async fn query(&self, statement: &Statement) -> Result<Vec<Row>, DbErr> {
        match (self.first.query(statement).await, &self.instead) {
            (Err(error), Some(instead)) if out_of_reach(&error) => instead.query(statement).await,
            (result, _) => result,
        }
    }

    /// All rows that `select` finds, which is read in the same way whatever its values are.
    pub async fn select_all_planned_once(&self, select: &SelectStatement) -> Result<Vec<Row>, DbErr> {
        self.query(&planned_once(self.first.pool.get_database_backend(), select)).await
    }

    /// The rows that `statement` finds, which waits for no turn: for what a whole instance depends on, now and then.
    pub async fn query_at_once(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.first.query_at_once(statement).await
    }

    /// Runs what finds no rows.
    pub async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.first.unless_lost(self.first.pool.execute_unprepared(sql)).await
    }
}

/// Where rows can be selected: a server to read from, or a transaction.
pub trait Select: Sync {
    /// The first row that `select` finds.
    fn select_one(&self, select: &SelectStatement) -> impl Future<Output = Result<Option<Row>, DbErr>> + Send;

    /// All rows that `select` finds.
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
