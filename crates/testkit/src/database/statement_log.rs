//! Records the statements of a test's database.

use std::sync::{Mutex, PoisonError};

use database::{Observer, StatementEvent, Values, Way};

#[derive(Debug, Clone)]
pub struct LoggedStatement {
    /// SQL text with placeholders.
    pub sql: String,
    /// Bound values, if any.
    pub values: Option<Values>,
    /// The connection path that it took.
    pub way: Way,
}

/// Records every statement with its values and every retry, and counts transactions. Queries for ended sessions
/// and those of the event log are omitted.
#[derive(Debug, Default)]
pub struct StatementLog(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    statements: Vec<LoggedStatement>,
    transactions: usize,
    retries: Vec<(&'static str, &'static str)>,
}

impl StatementLog {
    /// Removes all records.
    pub fn clear(&self) {
        *self.entries() = Entries::default();
    }

    /// The statements since the last [`Self::clear`], oldest first, including those in transactions.
    pub fn statements(&self) -> Vec<LoggedStatement> {
        self.entries().statements.clone()
    }

    /// The number of write transactions since the last [`Self::clear`].
    pub fn transactions(&self) -> usize {
        self.entries().transactions
    }

    /// Operations that were retried since the last [`Self::clear`], with the reasons, oldest first.
    pub fn retries(&self) -> Vec<(&'static str, &'static str)> {
        self.entries().retries.clone()
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for StatementLog {
    fn statement(&self, event: &StatementEvent<'_>) {
        // A server runs these at an interval, independent of requests.
        if event.operation == "ended_sessions.learn" || event.operation.starts_with("event_log.") {
            return;
        }
        self.entries().statements.push(LoggedStatement {
            sql: event.sql.to_owned(),
            values: event.values.cloned(),
            way: event.way,
        });
    }

    fn transaction(&self) {
        self.entries().transactions += 1;
    }

    fn retried(&self, operation: &'static str, reason: &'static str) {
        self.entries().retries.push((operation, reason));
    }
}
