//! Connections to the database, and its schema.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, RuntimeErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::location::Location;

/// Statements kept prepared on each connection.
const STATEMENT_CACHE: usize = 256;
/// How long SQLite waits for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pooled connections that idled this long are asked whether they are alive before they are used.
const PING_AFTER_IDLE: Duration = Duration::from_secs(30);
/// More readers than this do not make SQLite faster.
const SQLITE_READERS: u32 = 8;
/// Names the lock that lets one instance migrate at a time; any fixed number does.
const MIGRATION_LOCK: i64 = 0x7468_6f75_6768_7473;

/// What PostgreSQL's planner is told on every connection.
///
/// Its default cost of a random page is that of a disc with moving parts. Beside that it looks cheap to read a whole
/// table for the few rows that are joined to a page, or to sort all that an author ever wrote instead of reading a page
/// of it from the index that has the order.
pub const PLANNER_SETTINGS: [(&str, &str); 1] = [("random_page_cost", "1.1")];

/// How long PostgreSQL lets one of our connections hold up others: in waiting for a lock while it holds locks itself, in
/// a transaction that does nothing, and after its client's machine has vanished.
const PATIENCE_SETTINGS: [(&str, &str); 3] =
    [("lock_timeout", "3s"), ("idle_in_transaction_session_timeout", "30s"), ("tcp_keepalives_idle", "30")];

/// How to reach the database.
#[derive(Clone)]
pub struct DatabaseOptions {
    /// Where it is.
    pub location: Location,
    /// Most connections that this process opens to it.
    pub max_connections: u32,
    /// How long a request waits for a free connection before it fails as unavailable.
    pub acquire_timeout: Duration,
    /// After how long PostgreSQL ends a statement; none for chores that take their time.
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

pub use sea_orm::Statement;

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

    /// Brings the schema up to date. Of several instances that try at once, one does it and the others wait.
    ///
    /// # Errors
    /// [`MigrateError`] when a migration fails; it is rolled back.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        self.try_migrate().await.map_err(MigrateError)
    }

    async fn try_migrate(&self) -> Result<(), DbErr> {
        // SQLite lets in one transaction that writes at a time; PostgreSQL is asked to.
        let guard = self.begin().await?;
        if guard.get_database_backend() == DbBackend::Postgres {
            // Migrations take as long as they take, and so does waiting for another instance's.
            guard.execute_unprepared("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0").await?;
            guard.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
            if let Some(schema) = &self.schema {
                make_schema(&guard, schema).await?;
            }
        }
        Migrator::up(&guard, None).await?;
        guard.commit().await
    }

    /// Whether every migration of this version was applied. Does not change the database.
    ///
    /// # Errors
    /// [`MigrateError`] when the database does not answer.
    pub async fn is_migrated(&self) -> Result<bool, MigrateError> {
        let pending = Migrator::get_pending_migrations_read_only(&self.writes).await.map_err(MigrateError)?;
        Ok(pending.is_empty())
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

/// Makes a schema if there is none. It is looked for first, because the right to make one is asked for even where there
/// is nothing to make.
async fn make_schema(tx: &DatabaseTransaction, schema: &str) -> Result<(), DbErr> {
    let known = "SELECT 1 FROM pg_namespace WHERE nspname = $1";
    let known = Statement::from_sql_and_values(DbBackend::Postgres, known, [schema.into()]);
    if tx.query_one_raw(known).await?.is_none() {
        tx.execute_unprepared(&format!("CREATE SCHEMA \"{schema}\"")).await?;
    }
    Ok(())
}

fn of_driver(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}

/// Connects once, outside the pool: a pool tries again until its time is up, and then says only that.
async fn reach(address: &PgConnectOptions, limit: Duration) -> Result<(), DbErr> {
    match tokio::time::timeout(limit, PgConnection::connect_with(address)).await {
        Ok(Ok(connection)) => connection.close().await.map_err(of_driver),
        Ok(Err(error)) => Err(of_driver(error)),
        Err(_) => Err(DbErr::Custom(format!("no answer within {} s", limit.as_secs()))),
    }
}

fn pool(url: String, max_connections: u32, options: &DatabaseOptions) -> ConnectOptions {
    let mut pool = ConnectOptions::new(url);
    pool.max_connections(max_connections)
        .min_connections(1)
        .acquire_timeout(options.acquire_timeout)
        .connect_timeout(options.acquire_timeout)
        .test_before_acquire_if_idle_for(PING_AFTER_IDLE)
        .sqlx_logging(false);
    pool
}

/// The address is given to the driver and kept from the ORM, which would write it, password and all, into its log.
fn postgres(address: PgConnectOptions, schema: Option<&str>, options: &DatabaseOptions) -> ConnectOptions {
    let mut address = address
        .application_name("thoughts")
        .statement_cache_capacity(STATEMENT_CACHE)
        .options(PLANNER_SETTINGS)
        .options(PATIENCE_SETTINGS)
        .disable_statement_logging();
    if let Some(limit) = options.statement_timeout {
        address = address.options([("statement_timeout", limit.as_millis().to_string())]);
    }
    let mut pool = pool("postgres://".to_owned(), options.max_connections, options);
    pool.map_sqlx_postgres_opts(move |_| address.clone());
    if let Some(schema) = schema {
        pool.set_schema_search_path(schema);
    }
    pool
}

fn sqlite(url: String, max_connections: u32, options: &DatabaseOptions) -> ConnectOptions {
    let mut pool = pool(url, max_connections, options);
    // A database in memory is gone with its connection.
    pool.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>).map_sqlx_sqlite_opts(|connection| {
        connection
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            // What was acknowledged survives a power cut, too.
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", "67108864")
            .statement_cache_capacity(STATEMENT_CACHE)
    });
    pool
}

fn prepare_file(path: &Path) -> Result<String, DbErr> {
    if let Some(folder) = path.parent() {
        make_private(folder)
            .map_err(|error| DbErr::Custom(format!("cannot make the folder {}: {error}", folder.display())))?;
    }
    Ok(format!("sqlite://{}", path.display()))
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

/// A schema that could not be brought up to date or inspected.
#[derive(Debug, thiserror::Error)]
#[error("cannot migrate the database")]
pub struct MigrateError(#[source] pub DbErr);

/// Makes a folder, if there is none, that nobody else may look into: the database holds hashes of passwords.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}
