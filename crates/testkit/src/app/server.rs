//! Runs the server under test in a thread of its own.

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use thoughts::settings::{Settings, Surroundings};
use thoughts::{Overrides, StartError};
use tokio::sync::oneshot;

use super::{AppOptions, SIGNING_KEY};
use crate::{StatementLog, TestDatabase};

/// A thread that runs a server until it is told to stop.
///
/// The server spawns tasks that are bound to their thread, which the runtime of a test does not support.
pub(super) struct ServerThread {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: JoinHandle<()>,
}

impl ServerThread {
    /// Starts the server and waits until it listens.
    pub(super) fn start(database: &Arc<TestDatabase>, options: &AppOptions, log: Arc<StatementLog>) -> Self {
        let settings = settings(database, options);
        let overrides = Overrides {
            hashing_cost: options.hashing_cost,
            observer: log,
            metrics: Arc::new(|| "up 1\n".to_owned()),
            wait: options.wait,
            connections: options.connections,
        };
        let (stop, stopped) = oneshot::channel();
        let (say, started) = mpsc::channel();
        // Kept until the server has stopped, even if the test fails.
        let database = Arc::clone(database);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            tokio::task::LocalSet::new().block_on(&runtime, async move {
                match thoughts::start(settings, overrides).await {
                    Ok(server) => {
                        say.send(Ok(server.address())).unwrap();
                        // An error means that the test ended without stopping the server.
                        let _ = stopped.await;
                        server.stop().await.unwrap();
                    }
                    Err(error) => say.send(Err(chain(&error))).unwrap(),
                }
            });
            drop(database);
        });
        let address = started.recv().unwrap().unwrap_or_else(|error| panic!("the server does not start: {error}"));
        Self { address, stop: Some(stop), thread }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn begin_to_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits until the server has stopped.
    pub(super) fn join(self) {
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Settings from environment variables, as an operator would configure them.
fn settings(database: &TestDatabase, options: &AppOptions) -> Settings {
    let usual = [
        ("PORT", "0"),
        ("WORKERS", "2"),
        ("DATABASE_URL", database.url()),
        ("DATABASE_MAX_CONNECTIONS", "8"),
        ("SIGNING_KEY", SIGNING_KEY),
        ("RATE_LIMIT", "off"),
        ("REQUEST_TIMEOUT", "60s"),
    ];
    let source = |name: &str| {
        let own = options.variables.iter().find(|(its, _)| *its == name).map(|(_, value)| value.clone());
        own.or_else(|| usual.iter().find(|(its, _)| *its == name).map(|(_, value)| (*value).to_owned()))
    };
    Settings::read(&source, Surroundings::detect()).unwrap_or_else(|error| panic!("{error}"))
}

fn chain(error: &StartError) -> String {
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    message
}
