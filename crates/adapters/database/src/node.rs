//! One server of the database, and what is known of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use resilience::{Gate, GateOptions};
use sea_orm::{ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbErr, QueryResult, Statement};
use tokio::sync::watch;

use crate::error::{has_stale_plan, refused};
use crate::fields::Row;
use crate::observer::{Observer, StatementEvent, Way};
use crate::operation;
use crate::pipeline::{Address, Pipeline};
use crate::plans::Plans;
use crate::pools;
use crate::position::WalPosition;

/// What a server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Takes writes, and has all of them.
    Primary,
    /// Has what it has replayed so far.
    Replica,
}

impl Role {
    /// Its name, for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
        }
    }
}

/// How a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerStatus {
    /// `primary`, `replica-1`, `replica-2`, …
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Whether it answered when it was last probed.
    pub up: bool,
    /// Of a replica: bytes of the write-ahead log that it was behind when it was last asked. `None` when unknown.
    pub lag: Option<u64>,
    /// Open connections of the pool to it.
    pub connections: u32,
    /// Those of them that nobody uses.
    pub idle: u32,
    /// Open connections besides the pool's, each of which carries many reads at a time.
    pub pipelined: u32,
}

/// How far a server is, whichever role it has now: a replica with what it has replayed, a primary with what is on disc.
pub(super) const POSITION: &str = "SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
                                   ELSE pg_current_wal_flush_lsn() END - '0/0'::pg_lsn)::bigint";

/// A replica that was behind is not asked again before this: many readers want to know at once.
const ASKED_AT_MOST_EVERY: Duration = Duration::from_millis(2);
/// How often a read is begun that meets statements prepared before the schema changed: one that meets a change each time
/// has met a migration at work.
const READ_AT_MOST: u32 = 3;
/// How long a reader waits for it to say how far it is; the primary serves sooner than that.
const ASKED_FOR_AT_MOST: Duration = Duration::from_millis(20);

/// Reads that may wait for a server; each keeps a request in memory.
const WAITING: usize = 4096;
/// About what a read takes; what it really takes is measured.
const HELD_FOR: Duration = Duration::from_millis(5);

/// One server of the database.
pub(super) struct Node {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) pool: DatabaseConnection,
    /// What reads pass that take a connection of the pool.
    pool_gate: Gate,
    pub(super) plans: Plans,
    pipelined: Option<Pipelined>,
    observer: Option<Arc<dyn Observer>>,
    up: watch::Sender<bool>,
    /// Where it is, once it was reached there: before that, it may not be the name of a server.
    reached_at: OnceLock<String>,
    position: AtomicU64,
    /// When it was last asked how far it is; locked while it is being asked.
    asked: Arc<tokio::sync::Mutex<Option<Instant>>>,
}

/// A pipeline, and what reads pass that may take it, or the pool where it has no room.
struct Pipelined {
    pipeline: Pipeline,
    gate: Gate,
}

impl Node {
    /// A server that is reached over `pool`, whose connections are of an epoch of `plans`, by reads that pass `pool_gate`.
    /// `observer` is told of what is not asked over the pool, and of what is asked again.
    pub(super) fn new(
        name: String,
        role: Role,
        (pool, plans): (DatabaseConnection, Plans),
        pool_gate: Gate,
        observer: Option<Arc<dyn Observer>>,
    ) -> Self {
        Self {
            name,
            role,
            pool,
            pool_gate,
            plans,
            pipelined: None,
            observer,
            up: watch::Sender::new(true),
            reached_at: OnceLock::new(),
            position: AtomicU64::new(0),
            asked: Arc::default(),
        }
    }

    /// The same, with a pipeline for reads, of which all pass `gate`.
    pub(super) fn with_pipeline(mut self, address: Address, connections: u32, gate: Gate) -> Self {
        let pipeline = Pipeline::open(&self.name, address, connections, &self.plans, &self.up);
        self.pipelined = Some(Pipelined { pipeline, gate });
        self
    }

    /// The rows that `statement` finds. It is asked again if it had been prepared before the schema changed.
    pub(super) async fn query(&self, statement: &Statement) -> Result<Vec<Row>, DbErr> {
        for _ in 1..READ_AT_MOST {
            let epoch = self.plans.epoch();
            match self.query_once(statement).await {
                Err(error) if has_stale_plan(&error) => {
                    self.plans.end(epoch);
                    if let Some(observer) = &self.observer {
                        observer.retried(operation::current(), "stale_plan");
                    }
                }
                found => return found,
            }
        }
        self.query_once(statement).await
    }

    /// Asks over the pipeline where that takes it. What takes long there is passed by others over the pool, of which it is not
    /// to take all in turn.
    async fn query_once(&self, statement: &Statement) -> Result<Vec<Row>, DbErr> {
        self.unless_lost(async {
            let mut _permit = None;
            if let Some(Pipelined { pipeline, gate }) = &self.pipelined {
                _permit = Some(gate.enter().await.map_err(refused)?);
                if let Some(found) = self.query_pipelined(pipeline, statement).await {
                    return found;
                }
            }
            let _connection = self.pool_gate.enter().await.map_err(refused)?;
            let rows = self.pool.query_all_raw(statement.clone()).await?;
            Ok(rows.into_iter().map(Row::Pooled).collect())
        })
        .await
    }

    async fn query_pipelined(&self, pipeline: &Pipeline, statement: &Statement) -> Option<Result<Vec<Row>, DbErr>> {
        let asked = Instant::now();
        let found = pipeline.query(statement).await?;
        if let Some(observer) = &self.observer {
            observer.statement(&StatementEvent {
                operation: operation::current(),
                role: self.role,
                way: Way::Pipeline,
                sql: &statement.sql,
                values: statement.values.as_ref(),
                elapsed: asked.elapsed(),
                failed: found.is_err(),
            });
        }
        Some(found.map(|rows| rows.into_iter().map(Row::Pipelined).collect()))
    }

    /// Ends all connections; requests that still use one finish first.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        if let Some(Pipelined { pipeline, .. }) = &self.pipelined {
            pipeline.close().await;
        }
        self.pool.close_by_ref().await
    }

    /// Whether it answered when it was last probed; one that is never probed is taken to.
    pub(super) fn is_up(&self) -> bool {
        *self.up.borrow()
    }

    /// What a probe found. Whoever waits for a server that went down is told at once.
    pub(super) fn set_up(&self, up: bool) {
        if !up && let Some(Pipelined { pipeline, .. }) = &self.pipelined {
            // When the server is back, its old connections are dead and would not say so.
            pipeline.cut();
        }
        let changed = self.up.send_if_modified(|was| std::mem::replace(was, up) != up);
        if !changed {
            return;
        }
        let (server, at) = (self.name.as_str(), self.reached_at.get());
        match (self.role, up) {
            (Role::Primary, true) => tracing::info!(server, at, "the primary database server is back"),
            (Role::Primary, false) => tracing::error!(server, at, "the primary database server is lost"),
            (Role::Replica, true) => tracing::info!(server, at, "a replica of the database is back"),
            (Role::Replica, false) => {
                tracing::warn!(server, at, "a replica of the database is lost; the other servers are read from");
            }
        }
    }

    /// Notes that it was reached, where the log is to say that it is.
    pub(super) fn reached_at(&self, place: impl FnOnce() -> String) {
        self.reached_at.get_or_init(place);
    }

    /// How it is, now that the database has been written up to `latest`.
    pub(super) fn status(&self, latest: WalPosition) -> ServerStatus {
        let (connections, idle) = pools::usage(&self.pool);
        let pipelined = self.pipelined.as_ref().map_or(0, |pipelined| pipelined.pipeline.connections());
        let lag = (self.role == Role::Replica && latest != WalPosition::UNKNOWN)
            .then(|| latest.0.saturating_sub(self.position().0));
        ServerStatus { name: self.name.clone(), role: self.role, up: self.is_up(), lag, connections, idle, pipelined }
    }

    /// The furthest position that it is known to have.
    pub(super) fn position(&self) -> WalPosition {
        WalPosition(self.position.load(Ordering::Acquire))
    }

    pub(super) fn set_position(&self, position: WalPosition) {
        self.position.fetch_max(position.0, Ordering::AcqRel);
    }

    /// Notes the position of a server that may have started anew, and then replays again what it had replayed before.
    pub(super) fn reset_position(&self, position: WalPosition) {
        self.position.store(position.0, Ordering::Release);
    }

    /// Whether it has everything up to `position`; asks it, if it did not when it was last heard of.
    pub(super) async fn has(self: &Arc<Self>, position: WalPosition) -> bool {
        if self.position() >= position {
            return true;
        }
        if position == WalPosition::UNKNOWN {
            return false;
        }
        let Ok(mut asked) = Arc::clone(&self.asked).try_lock_owned() else {
            return false;
        };
        if asked.is_some_and(|last| last.elapsed() < ASKED_AT_MOST_EVERY) {
            return false;
        }
        *asked = Some(Instant::now());
        let node = Arc::clone(self);
        // Its answer is waited for after that, too: a question that is left alone costs its connection, and a busy server
        // would have no time to accept another before the next is left alone.
        let answer = tokio::spawn(async move {
            if let Ok(reached) = node.ask().await {
                node.set_position(reached);
            }
            drop(asked);
        });
        let _ = tokio::time::timeout(ASKED_FOR_AT_MOST, answer).await;
        self.position() >= position
    }

    /// How far it is now.
    pub(super) async fn ask(&self) -> Result<WalPosition, DbErr> {
        let statement = Statement::from_string(self.pool.get_database_backend(), POSITION);
        read_position(self.unless_lost(self.pool.query_one_raw(statement)).await?)
    }

    /// The rows that `statement` finds over the pool, without waiting for a turn. If it had been prepared before the schema
    /// changed it fails, and succeeds the next time.
    pub(super) async fn query_at_once(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let epoch = self.plans.epoch();
        let found = self.unless_lost(self.pool.query_all_raw(statement)).await;
        if found.as_ref().is_err_and(has_stale_plan) {
            self.plans.end(epoch);
        }
        found
    }

    /// What comes of `work`, or an error at once when the server is down or goes down meanwhile: a pool would go on
    /// trying to connect until its time is up.
    pub(super) async fn unless_lost<T>(&self, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let lost = || DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed);
        let mut up = self.up.subscribe();
        if !*up.borrow() {
            return Err(lost());
        }
        tokio::select! {
            biased;
            result = work => result,
            _ = up.wait_for(|up| !up) => Err(lost()),
        }
    }
}

/// What reads of a server pass that does `at_once` of them at once; the rest wait, each for no longer than `wait` as far as
/// that can be told. Statements take as long as they take: some permits are kept free from those whose statements take long.
pub(super) fn gate(at_once: u32, wait: Duration) -> Gate {
    let permits = usize::try_from(at_once).unwrap_or(usize::MAX);
    Gate::new(GateOptions { permits, reserves: true, wait, waiting: WAITING, held_for: HELD_FOR })
}

pub(super) fn read_position(row: Option<QueryResult>) -> Result<WalPosition, DbErr> {
    let row = row.ok_or_else(|| DbErr::RecordNotFound("position".to_owned()))?;
    // None on a replica that has not replayed anything yet.
    let position: Option<i64> = row.try_get_by_index(0)?;
    Ok(WalPosition(position.and_then(|position| u64::try_from(position).ok()).unwrap_or(0)))
}
