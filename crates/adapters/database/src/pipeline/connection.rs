//! One connection, over which many statements are under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_postgres::{Client, Error, Row};

use super::statements::Statements;
use super::values::Parameters;
use crate::plans::Plans;

/// More statements than this are not sent over one connection: they would wait longer here than for another one.
const MOST_UNDER_WAY: usize = 32;
/// Answers come in the order of the statements. A connection that gave none for so long, while statements were in flight,
/// gets no more of them, and those behind the first are asked elsewhere.
const STUCK_AFTER: Duration = Duration::from_millis(250);

/// The number of a message that was not sent yet.
const NOT_SENT: u64 = u64::MAX;

/// A connection and what is known of it.
pub(super) struct Connection {
    client: Client,
    statements: Statements,
    under_way: AtomicUsize,
    /// Messages that were sent, and those of them that were answered; a statement is one, and its preparation another.
    sent: AtomicU64,
    answered: AtomicU64,
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
            sent: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            opened: Instant::now(),
            got_on: AtomicU64::new(0),
            end: Arc::default(),
        }
    }

    /// How many statements are under way; `None` if it should get no more.
    pub(super) fn load(&self) -> Option<usize> {
        let under_way = self.under_way.load(Ordering::Relaxed);
        let is_fit = under_way == 0 || (under_way < MOST_UNDER_WAY && !self.is_stuck());
        (is_fit && !self.client.is_closed()).then_some(under_way)
    }

    /// Told when the connection is to end at once.
    pub(super) fn end(&self) -> Arc<Notify> {
        Arc::clone(&self.end)
    }

    pub(super) fn cut(&self) {
        self.end.notify_one();
    }

    /// Whether what is in flight has waited for too long.
    fn is_stuck(&self) -> bool {
        let stuck_for = self.now().saturating_sub(self.got_on.load(Ordering::Relaxed));
        Duration::from_millis(stuck_for) > STUCK_AFTER
    }

    fn gets_on(&self) {
        self.got_on.store(self.now(), Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A statement's slot in a connection, until the connection has answered it, also when the reader has left: what comes
/// after it is answered later still.
pub(super) struct Turn {
    connection: Arc<Connection>,
    /// How many messages were sent before its last one.
    number: AtomicU64,
    /// Whether its last message waits for the answer.
    in_flight: AtomicBool,
}

impl Turn {
    pub(super) fn begin(connection: Arc<Connection>) -> Self {
        if connection.under_way.fetch_add(1, Ordering::Relaxed) == 0 {
            connection.gets_on();
        }
        Self { connection, number: AtomicU64::new(NOT_SENT), in_flight: AtomicBool::new(false) }
    }

    /// The rows that a statement finds; `None` when others before it take so long that it is better asked elsewhere.
    pub(super) async fn query(&self, sql: &str, parameters: &Parameters<'_>) -> Option<Result<Vec<Row>, Error>> {
        tokio::select! {
            biased;
            answer = self.answer(sql, parameters) => Some(answer),
            () = self.is_held_up() => None,
        }
    }

    /// Completes when messages before its own have taken too long. A statement that takes long by itself is left alone.
    async fn is_held_up(&self) {
        loop {
            sleep(STUCK_AFTER).await;
            let is_first = self.connection.answered.load(Ordering::Relaxed) >= self.number.load(Ordering::Relaxed);
            if !is_first && self.connection.is_stuck() {
                return;
            }
        }
    }

    /// Prepares a statement if need be, sends it, and waits for its rows.
    async fn answer(&self, sql: &str, parameters: &Parameters<'_>) -> Result<Vec<Row>, Error> {
        let Connection { client, statements, .. } = &*self.connection;
        let prepare = || async { self.message(client.prepare_typed(sql, &parameters.types())).await };
        let rows = match statements.prepared(sql, prepare).await {
            Ok(statement) => self.message(client.query(&statement, &parameters.borrowed())).await,
            Err(error) => Err(error),
        };
        if rows.is_err() {
            // What it was prepared for may have changed.
            statements.forget(sql);
        }
        rows
    }

    /// Counts a message that `answer` sends at once, and waits for its answer.
    async fn message<T>(&self, answer: impl Future<Output = T>) -> T {
        self.number.store(self.connection.sent.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        self.in_flight.store(true, Ordering::Relaxed);
        let answer = answer.await;
        self.in_flight.store(false, Ordering::Relaxed);
        self.connection.answered.fetch_add(1, Ordering::Relaxed);
        self.connection.gets_on();
        answer
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let connection = Arc::clone(&self.connection);
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if self.in_flight.load(Ordering::Relaxed) => {
                runtime.spawn(async move {
                    // Answers come in order: when nothing at all is answered, so is the message that was left behind.
                    if connection.client.batch_execute("").await.is_ok() {
                        connection.gets_on();
                    }
                    connection.answered.fetch_add(1, Ordering::Relaxed);
                    connection.under_way.fetch_sub(1, Ordering::Relaxed);
                });
            }
            _ => {
                connection.under_way.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}
