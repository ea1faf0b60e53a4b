//! Connections to the database, and its schema.

mod pools;
mod schema;

use std::sync::Arc;
use std::time::Duration;

pub use pools::PLANNER_SETTINGS;
pub use schema::MigrateError;
pub use sea_orm::Statement;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use crate::location::Location;
use pools::{of_driver, postgres, prepare_file, reach, sqlite};

/// More readers than this do not make SQLite faster.
const SQLITE_READERS: u32 = 8;

/// How to reach the database.
#[derive(Clone)]
pub struct DatabaseOptions {
    /// Where it is.
    pub location: Location,
    /// Most connections that this process opens to it.
    pub max_connections: u32,
    /// How long a request waits for a free connection before it fails as unavailable.
    pub acquire_timeout: Duration,
    /// After how long PostgreSQL ends a statement; none for chores that take their time, and wait for locks as well.
    pub statement_timeout: Option<Duration>,
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
            statement_timeout: Some(Duration::from_secs(30)),
            observer: None,
        }
    }
}

/// Watches what is asked of the database.
pub trait Observer: Send + Sync {
    /// A statement has ended.
    fn statement(&self, statement: &Statement, elapsed: Duration, failed: bool);
    /// A transaction begins.
    fn transaction(&self);
}

/// The database, reads and writes apart.
///
/// On PostgreSQL both share one pool. SQLite has any number of readers and one writer: its writes queue, in order, for
/// the one connection of the writing pool instead of contending for the file's lock.
#[derive(Clone)]
pub struct Database {
    reads: DatabaseConnection,
    writes: DatabaseConnection,
    /// The PostgreSQL schema that the tables are in, when it is not the server's default.
    schema: Option<String>,
    observer: Option<Arc<dyn Observer>>,
}

impl Database {
    /// Opens the connections.
    ///
    /// # Errors
    /// [`ConnectError`] when the database is out of reach or refuses.
    pub async fn connect(options: &DatabaseOptions) -> Result<Self, ConnectError> {
        let failed = |source| ConnectError { location: options.location.clone(), source };
        let (reads, writes) = match &options.location {
            Location::Postgres { url, schema } => {
                let address: PgConnectOptions = url.parse().map_err(|error| failed(of_driver(error)))?;
                reach(&address, options.acquire_timeout).await.map_err(failed)?;
                let pool = Self::open(postgres(address, schema.as_deref(), options), options).await.map_err(failed)?;
                (pool.clone(), pool)
            }
            Location::SqliteMemory => {
                // Every connection would have a database of its own, so there is only one.
                let pool =
                    Self::open(sqlite("sqlite::memory:".to_owned(), 1, options), options).await.map_err(failed)?;
                (pool.clone(), pool)
            }
            Location::SqliteFile(path) => {
                let url = prepare_file(path).map_err(failed)?;
                let readers = options.max_connections.min(SQLITE_READERS);
                let writes = Self::open(sqlite(url.clone(), 1, options), options).await.map_err(failed)?;
                let reads = Self::open(sqlite(url, readers, options), options).await.map_err(failed)?;
                (reads, writes)
            }
        };
        let schema = match &options.location {
            Location::Postgres { schema, .. } => schema.clone(),
            _ => None,
        };
        Ok(Self { reads, writes, schema, observer: options.observer.clone() })
    }

    async fn open(pool: ConnectOptions, options: &DatabaseOptions) -> Result<DatabaseConnection, DbErr> {
        let mut connection = sea_orm::Database::connect(pool).await?;
        if let Some(observer) = options.observer.clone() {
            connection.set_metric_callback(move |info| {
                observer.statement(info.statement, info.elapsed, info.failed);
            });
        }
        Ok(connection)
    }

    /// Where to read.
    pub(crate) fn reads(&self) -> &DatabaseConnection {
        &self.reads
    }

    /// Begins a transaction that will write. It is rolled back unless it is committed.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        if let Some(observer) = &self.observer {
            observer.transaction();
        }
        // SQLite takes the lock for writing at once: a reader that turned writer half-way could not be given it.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        // In a task of its own, which a request that is given up does not take along: the driver takes note of a
        // transaction only after the database has, and a connection would go back to the pool with one begun.
        let writes = self.writes.clone();
        let begun = tokio::spawn(async move { writes.begin_with_options(options).await });
        begun.await.map_err(|error| DbErr::Custom(error.to_string()))?
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// What went wrong, when it gives none.
    pub async fn ping(&self) -> Result<(), domain::RepositoryError> {
        let failed = |error| crate::error::failed("database.ping", error);
        self.reads.execute_unprepared("SELECT 1").await.map_err(failed)?;
        Ok(())
    }

    /// Ends all connections; requests that still use one finish first.
    ///
    /// # Errors
    /// What the driver said.
    pub async fn close(self) -> Result<(), domain::RepositoryError> {
        let failed = |error| crate::error::failed("database.close", error);
        self.reads.close().await.map_err(failed)?;
        self.writes.close().await.map_err(failed)
    }
}

/// A database that could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("cannot connect to {location}")]
pub struct ConnectError {
    /// Where it should be.
    pub location: Location,
    /// What the driver said.
    #[source]
    pub source: DbErr,
}
