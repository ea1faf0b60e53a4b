//! What a test asked of its database.

use std::sync::{Mutex, PoisonError};

use database::{Observer, StatementEvent, Values, Way};

/// A statement that was asked.
#[derive(Debug, Clone)]
pub struct LoggedStatement {
    /// Its text.
    pub sql: String,
    /// Its values.
    pub values: Option<Values>,
    /// Over what it went.
    pub way: Way,
}

/// Remembers every statement but those by which a server learns who has ended, with its values and every retry, and counts transactions.
#[derive(Debug, Default)]
pub struct StatementLog(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    statements: Vec<LoggedStatement>,
    transactions: usize,
    retries: Vec<(&'static str, &'static str)>,
}

impl StatementLog {
    /// Forgets everything.
    pub fn clear(&self) {
        *self.entries() = Entries::default();
    }

    /// The statements since the last [`Self::clear`], oldest first, those within transactions included.
    pub fn statements(&self) -> Vec<LoggedStatement> {
        self.entries().statements.clone()
    }

    /// How many transactions for writing were begun since the last [`Self::clear`].
    pub fn transactions(&self) -> usize {
        self.entries().transactions
    }

    /// What was begun again since the last [`Self::clear`], and why, oldest first.
    pub fn retries(&self) -> Vec<(&'static str, &'static str)> {
        self.entries().retries.clone()
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for StatementLog {
    fn statement(&self, event: &StatementEvent<'_>) {
        // A server does so twice a second, whatever it is asked.
        if event.operation == "ended_sessions.learn" {
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
