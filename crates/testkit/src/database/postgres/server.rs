//! The server of `TEST_DATABASE_URL`.

use std::sync::LazyLock;

use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, Statement, Value};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use url::Url;

use super::super::PATIENCE;

/// The runtime of the administrator's connection, which outlives the runtimes of the tests.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());

/// One session for the life of the process, which holds its advisory locks.
static SESSION: OnceCell<DatabaseConnection> = OnceCell::const_new();

/// Runs `chore` as the administrator, and waits for it without blocking the test's runtime.
pub(super) async fn administer<T, F>(chore: impl FnOnce(Administrator) -> F + Send + 'static) -> T
where
    T: Send + 'static,
    F: Future<Output = T> + Send,
{
    let url = url();
    let done = RUNTIME.spawn(async move {
        let session = SESSION.get_or_init(|| connect(&url)).await;
        chore(Administrator { session, url }).await
    });
    // Repeated here, because panics of the other thread are printed with the output of the first test.
    done.await.unwrap_or_else(|error| panic!("{error}"))
}

/// A session that may create and drop databases.
pub(super) struct Administrator {
    session: &'static DatabaseConnection,
    url: Url,
}

impl Administrator {
    pub(super) async fn run(&self, sql: &str) {
        self.session.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// Evaluates a condition.
    pub(super) async fn is(&self, condition: &str, values: impl IntoIterator<Item = Value>) -> bool {
        let sql = format!("SELECT {condition}");
        let query = Statement::from_sql_and_values(DbBackend::Postgres, &sql, values);
        let row = self.session.query_one_raw(query).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
        row.unwrap().try_get_by_index(0).unwrap()
    }

    pub(super) async fn databases_like(&self, prefix: &str) -> Vec<String> {
        let sql = "SELECT datname::text FROM pg_database WHERE starts_with(datname::text, $1)";
        let query = Statement::from_sql_and_values(DbBackend::Postgres, sql, [prefix.into()]);
        let rows = self.session.query_all_raw(query).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// The URL of another database of the server.
    pub(super) fn address_of(&self, database: &str) -> String {
        let mut url = self.url.clone();
        url.set_path(database);
        url.into()
    }
}

fn url() -> Url {
    let Some(raw) = std::env::var("TEST_DATABASE_URL").ok().filter(|raw| !raw.is_empty()) else {
        panic!(
            "this test needs PostgreSQL: run `cargo xtask test`, which provides it, or set TEST_DATABASE_URL to a \
             server whose superuser may be used, such as postgresql://postgres:postgres@127.0.0.1:5432/postgres"
        );
    };
    Url::parse(&raw).unwrap_or_else(|error| panic!("TEST_DATABASE_URL: {error}"))
}

async fn connect(url: &Url) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url.as_str());
    options
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(PATIENCE)
        .sqlx_logging(false);
    sea_orm::Database::connect(options)
        .await
        .unwrap_or_else(|error| panic!("cannot connect to the server that TEST_DATABASE_URL names: {error}"))
}
