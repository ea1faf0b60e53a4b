//! The database: one server, or a primary with replicas; and its options.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use events::FactListener;
use resilience::Gate;
use sea_orm::{DatabaseConnection, DbBackend};

use crate::batch::Kinds;
use crate::file::DatabaseFile;
use crate::location::Location;
use crate::log::Written;
use crate::node::{Node, ServerStatus};
use crate::not_reached::NotReached;
use crate::observer::Observer;
use crate::position::{Positions, Watermark};
use crate::probe::Probe;
use crate::storage::Storage;
use crate::{error, open, operation};

/// How to reach the database, and how to use it.
#[derive(Clone)]
pub struct DatabaseOptions {
    /// The address of the primary, or the SQLite file.
    pub location: Location,
    /// Most connections that this process opens to each server. On PostgreSQL, from 8 connections on, a quarter of
    /// them (at most 8) are pipelined for reads. The rest are a pool.
    pub max_connections: u32,
    /// How long a request waits for a free connection before it fails as unavailable.
    pub acquire_timeout: Duration,
    /// The longest expected wait for a permit to read. A read that would wait longer is rejected.
    pub read_wait: Duration,
    /// After how long PostgreSQL cancels a statement. `None` for chores, which may take long and wait for locks.
    pub statement_timeout: Option<Duration>,
    /// PostgreSQL servers to read from, which replay the log of the primary.
    pub replicas: Vec<Location>,
    /// Notes the position of each user's last write, for all instances. Without it, signed-in readers never read from
    /// replicas.
    pub positions: Option<Arc<dyn Positions>>,
    /// How often PostgreSQL servers are probed for liveness and position. A reader may miss writes of others for
    /// about this long. `None` treats every server as up.
    pub probe_every: Option<Duration>,
    /// Receives every statement and transaction.
    pub observer: Option<Arc<dyn Observer>>,
}

impl DatabaseOptions {
    /// The defaults of a server process.
    pub fn new(location: Location) -> Self {
        Self {
            location,
            max_connections: 20,
            acquire_timeout: Duration::from_secs(3),
            read_wait: Duration::from_millis(500),
            statement_timeout: Some(Duration::from_secs(30)),
            replicas: Vec::new(),
            positions: None,
            probe_every: None,
            observer: None,
        }
    }
}

/// The database: one server, or a primary with replicas.
///
/// SQLite has any number of readers and one writer. Its writes queue in order for the one connection of the write
/// pool, instead of contending for the lock of the file. On PostgreSQL most reads use a pipeline. Writes and the
/// other reads share one pool, of which writers have at most three quarters.
#[derive(Clone)]
pub struct Database {
    pub(crate) inner: Arc<Inner>,
    pub(crate) freshness: Freshness,
    /// Receives the facts of writes over this handle.
    pub(crate) listener: Option<Arc<dyn FactListener>>,
}

pub(crate) struct Inner {
    pub(crate) primary: Arc<Node>,
    pub(crate) replicas: Vec<Arc<Node>>,
    /// Counts reads, for the round robin over the replicas.
    pub(crate) next_replica: AtomicUsize,
    pub(crate) writes: DatabaseConnection,
    /// The gate of writes that need a connection.
    pub(crate) writers: Gate,
    pub(crate) watermark: Arc<Watermark>,
    pub(crate) positions: Arc<dyn Positions>,
    /// After this time every instance knows of a write from its own probe of the primary.
    pub(crate) settling: Duration,
    /// The PostgreSQL schema of the tables, if it is not the default one of the server.
    pub(crate) schema: Option<String>,
    /// Whether writes are stored.
    pub(crate) storage: Storage,
    /// The file of the database, if it is one.
    pub(crate) file: Option<DatabaseFile>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    /// The batches of each kind of write.
    pub(crate) batches: Kinds,
    pub(crate) probes: Mutex<Vec<Probe>>,
    /// Wakes the sequencer of the log.
    pub(crate) written: Written,
}

/// Which writes a read over a handle may miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Recent writes of other users.
    Bounded,
    /// No write that this process knows of.
    Complete,
}

impl Database {
    /// Opens the connections. A replica may be out of reach.
    ///
    /// # Errors
    /// [`ConnectError`] when the primary is out of reach or refuses the connection, or when SQLite is given replicas.
    pub async fn connect(options: &DatabaseOptions) -> Result<Self, ConnectError> {
        let opened = match &options.location {
            Location::Postgres { url, schema } => open::postgres(url, schema.as_deref(), options).await,
            location => open::sqlite(location, options).await,
        };
        let inner = opened.map_err(|source| ConnectError { location: options.location.clone(), source })?;
        Ok(Self { inner: Arc::new(inner), freshness: Freshness::Bounded, listener: None })
    }

    /// The same database, with reads that miss no write that this process knows of. A read fails as unavailable when
    /// no server has all of these. For callers that keep what they read, such as caches.
    #[must_use]
    pub fn complete(&self) -> Self {
        Self { freshness: Freshness::Complete, ..self.clone() }
    }

    /// The same database, with writes that publish their facts to `listener` before they are acknowledged.
    #[must_use]
    pub fn with_listener(&self, listener: Arc<dyn FactListener>) -> Self {
        Self { listener: Some(listener), ..self.clone() }
    }

    /// The latest position that this process knows. Raise it when another process reports a write.
    pub fn watermark(&self) -> Arc<Watermark> {
        Arc::clone(&self.inner.watermark)
    }

    /// The kind of the database.
    pub fn backend(&self) -> DbBackend {
        self.inner.writes.get_database_backend()
    }

    /// Reports a retry to the observer.
    pub(crate) fn retries(&self, operation: &'static str, reason: &'static str) {
        if let Some(observer) = &self.inner.observer {
            observer.retried(operation, reason);
        }
    }

    /// The status of each server, the primary first.
    pub fn servers(&self) -> Vec<ServerStatus> {
        let latest = self.inner.watermark.latest();
        std::iter::once(&self.inner.primary).chain(&self.inner.replicas).map(|node| node.status(latest)).collect()
    }

    /// Checks that the primary answers.
    ///
    /// # Errors
    /// The failure, when the primary does not answer.
    pub async fn ping(&self) -> Result<(), domain::RepositoryError> {
        operation::reading("database.ping", async { self.read_primary().execute_unprepared("SELECT 1").await }).await?;
        Ok(())
    }

    /// Closes all connections, once the requests that use one have finished.
    ///
    /// # Errors
    /// The error of the driver.
    pub async fn close(self) -> Result<(), domain::RepositoryError> {
        let failed = |error| error::failed("database.close", error);
        self.inner.probes.lock().unwrap_or_else(PoisonError::into_inner).clear();
        for node in std::iter::once(&self.inner.primary).chain(&self.inner.replicas) {
            node.close().await.map_err(failed)?;
        }
        self.inner.writes.close_by_ref().await.map_err(failed)
    }
}

/// A database that could not be reached. Its message leaves out the address of a server, which may contain a mistake.
#[derive(Debug, thiserror::Error)]
#[error("cannot connect to {location:?}")]
pub struct ConnectError {
    /// The location that was tried.
    pub location: Location,
    #[source]
    pub source: NotReached,
}
