//! The real server for a test, and an HTTP client for it.
//!
//! [`TestApp`] starts and stops the server, [`TestUser`] signs up and calls it, and [`TestResponse`] is a response.
//! Every response is checked against the OpenAPI document; an undocumented one fails the test.

mod document;
mod invariants;
mod raw;
mod request;
mod response;
mod server;
mod user;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_kit::connections::ConnectionBounds;
use security::HashingCost;

pub use document::{operation, operation_id, operations, schema_names};
pub use raw::{RawConnection, RawResponse};
pub use request::{Http, TestRequest};
pub use response::TestResponse;
pub use user::{PASSWORD, TestUser};

use server::ServerThread;

use crate::{Engine, StatementLog, TestDatabase};

/// The signing key of the servers under test.
pub const SIGNING_KEY: &str = "a signing key for tests, at least 32 bytes long";

/// A server that runs until this value is dropped.
pub struct TestApp {
    http: Http,
    log: Arc<StatementLog>,
    server: Option<ServerThread>,
    // Dropped after the server.
    database: Arc<TestDatabase>,
}

/// Deviations from the default server.
pub struct AppOptions {
    /// Environment variables by name.
    pub variables: Vec<(&'static str, String)>,
    /// The cost of hashing a password.
    pub hashing_cost: HashingCost,
    /// The longest expected wait for the database. By default there is no limit, except in tests of overload; `None`
    /// uses the server's default.
    pub wait: Option<Duration>,
    /// The bounds of connections. By default more than a test opens, except in tests of the bounds.
    pub connections: ConnectionBounds,
}

impl Default for AppOptions {
    fn default() -> Self {
        Self {
            variables: Vec::new(),
            hashing_cost: HashingCost::MINIMAL_FOR_TESTS,
            wait: Some(Duration::from_mins(1)),
            connections: ConnectionBounds { all: 4096, of_a_network: 4096 },
        }
    }
}

impl From<TestDatabase> for TestApp {
    /// A server with the default options on `database`.
    fn from(database: TestDatabase) -> Self {
        Self::start(Arc::new(database), AppOptions::default())
    }
}

impl TestApp {
    /// A server on an empty database of `engine`.
    pub async fn on(engine: Engine) -> Self {
        TestDatabase::on(engine).await.into()
    }

    /// A server with additional environment variables.
    pub fn with(database: TestDatabase, variables: &[(&'static str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self::start(Arc::new(database), AppOptions { variables, ..AppOptions::default() })
    }

    /// Starts a server on `database`, which other servers may share.
    ///
    /// # Panics
    /// If the server does not start.
    #[expect(clippy::needless_pass_by_value, reason = "options are made for one server")]
    pub fn start(database: Arc<TestDatabase>, options: AppOptions) -> Self {
        let log = Arc::new(StatementLog::default());
        let server = ServerThread::start(&database, &options, Arc::clone(&log));
        Self { http: Http::new(server.address()), log, server: Some(server), database }
    }

    /// Another instance on the same database.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::start(Arc::clone(&self.database), AppOptions::default())
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.http.address()
    }

    /// A client of the server.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// The statements of the server.
    pub fn log(&self) -> &StatementLog {
        &self.log
    }

    /// The server's database, for direct access.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// A new account, logged in.
    pub async fn sign_up(&self, username: &str) -> TestUser {
        TestUser::sign_up(&self.http, username).await
    }

    /// A new account for each name.
    pub async fn sign_up_all<const N: usize>(&self, usernames: [&str; N]) -> [TestUser; N] {
        let mut users = Vec::with_capacity(N);
        for username in usernames {
            users.push(self.sign_up(username).await);
        }
        users.try_into().unwrap_or_else(|_| unreachable!("one user a name"))
    }

    /// Tells the server to stop, without waiting.
    pub fn begin_to_stop(&mut self) {
        if let Some(server) = &mut self.server {
            server.begin_to_stop();
        }
    }

    /// Stops the server and waits until it has stopped.
    ///
    /// # Panics
    /// If the server fails while stopping.
    pub async fn stop(mut self) {
        self.begin_to_stop();
        if let Some(server) = self.server.take() {
            tokio::task::spawn_blocking(|| server.join()).await.unwrap();
        }
    }
}

impl std::ops::Deref for TestApp {
    type Target = Http;

    fn deref(&self) -> &Http {
        &self.http
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Idle connections are closed first, because a stopping server waits for them.
        self.http.disconnect();
        if let Some(mut server) = self.server.take() {
            server.begin_to_stop();
            if !std::thread::panicking() {
                server.join();
            }
        }
    }
}
