//! What a test asked of its database.

use std::sync::{Mutex, PoisonError};

use persistence::{Observer, StatementEvent};
use sea_orm::Statement;

/// Remembers every statement with its values, and counts transactions.
#[derive(Debug, Default)]
pub struct StatementLog(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    statements: Vec<Statement>,
    transactions: usize,
}

impl StatementLog {
    /// Forgets everything.
    pub fn clear(&self) {
        *self.entries() = Entries::default();
    }

    /// The statements since the last [`Self::clear`], oldest first, those within transactions included.
    pub fn statements(&self) -> Vec<Statement> {
        self.entries().statements.clone()
    }

    /// How many transactions for writing were begun since the last [`Self::clear`].
    pub fn transactions(&self) -> usize {
        self.entries().transactions
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for StatementLog {
    fn statement(&self, event: &StatementEvent<'_>) {
        self.entries().statements.push(event.statement.clone());
    }

    fn transaction(&self) {
        self.entries().transactions += 1;
    }
}
