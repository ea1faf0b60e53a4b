//! The database: one server, or a primary with replicas, and how to reach it.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use events::FactListener;
use resilience::Gate;
use sea_orm::{DatabaseConnection, DbBackend};

use crate::batch::Kinds;
use crate::file::DatabaseFile;
use crate::location::Location;
use crate::node::{Node, ServerStatus};
use crate::not_reached::NotReached;
use crate::observer::Observer;
use crate::position::{Positions, Watermark};
use crate::probe::Probe;
use crate::storage::Storage;
use crate::{error, open, operation};

/// How to reach the database.
#[derive(Clone)]
pub struct DatabaseOptions {
    /// Where it is.
    pub location: Location,
    /// Most connections that this process opens to it, and to each replica. Of 8 or more to PostgreSQL, a quarter (and no
    /// more than 8) carry reads, many at a time; the rest are a pool.
    pub max_connections: u32,
    /// How long a request waits for a free connection before it fails as unavailable.
    pub acquire_timeout: Duration,
    /// How long a read may be expected to wait for its turn, while as many as the connections carry are under way, before it
    /// is refused.
    pub read_wait: Duration,
    /// After how long PostgreSQL ends a statement; none for chores that take their time, and wait for locks as well.
    pub statement_timeout: Option<Duration>,
    /// PostgreSQL servers that replay what the primary writes, to read from.
    pub replicas: Vec<Location>,
    /// Remembers who has written how far, for all instances. Without it, signed-in readers do not read from replicas.
    pub positions: Option<Arc<dyn Positions>>,
    /// How often PostgreSQL servers are asked whether they are there, and how far: about as long as a reader may miss what
    /// others wrote. `None` takes them to be there always.
    pub probe_every: Option<Duration>,
    /// Told of every statement and transaction.
    pub observer: Option<Arc<dyn Observer>>,
}

impl DatabaseOptions {
    /// The defaults for a server.
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
/// SQLite has any number of readers and one writer: its writes queue, in order, for the one connection of the writing
/// pool instead of contending for the file's lock. On PostgreSQL most reads go over a pipeline; writes and what it does
/// not take share one pool, of which writers have no more than three quarters.
#[derive(Clone)]
pub struct Database {
    pub(crate) inner: Arc<Inner>,
    pub(crate) freshness: Freshness,
    /// Told of what is written over this handle.
    pub(crate) listener: Option<Arc<dyn FactListener>>,
}

pub(crate) struct Inner {
    pub(crate) primary: Arc<Node>,
    pub(crate) replicas: Vec<Arc<Node>>,
    /// Whose turn it is to be read from.
    pub(crate) turn: AtomicUsize,
    pub(crate) writes: DatabaseConnection,
    /// What writes pass that take a connection.
    pub(crate) writers: Gate,
    pub(crate) watermark: Arc<Watermark>,
    pub(crate) positions: Arc<dyn Positions>,
    /// After this time every instance has heard of a write from the primary.
    pub(crate) settling: Duration,
    /// The PostgreSQL schema that the tables are in, when it is not the server's default.
    pub(crate) schema: Option<String>,
    /// Whether what is written is stored.
    pub(crate) storage: Storage,
    /// Where it is, if it is a file.
    pub(crate) file: Option<DatabaseFile>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    /// Writes that are done together.
    pub(crate) batches: Kinds,
    pub(crate) probes: Mutex<Vec<Probe>>,
}

/// What reads over a handle may miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Writes of others in the last moments.
    Bounded,
    /// Nothing that this process has heard of.
    Complete,
}

impl Database {
    /// Opens the connections. A replica may be out of reach.
    ///
    /// # Errors
    /// [`ConnectError`] when the primary is out of reach or refuses, or when there are replicas of SQLite.
    pub async fn connect(options: &DatabaseOptions) -> Result<Self, ConnectError> {
        let opened = match &options.location {
            Location::Postgres { url, schema } => open::postgres(url, schema.as_deref(), options).await,
            location => open::sqlite(location, options).await,
        };
        let inner = opened.map_err(|source| ConnectError { location: options.location.clone(), source })?;
        Ok(Self { inner: Arc::new(inner), freshness: Freshness::Bounded, listener: None })
    }

    /// The same database, whose reads miss nothing that this process has heard of. They fail as unavailable when there is
    /// no such place to read: for those who keep what they read.
    #[must_use]
    pub fn complete(&self) -> Self {
        Self { freshness: Freshness::Complete, ..self.clone() }
    }

    /// The same database, whose writes tell `listener` their facts before they are acknowledged.
    #[must_use]
    pub fn with_listener(&self, listener: Arc<dyn FactListener>) -> Self {
        Self { listener: Some(listener), ..self.clone() }
    }

    /// How far the database is known to have been written; to be raised by what other processes tell.
    pub fn watermark(&self) -> Arc<Watermark> {
        Arc::clone(&self.inner.watermark)
    }

    /// Which of the two databases it is.
    pub fn backend(&self) -> DbBackend {
        self.inner.writes.get_database_backend()
    }

    /// Tells the observer that something is begun again.
    pub(crate) fn retries(&self, operation: &'static str, reason: &'static str) {
        if let Some(observer) = &self.inner.observer {
            observer.retried(operation, reason);
        }
    }

    /// Each server and how it is, the primary first.
    pub fn servers(&self) -> Vec<ServerStatus> {
        let latest = self.inner.watermark.latest();
        std::iter::once(&self.inner.primary).chain(&self.inner.replicas).map(|node| node.status(latest)).collect()
    }

    /// Asks the primary for a sign of life.
    ///
    /// # Errors
    /// What went wrong, when it gives none.
    pub async fn ping(&self) -> Result<(), domain::RepositoryError> {
        operation::reading("database.ping", async { self.read_primary().execute_unprepared("SELECT 1").await }).await?;
        Ok(())
    }

    /// Ends all connections; requests that still use one finish first.
    ///
    /// # Errors
    /// What the driver said.
    pub async fn close(self) -> Result<(), domain::RepositoryError> {
        let failed = |error| error::failed("database.close", error);
        self.inner.probes.lock().unwrap_or_else(PoisonError::into_inner).clear();
        for node in std::iter::once(&self.inner.primary).chain(&self.inner.replicas) {
            node.close().await.map_err(failed)?;
        }
        self.inner.writes.close_by_ref().await.map_err(failed)
    }
}

/// A database that could not be reached. Says nothing of the address of a server, which may be mistaken.
#[derive(Debug, thiserror::Error)]
#[error("cannot connect to {location:?}")]
pub struct ConnectError {
    /// Where it should be.
    pub location: Location,
    /// Why.
    #[source]
    pub source: NotReached,
}
