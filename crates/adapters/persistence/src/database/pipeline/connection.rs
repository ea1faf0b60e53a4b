//! One connection, over which many statements are under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use tokio::sync::Notify;
use tokio_postgres::{Client, Error, Row};

use super::super::plans::Plans;
use super::statements::Statements;
use super::values::Parameters;

/// More statements than this are not sent over one connection: they would wait longer here than for another one.
const MOST_UNDER_WAY: usize = 32;
/// Answers come in the order of the statements. A connection that gave none for so many milliseconds, while statements
/// were under way, gets no more of them.
const STUCK_AFTER: u64 = 250;

/// A connection and what is known of it.
pub(super) struct Connection {
    client: Client,
    statements: Statements,
    under_way: AtomicUsize,
    opened: Instant,
    /// When it was last seen to get on, in milliseconds since it was opened.
    got_on: AtomicU64,
    end: Arc<Notify>,
}

impl Connection {
    pub(super) fn new(client: Client, plans: Plans) -> Self {
        Self {
            client,
            statements: Statements::new(plans),
            under_way: AtomicUsize::new(0),
            opened: Instant::now(),
            got_on: AtomicU64::new(0),
            end: Arc::default(),
        }
    }

    /// How many statements are under way; `None` if it should get no more.
    pub(super) fn load(&self) -> Option<usize> {
        let under_way = self.under_way.load(Ordering::Relaxed);
        let is_stuck = || self.now().saturating_sub(self.got_on.load(Ordering::Relaxed)) > STUCK_AFTER;
        let is_fit = under_way == 0 || (under_way < MOST_UNDER_WAY && !is_stuck());
        (is_fit && !self.client.is_closed()).then_some(under_way)
    }

    /// Told when the connection is to end at once.
    pub(super) fn end(&self) -> Arc<Notify> {
        Arc::clone(&self.end)
    }

    pub(super) fn cut(&self) {
        self.end.notify_one();
    }

    fn gets_on(&self) {
        self.got_on.store(self.now(), Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A statement's place in a connection, until it is answered, whether anybody waits for that or not: what comes after it
/// is answered later still.
pub(super) struct Turn {
    connection: Arc<Connection>,
    is_answered: AtomicBool,
}

impl Turn {
    pub(super) fn begin(connection: Arc<Connection>) -> Self {
        if connection.under_way.fetch_add(1, Ordering::Relaxed) == 0 {
            connection.gets_on();
        }
        Self { connection, is_answered: AtomicBool::new(true) }
    }

    /// Sends a statement, and waits for its rows.
    pub(super) async fn query(&self, sql: &str, parameters: &Parameters<'_>) -> Result<Vec<Row>, Error> {
        let Connection { client, statements, .. } = &*self.connection;
        self.is_answered.store(false, Ordering::Relaxed);
        let rows = match statements.prepared(client, sql, parameters).await {
            Ok(statement) => client.query(&statement, &parameters.borrowed()).await,
            Err(error) => Err(error),
        };
        self.is_answered.store(true, Ordering::Relaxed);
        self.connection.gets_on();
        if rows.is_err() {
            // What it was prepared for may have changed.
            statements.forget(sql);
        }
        rows
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let connection = Arc::clone(&self.connection);
        let over = move || connection.under_way.fetch_sub(1, Ordering::Relaxed);
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if !self.is_answered.load(Ordering::Relaxed) => {
                let connection = Arc::clone(&self.connection);
                runtime.spawn(async move {
                    // Answers come in order: when nothing at all is answered, what was given up is as well.
                    let answer = connection.client.batch_execute("").await;
                    if answer.is_ok() {
                        connection.gets_on();
                    }
                    over();
                });
            }
            _ => {
                over();
            }
        }
    }
}
