//! The real server for a test, and a client that speaks HTTP to it.
//!
//! [`TestApp`] starts and stops it, [`TestUser`] signs up and calls it, [`TestResponse`] is what came back. Every
//! answer is held against the OpenAPI document: one that the document does not know fails the test.

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

pub use document::{operations, schema_names};
pub use raw::{RawConnection, RawResponse};
pub use request::{Http, TestRequest};
pub use response::TestResponse;
pub use user::{PASSWORD, TestUser};

use server::ServerThread;

use crate::{Engine, StatementLog, TestDatabase};

/// The secret that the servers under test sign with.
pub const SIGNING_KEY: &str = "a signing key for tests, at least 32 bytes long";

/// A server that answers until this value goes.
pub struct TestApp {
    http: Http,
    log: Arc<StatementLog>,
    server: Option<ServerThread>,
    // Goes after the server.
    database: Arc<TestDatabase>,
}

/// How a server differs from the usual one.
pub struct AppOptions {
    /// Variables of the environment, by name.
    pub variables: Vec<(&'static str, String)>,
    /// What hashing a password costs.
    pub hashing_cost: HashingCost,
    /// How long a call may be expected to wait for the database: for as long as it takes, but where that is looked at
    /// (`None`, as for people).
    pub wait: Option<Duration>,
    /// How many connections are served: more than a test makes, but where that is looked at.
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
    /// A server as most tests want it, on a database of its own.
    fn from(database: TestDatabase) -> Self {
        Self::start(Arc::new(database), AppOptions::default())
    }
}

impl TestApp {
    /// A server on an empty database of `engine`.
    pub async fn on(engine: Engine) -> Self {
        TestDatabase::on(engine).await.into()
    }

    /// A server with other variables than the usual ones.
    pub fn with(database: TestDatabase, variables: &[(&'static str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self::start(Arc::new(database), AppOptions { variables, ..AppOptions::default() })
    }

    /// A server on `database`, which others may serve as well.
    ///
    /// # Panics
    /// When the server does not start.
    #[expect(clippy::needless_pass_by_value, reason = "options are made for one server")]
    pub fn start(database: Arc<TestDatabase>, options: AppOptions) -> Self {
        let log = Arc::new(StatementLog::default());
        let server = ServerThread::start(&database, &options, Arc::clone(&log));
        Self { http: Http::new(server.address()), log, server: Some(server), database }
    }

    /// One more instance on the same database.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::start(Arc::clone(&self.database), AppOptions::default())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.http.address()
    }

    /// The client that calls it.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// What the server asked of its database.
    pub fn log(&self) -> &StatementLog {
        &self.log
    }

    /// The server's database, to look behind its back.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// A new account, logged in.
    pub async fn sign_up(&self, username: &str) -> TestUser {
        TestUser::sign_up(&self.http, username).await
    }

    /// A new account for each of the names.
    pub async fn sign_up_all<const N: usize>(&self, usernames: [&str; N]) -> [TestUser; N] {
        let mut users = Vec::with_capacity(N);
        for username in usernames {
            users.push(self.sign_up(username).await);
        }
        users.try_into().unwrap_or_else(|_| unreachable!("one user a name"))
    }

    /// Tells the server to stop, and does not wait for it.
    pub fn begin_to_stop(&mut self) {
        if let Some(server) = &mut self.server {
            server.begin_to_stop();
        }
    }

    /// Stops the server and waits until it has.
    ///
    /// # Panics
    /// When it does not stop in order.
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
        // Its idle connections go first, for a server that stops waits for them.
        self.http.disconnect();
        if let Some(mut server) = self.server.take() {
            server.begin_to_stop();
            if !std::thread::panicking() {
                server.join();
            }
        }
    }
}
