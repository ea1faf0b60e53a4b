//! Connections to the database, and its schema.
//!
//! - [`open`] opens them, [`pools`] says how each is told to behave, [`new_file`] makes the file of SQLite.
//! - [`not_reached`] says why a server was not reached, without a word of where it should be.
//! - [`reading`] chooses a server for each read, [`transaction`] begins and commits what writes.
//! - [`pipeline`] carries most reads of PostgreSQL, which plans some of them for all values ([`planned_once`]).
//! - [`plans`] says since when what a connection keeps prepared is good.
//! - [`release`] lets no connection be used again that is in a transaction, [`storage`] knows whether writes are stored.
//! - [`inspect`] looks at a server and changes nothing.
//! - [`node`] is what is known of a server, [`probe`] finds it out, [`position`] says how far each has come.

mod file;
mod inspect;
mod new_file;
mod node;
mod not_reached;
mod observer;
mod open;
pub(crate) mod pipeline;
mod planned_once;
mod plans;
mod pools;
mod position;
mod probe;
mod reading;
mod release;
mod schema;
mod storage;
mod transaction;

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use resilience::Gate;
use sea_orm::{DatabaseConnection, DbBackend};

pub use inspect::{Inspection, inspect};
pub use node::{Role, ServerStatus};
pub use not_reached::NotReached;
pub use observer::{Observer, StatementEvent, Way};
pub use pools::PLANNER_SETTINGS;
pub use position::{Noted, Positions, WalPosition, Watermark};
pub(crate) use reading::{Reading, Select};
pub use schema::MigrateError;
pub use sea_orm::Values;
pub use storage::StorageStatus;
pub(crate) use transaction::{Remembering, Transaction};

use crate::location::Location;
use crate::operation;
use file::DatabaseFile;
use node::Node;
use probe::Probe;
use storage::Storage;

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
    inner: Arc<Inner>,
    freshness: Freshness,
}

struct Inner {
    primary: Arc<Node>,
    replicas: Vec<Arc<Node>>,
    /// Whose turn it is to be read from.
    turn: AtomicUsize,
    writes: DatabaseConnection,
    /// What writes pass that take a connection.
    writers: Gate,
    watermark: Arc<Watermark>,
    positions: Arc<dyn Positions>,
    /// After this time every instance has heard of a write from the primary.
    settling: Duration,
    /// The PostgreSQL schema that the tables are in, when it is not the server's default.
    schema: Option<String>,
    /// Whether what is written is stored.
    storage: Storage,
    /// Where it is, if it is a file.
    file: Option<DatabaseFile>,
    observer: Option<Arc<dyn Observer>>,
    probes: Mutex<Vec<Probe>>,
}

/// What reads over a handle may miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freshness {
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
        Ok(Self { inner: Arc::new(inner), freshness: Freshness::Bounded })
    }

    /// The same database, whose reads miss nothing that this process has heard of. They fail as unavailable when there is
    /// no such place to read: for those who keep what they read.
    #[must_use]
    pub fn complete(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), freshness: Freshness::Complete }
    }

    /// How far the database is known to have been written; to be raised by what other processes tell.
    pub fn watermark(&self) -> Arc<Watermark> {
        Arc::clone(&self.inner.watermark)
    }

    pub(crate) fn backend(&self) -> DbBackend {
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
        let failed = |error| crate::error::failed("database.close", error);
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
