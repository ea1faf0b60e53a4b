//! One pipelined connection, with many statements in flight.
//!
//! Invariants:
//! - A statement occupies the connection until the server has answered it, even when its reader was cancelled.
//! - A connection without progress for 250 ms gets no new statements. Statements behind the first one then use the
//!   pool.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_postgres::{Client, Error, Row};

use super::statements::Statements;
use super::values::Parameters;
use crate::plans::Plans;

/// Most statements in flight on a connection: with more, they would wait longer here than for a pooled connection.
const MOST_IN_FLIGHT: usize = 32;
/// Responses arrive in the order of the statements. A connection without a response for this long, while statements
/// are in flight, is stuck.
const STUCK_AFTER: Duration = Duration::from_millis(250);

/// The number of a message that was not sent yet.
const NOT_SENT: u64 = u64::MAX;

/// A connection and its state.
pub(super) struct Connection {
    client: Client,
    statements: Statements,
    statements_in_flight: AtomicUsize,
    /// Messages that were sent, and messages that were answered. A statement is one message, and its preparation
    /// another.
    sent: AtomicU64,
    answered: AtomicU64,
    opened: Instant,
    /// When it last made progress, in milliseconds since it was opened.
    progressed_at: AtomicU64,
    end: Arc<Notify>,
}

impl Connection {
    pub(super) fn new(client: Client, plans: Plans) -> Self {
        Self {
            client,
            statements: Statements::new(plans),
            statements_in_flight: AtomicUsize::new(0),
            sent: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            opened: Instant::now(),
            progressed_at: AtomicU64::new(0),
            end: Arc::default(),
        }
    }

    /// How many statements are in flight; `None` when it must get no more.
    pub(super) fn load(&self) -> Option<usize> {
        let in_flight = self.statements_in_flight.load(Ordering::Relaxed);
        let is_fit = in_flight == 0 || (in_flight < MOST_IN_FLIGHT && !self.is_stuck());
        (is_fit && !self.client.is_closed()).then_some(in_flight)
    }

    /// Notified when the connection must be closed at once.
    pub(super) fn end(&self) -> Arc<Notify> {
        Arc::clone(&self.end)
    }

    pub(super) fn cut(&self) {
        self.end.notify_one();
    }

    /// Whether the statements in flight have waited too long for a response.
    fn is_stuck(&self) -> bool {
        let stuck_for = self.now().saturating_sub(self.progressed_at.load(Ordering::Relaxed));
        Duration::from_millis(stuck_for) > STUCK_AFTER
    }

    fn note_progress(&self) {
        self.progressed_at.store(self.now(), Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A statement in flight. It counts until the server has answered it, even when the reader was cancelled: the
/// responses of later statements come after it.
pub(super) struct Turn {
    connection: Arc<Connection>,
    /// The number of messages that were sent before its last one.
    number: AtomicU64,
    /// Whether its last message waits for a response.
    in_flight: AtomicBool,
}

impl Turn {
    pub(super) fn begin(connection: Arc<Connection>) -> Self {
        if connection.statements_in_flight.fetch_add(1, Ordering::Relaxed) == 0 {
            connection.note_progress();
        }
        Self { connection, number: AtomicU64::new(NOT_SENT), in_flight: AtomicBool::new(false) }
    }

    /// The rows of a statement. `None` when statements before it take so long that the pool will be faster.
    pub(super) async fn query(&self, sql: &str, parameters: &Parameters<'_>) -> Option<Result<Vec<Row>, Error>> {
        tokio::select! {
            biased;
            answer = self.answer(sql, parameters) => Some(answer),
            () = self.is_blocked() => None,
        }
    }

    /// Completes when messages before its own have blocked it too long. A statement that is slow itself continues.
    async fn is_blocked(&self) {
        loop {
            sleep(STUCK_AFTER).await;
            let is_first = self.connection.answered.load(Ordering::Relaxed) >= self.number.load(Ordering::Relaxed);
            if !is_first && self.connection.is_stuck() {
                return;
            }
        }
    }

    /// Prepares the statement if necessary, sends it, and waits for its rows.
    async fn answer(&self, sql: &str, parameters: &Parameters<'_>) -> Result<Vec<Row>, Error> {
        let Connection { client, statements, .. } = &*self.connection;
        let prepare = || async { self.message(client.prepare_typed(sql, &parameters.types())).await };
        let rows = match statements.prepared(sql, prepare).await {
            Ok(statement) => self.message(client.query(&statement, &parameters.borrowed())).await,
            Err(error) => Err(error),
        };
        if rows.is_err() {
            // The schema that it was prepared for may have changed.
            statements.forget(sql);
        }
        rows
    }

    /// Counts a message, sends it at once, and waits for its response.
    async fn message<T>(&self, answer: impl Future<Output = T>) -> T {
        self.number.store(self.connection.sent.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        self.in_flight.store(true, Ordering::Relaxed);
        let answer = answer.await;
        self.in_flight.store(false, Ordering::Relaxed);
        self.connection.answered.fetch_add(1, Ordering::Relaxed);
        self.connection.note_progress();
        answer
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let connection = Arc::clone(&self.connection);
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if self.in_flight.load(Ordering::Relaxed) => {
                runtime.spawn(async move {
                    // Responses come in order: the response to an empty statement comes after that of the cancelled
                    // one.
                    if connection.client.batch_execute("").await.is_ok() {
                        connection.note_progress();
                    }
                    connection.answered.fetch_add(1, Ordering::Relaxed);
                    connection.statements_in_flight.fetch_sub(1, Ordering::Relaxed);
                });
            }
            _ => {
                connection.statements_in_flight.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}
