//! One server of the database: its pool, its pipeline, its gates, and its state.
//!
//! Called by [`mod@crate::reading`], [`crate::transaction`] and [`crate::probe`].
//!
//! Invariants:
//! - While a server is down, its statements fail at once instead of waiting for a connection.
//! - When a server goes down, statements in flight fail at once, and its pipelined connections are closed.
//! - At most one query for the position of a replica is in flight.
//!
//! On failure of a prepared statement that became stale, the read is retried.
//!
//! Tested in `persistence/tests/repositories/replicas.rs` and `pipeline.rs`.

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
use crate::role::Role;

/// The state of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerStatus {
    /// `primary`, `replica-1`, `replica-2`, …
    pub name: String,
    /// The role of the server.
    pub role: Role,
    /// Whether it answered the last probe.
    pub up: bool,
    /// Of a replica: how many bytes of the write-ahead log it was behind at the last query. `None` when unknown.
    pub lag: Option<u64>,
    /// Open connections of the pool.
    pub connections: u32,
    /// Pooled connections that are idle.
    pub idle: u32,
    /// Open pipelined connections, each of which carries many reads at a time.
    pub pipelined: u32,
}

/// The position of a server, in either role: a replica's replayed position, a primary's flushed position.
pub(super) const POSITION: &str = "SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
                                   ELSE pg_current_wal_flush_lsn() END - '0/0'::pg_lsn)::bigint";

/// Pause between two queries for the position of a replica that is behind, which many readers need at the same time.
const QUERY_INTERVAL: Duration = Duration::from_millis(2);
/// Attempts of a read that meets stale prepared statements. A read that meets a change of the schema at each attempt
/// has met a running migration.
const READ_ATTEMPTS: u32 = 3;
/// How long a reader waits for a replica's position; reading from the primary takes less.
const QUERY_TIMEOUT: Duration = Duration::from_millis(20);

/// Reads that may wait for a server; each keeps a request in memory.
const WAITING: usize = 4096;
/// The initial estimate of how long a read holds its permit; the gate measures the real time.
const HELD_FOR: Duration = Duration::from_millis(5);

/// One server of the database.
pub(super) struct Node {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) pool: DatabaseConnection,
    /// The gate of reads that take a pooled connection.
    pool_gate: Gate,
    pub(super) plans: Plans,
    pipelined: Option<Pipelined>,
    observer: Option<Arc<dyn Observer>>,
    up: watch::Sender<bool>,
    /// The address, once it was reached there: until then it may be a mistaken setting, such as a password.
    reached_at: OnceLock<String>,
    position: AtomicU64,
    /// When it was last queried for its position; locked while a query is in flight.
    queried_at: Arc<tokio::sync::Mutex<Option<Instant>>>,
}

/// A pipeline, and the gate of all reads that try the pipeline first and the pool second.
struct Pipelined {
    pipeline: Pipeline,
    gate: Gate,
}

impl Node {
    /// A server that is reached over `pool`. Its reads pass `pool_gate`, and its connections belong to an epoch of
    /// `plans`. `observer` receives pipelined statements and retries; the pool reports its own statements.
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
            queried_at: Arc::default(),
        }
    }

    /// The same server with a pipeline for reads, all of which pass `gate`.
    pub(super) fn with_pipeline(mut self, address: Address, connections: u32, gate: Gate) -> Self {
        let pipeline = Pipeline::open(&self.name, address, connections, &self.plans, &self.up);
        self.pipelined = Some(Pipelined { pipeline, gate });
        self
    }

    /// The rows of `statement`, which is retried if it had been prepared before the schema changed.
    pub(super) async fn query(&self, statement: &Statement) -> Result<Vec<Row>, DbErr> {
        for _ in 1..READ_ATTEMPTS {
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

    /// Tries the pipeline first. A read that the pipeline leaves to the pool passes the pool's gate too: long reads
    /// must not take all pooled connections.
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
        let sent_at = Instant::now();
        let found = pipeline.query(statement).await?;
        if let Some(observer) = &self.observer {
            observer.statement(&StatementEvent {
                operation: operation::current(),
                role: self.role,
                way: Way::Pipeline,
                sql: &statement.sql,
                values: statement.values.as_ref(),
                elapsed: sent_at.elapsed(),
                failed: found.is_err(),
            });
        }
        Some(found.map(|rows| rows.into_iter().map(Row::Pipelined).collect()))
    }

    /// Closes all connections, once the requests that use one have finished.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        if let Some(Pipelined { pipeline, .. }) = &self.pipelined {
            pipeline.close().await;
        }
        self.pool.close_by_ref().await
    }

    /// Whether it answered the last probe. A server that is never probed counts as up.
    pub(super) fn is_up(&self) -> bool {
        *self.up.borrow()
    }

    /// Sets the result of a probe. Statements that wait for a server fail at once when it goes down.
    pub(super) fn set_up(&self, up: bool) {
        if !up && let Some(Pipelined { pipeline, .. }) = &self.pipelined {
            // When the server is back, its old connections are dead without noticing.
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
                tracing::warn!(server, at, "a replica of the database is lost; reads go to the other servers");
            }
        }
    }

    /// Notes the address for the log, once the server was reached there.
    pub(super) fn reached_at(&self, address: impl FnOnce() -> String) {
        self.reached_at.get_or_init(address);
    }

    /// The state of the server, given the `latest` position of the database.
    pub(super) fn status(&self, latest: WalPosition) -> ServerStatus {
        let (connections, idle) = pools::usage(&self.pool);
        let pipelined = self.pipelined.as_ref().map_or(0, |pipelined| pipelined.pipeline.connections());
        let lag = (self.role == Role::Replica && latest != WalPosition::UNKNOWN)
            .then(|| latest.0.saturating_sub(self.position().0));
        ServerStatus { name: self.name.clone(), role: self.role, up: self.is_up(), lag, connections, idle, pipelined }
    }

    /// The latest known position of the server.
    pub(super) fn position(&self) -> WalPosition {
        WalPosition(self.position.load(Ordering::Acquire))
    }

    pub(super) fn set_position(&self, position: WalPosition) {
        self.position.fetch_max(position.0, Ordering::AcqRel);
    }

    /// Sets the position of a server that may have restarted, and then replays again from an earlier position.
    pub(super) fn reset_position(&self, position: WalPosition) {
        self.position.store(position.0, Ordering::Release);
    }

    /// Whether it has everything up to `position`. Queries the server if the last known position is too low.
    pub(super) async fn has(self: &Arc<Self>, position: WalPosition) -> bool {
        if self.position() >= position {
            return true;
        }
        if position == WalPosition::UNKNOWN {
            return false;
        }
        let Ok(mut queried_at) = Arc::clone(&self.queried_at).try_lock_owned() else {
            return false;
        };
        if queried_at.is_some_and(|last| last.elapsed() < QUERY_INTERVAL) {
            return false;
        }
        *queried_at = Some(Instant::now());
        let node = Arc::clone(self);
        // The query runs on after the timeout. Cancelling it would close its connection, and a busy server could not
        // accept new connections as fast as they are closed.
        let answer = tokio::spawn(async move {
            if let Ok(reached) = node.query_position().await {
                node.set_position(reached);
            }
            drop(queried_at);
        });
        let _ = tokio::time::timeout(QUERY_TIMEOUT, answer).await;
        self.position() >= position
    }

    /// Queries the server for its position.
    pub(super) async fn query_position(&self) -> Result<WalPosition, DbErr> {
        let statement = Statement::from_string(self.pool.get_database_backend(), POSITION);
        read_position(self.unless_lost(self.pool.query_one_raw(statement)).await?)
    }

    /// The rows of `statement` over the pool, without a permit. A statement that was prepared before the schema
    /// changed fails once, and succeeds at the next call.
    pub(super) async fn query_at_once(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let epoch = self.plans.epoch();
        let found = self.unless_lost(self.pool.query_all_raw(statement)).await;
        if found.as_ref().is_err_and(has_stale_plan) {
            self.plans.end(epoch);
        }
        found
    }

    /// The result of `work`, or an error as soon as the server is down. The pool would retry the connection until its
    /// timeout.
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

/// A gate for the reads of a server, with `at_once` permits. A read that would wait for longer than `wait`, by the
/// gate's estimate, is rejected. As statements may be long, some permits stay free for new callers.
pub(super) fn gate(at_once: u32, wait: Duration) -> Gate {
    let permits = usize::try_from(at_once).unwrap_or(usize::MAX);
    Gate::new(GateOptions { permits, reserves: true, wait, waiting: WAITING, held_for: HELD_FOR })
}

pub(super) fn read_position(row: Option<QueryResult>) -> Result<WalPosition, DbErr> {
    let row = row.ok_or_else(|| DbErr::RecordNotFound("position".to_owned()))?;
    // `NULL` on a replica that has not replayed anything yet.
    let position: Option<i64> = row.try_get_by_index(0)?;
    Ok(WalPosition(position.and_then(|position| u64::try_from(position).ok()).unwrap_or(0)))
}
