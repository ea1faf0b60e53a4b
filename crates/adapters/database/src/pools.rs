//! Opens connections, and configures the pools and the sessions of PostgreSQL.

use std::path::PathBuf;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _};
use sea_orm::{ConnectOptions, DatabaseConnection, DbBackend};

use tokio::task::JoinSet;

use crate::not_reached::NotReached;
use crate::plans::Plans;
use crate::{DatabaseOptions, release};

/// The names of our sessions in PostgreSQL's list of sessions: those of pools, and those of pipelines.
const POOL_NAME: &str = "thoughts";
pub(super) const PIPELINE_NAME: &str = "thoughts-reads";
/// Prepared statements that each connection keeps.
pub(super) const STATEMENT_CACHE: usize = 256;
/// How long SQLite waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// A pooled connection that was idle for this long is pinged before use.
const PING_AFTER_IDLE: Duration = Duration::from_secs(30);
/// How long a connection may take to answer a ping.
const PING_LIMIT: Duration = Duration::from_secs(1);
/// Settings for PostgreSQL's planner on every connection.
///
/// The default cost of a random page is that of a hard disc. With it, the planner underestimates two bad plans. One
/// scans a whole table for the few rows that are joined to a page. The other sorts all posts of an author instead of
/// reading a page from the index.
pub const PLANNER_SETTINGS: [(&str, &str); 1] = [("random_page_cost", "1.1")];

/// Limits for how long one of our connections blocks others. One is for an idle transaction, the other for a client
/// whose machine has vanished.
const PATIENCE_SETTINGS: [(&str, &str); 2] =
    [("idle_in_transaction_session_timeout", "30s"), ("tcp_keepalives_idle", "30")];
/// How long a statement of a request waits for a lock, as its transaction may hold locks itself.
const LOCK_TIMEOUT: &str = "3s";

/// Connects once, outside the pool: a pool retries until its timeout, and then reports only that.
pub(super) async fn reach(address: &PgConnectOptions, limit: Duration) -> Result<(), NotReached> {
    match tokio::time::timeout(limit, PgConnection::connect_with(address)).await {
        Ok(Ok(connection)) => connection.close().await.map_err(|error| NotReached::from(&error)),
        Ok(Err(error)) => Err(NotReached::from(&error)),
        Err(_) => Err(NotReached::because(format!("no answer within {} s", limit.as_secs()))),
    }
}

/// How many connections a pool has open, and how many of them are idle.
pub(super) fn usage(connection: &DatabaseConnection) -> (u32, u32) {
    let (open, idle) = if connection.get_database_backend() == DbBackend::Postgres {
        let pool = connection.get_postgres_connection_pool();
        (pool.size(), pool.num_idle())
    } else {
        let pool = connection.get_sqlite_connection_pool();
        (pool.size(), pool.num_idle())
    };
    (open, u32::try_from(idle).unwrap_or(u32::MAX))
}

/// Closes idle connections of a pool that are dead.
pub(super) async fn weed(connection: &DatabaseConnection) {
    let pool = connection.get_postgres_connection_pool();
    let mut pings = JoinSet::new();
    while let Some(mut connection) = pool.try_acquire() {
        pings.spawn(async move {
            if !matches!(tokio::time::timeout(PING_LIMIT, connection.ping()).await, Ok(Ok(()))) {
                connection.close_on_drop();
            }
        });
    }
    while pings.join_next().await.is_some() {}
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

/// The address with the settings of every session.
pub(super) fn with_session_settings(address: PgConnectOptions, options: &DatabaseOptions) -> PgConnectOptions {
    let address = address
        .application_name(POOL_NAME)
        .statement_cache_capacity(STATEMENT_CACHE)
        .options(PLANNER_SETTINGS)
        .options(PATIENCE_SETTINGS)
        .disable_statement_logging();
    match options.statement_timeout {
        Some(limit) => address
            .options([("statement_timeout", limit.as_millis().to_string())])
            .options([("lock_timeout", LOCK_TIMEOUT)]),
        None => address,
    }
}

/// Passes the address to the driver only: the ORM would log it, with the password.
pub(super) fn postgres(
    address: PgConnectOptions,
    schema: Option<&str>,
    max_connections: u32,
    options: &DatabaseOptions,
) -> ConnectOptions {
    let mut pool = pool("postgres://".to_owned(), max_connections, options);
    pool.map_sqlx_postgres_opts(move |_| address.clone());
    if let Some(schema) = schema {
        pool.set_schema_search_path(schema);
    }
    pool
}

/// Makes a pool close connections of an earlier epoch of `plans` instead of using them.
pub(super) fn renew(pool: &mut ConnectOptions, plans: Plans) {
    pool.map_sqlx_postgres_before_acquire(move |_, connection| {
        let are_good = plans.are_good_for(connection.age);
        Box::pin(async move { Ok(are_good) })
    });
}

/// The pool of an SQLite file, or of a database in memory when `file` is `None`.
pub(super) fn sqlite(
    file: Option<PathBuf>,
    max_connections: u32,
    after_release: release::AfterRelease,
    options: &DatabaseOptions,
) -> ConnectOptions {
    let url = if file.is_some() { "sqlite://" } else { "sqlite::memory:" };
    let mut pool = pool(url.to_owned(), max_connections, options);
    pool.map_sqlx_sqlite_pool_opts(move |pool| after_release.apply(pool));
    // A database in memory is lost with its connection.
    pool.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>).map_sqlx_sqlite_opts(move |connection| {
        // Set on the options, as the path in a URL would be decoded.
        let connection = file.iter().fold(connection, SqliteConnectOptions::filename);
        connection
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged write survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", "67108864")
            .statement_cache_capacity(STATEMENT_CACHE)
    });
    pool
}

/// A connection that only reads an SQLite file, and leaves its journal mode as it is.
pub(super) fn sqlite_to_read(file: PathBuf, options: &DatabaseOptions) -> ConnectOptions {
    let mut pool = pool("sqlite://".to_owned(), 1, options);
    pool.map_sqlx_sqlite_opts(move |connection| connection.filename(&file).read_only(true).busy_timeout(BUSY_TIMEOUT));
    pool
}
