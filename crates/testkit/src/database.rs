//! Databases for tests: each test gets an empty, migrated one that is removed after it.

mod counters;
mod harness;
mod postgres;
mod sqlite;
mod statement_log;

use std::sync::Arc;
use std::time::Duration;

use database::{Database, DatabaseOptions, Location};
use domain::UserId;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, QueryResult};

pub use harness::run;
pub use statement_log::{LoggedStatement, StatementLog};

/// Enough for concurrent writes, and few enough for all tests together to stay below a server's default of a hundred.
const CONNECTIONS: u32 = 16;
/// Longer than a request may wait: on a slow machine, tests with many concurrent writers need more time.
const PATIENCE: Duration = Duration::from_mins(2);

/// The database engines that everything must work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    /// The server of `TEST_DATABASE_URL`.
    Postgres,
}

/// An empty database for one test, with the current schema.
pub struct TestDatabase {
    database: Database,
    oracle: DatabaseConnection,
    log: Arc<StatementLog>,
    engine: Engine,
    url: String,
    // Dropped after the connections; this removes the database.
    _place: Place,
}

/// Where the data is until the test ends.
enum Place {
    Folder(#[expect(dead_code, reason = "removes the folder when it is dropped")] tempfile::TempDir),
    Lease(#[expect(dead_code, reason = "gives the database back when it is dropped")] postgres::Lease),
    Server(#[expect(dead_code, reason = "drops the database when it is dropped")] postgres::OwnDatabase),
}

impl TestDatabase {
    /// A database on `engine`.
    pub async fn on(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::sqlite().await,
            Engine::Postgres => Self::postgres().await,
        }
    }

    /// A SQLite database in a temporary folder.
    pub async fn sqlite() -> Self {
        let (folder, url) = sqlite::create().await;
        Self::open(Engine::Sqlite, url, Place::Folder(folder)).await
    }

    /// A database on the server of `TEST_DATABASE_URL`.
    ///
    /// # Panics
    /// If the variable is not set: a suite that cannot run has failed.
    pub async fn postgres() -> Self {
        let lease = postgres::Lease::take().await;
        let database = Self::open(Engine::Postgres, lease.url().to_owned(), Place::Lease(lease)).await;
        database.empty().await;
        database
    }

    /// A database on `engine` without tables.
    pub async fn without_tables(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let (folder, url) = sqlite::create_without_tables();
                Self::open(engine, url, Place::Folder(folder)).await
            }
            Engine::Postgres => {
                let own = postgres::OwnDatabase::create().await;
                Self::open(engine, own.url().to_owned(), Place::Server(own)).await
            }
        }
    }

    async fn open(engine: Engine, url: String, place: Place) -> Self {
        let log = Arc::new(StatementLog::default());
        let options = DatabaseOptions { observer: Some(Arc::clone(&log) as _), ..options(&url) };
        let database = Database::connect(&options).await.unwrap();
        if engine == Engine::Postgres {
            pipelined(&database).await;
        }
        let mut plain = ConnectOptions::new(&url);
        plain.max_connections(1).connect_lazy(true).acquire_timeout(PATIENCE).sqlx_logging(false);
        let oracle = sea_orm::Database::connect(plain).await.unwrap();
        Self { database, oracle, log, engine, url, _place: place }
    }

    /// The database to create repositories with.
    pub fn database(&self) -> Database {
        self.database.clone()
    }

    /// The engine that the database runs on.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Its `DATABASE_URL`, for a server under test.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn location(&self) -> Location {
        Location::parse(&self.url).unwrap()
    }

    /// The statements run through [`Self::database`].
    pub fn log(&self) -> &StatementLog {
        &self.log
    }

    /// A connection that is independent of the repositories, to check them with plain SQL.
    pub fn sql(&self) -> &DatabaseConnection {
        &self.oracle
    }

    /// Removes all rows. For few rows this is faster than `TRUNCATE`, which recreates every file.
    async fn empty(&self) {
        let tables = "SELECT tablename::text FROM pg_tables \
                      WHERE schemaname = current_schema() AND tablename NOT IN ('seaql_migrations', 'event_log')";
        let deletes: Vec<_> =
            self.texts(tables).await.iter().map(|table| format!("{table}_rows AS (DELETE FROM {table})")).collect();
        // One statement, because references are checked at its end, so the order of tables does not matter.
        self.execute(&format!("WITH {} UPDATE event_log SET oldest = 1", deletes.join(", "))).await;
    }

    /// Stores the session that [`acting`](crate::acting) uses for `user`.
    pub async fn sign_in(&self, user: UserId) {
        let session = crate::acting(user).session_id;
        let values = format!("'{session}', '{user}', 0");
        self.execute(&format!("INSERT INTO sessions (id, user_id, created_at) VALUES ({values})")).await;
    }

    /// The number that `sql` selects.
    ///
    /// # Panics
    /// If it selects anything else.
    pub async fn scalar_i64(&self, sql: &str) -> i64 {
        let rows = self.rows(sql).await;
        let row = rows.first().unwrap_or_else(|| panic!("no row: {sql}"));
        row.try_get_by_index(0).unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// The number of rows in `table`.
    pub async fn count(&self, table: &str) -> i64 {
        self.scalar_i64(&format!("SELECT count(*) FROM {table}")).await
    }

    /// The texts in the only column that `sql` selects.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        self.rows(sql).await.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// The rows that `sql` selects.
    pub async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let statement = sea_orm::Statement::from_string(self.oracle.get_database_backend(), sql);
        self.oracle.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// Runs one or more statements.
    pub async fn execute(&self, sql: &str) {
        self.oracle.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
}

/// The connection options of tests.
fn options(url: &str) -> DatabaseOptions {
    DatabaseOptions {
        max_connections: CONNECTIONS,
        acquire_timeout: PATIENCE,
        read_wait: PATIENCE,
        statement_timeout: Some(PATIENCE),
        ..DatabaseOptions::new(Location::parse(url).unwrap())
    }
}

/// Waits until reads use the pipeline, as they do in a running server.
async fn pipelined(database: &Database) {
    let begun = std::time::Instant::now();
    while database.servers()[0].pipelined == 0 {
        assert!(begun.elapsed() < PATIENCE, "no pipelined connection comes about");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Creates the schema in an empty database.
async fn migrate(options: &DatabaseOptions) {
    let database = Database::connect(options).await.unwrap();
    persistence::migrate(&database).await.unwrap();
    database.close().await.unwrap();
}
