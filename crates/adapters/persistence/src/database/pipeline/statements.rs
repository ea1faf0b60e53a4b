//! The statements that a connection keeps prepared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use tokio_postgres::{Client, Error, Statement};

use super::super::pools::STATEMENT_CACHE;
use super::values::Parameters;

/// Prepared statements by their text: those used last.
#[derive(Default)]
pub(super) struct Statements(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_text: HashMap<Box<str>, Entry>,
    /// Counts uses.
    clock: u64,
}

struct Entry {
    /// Filled by the first who needs it; others wait for that.
    statement: Arc<OnceCell<Statement>>,
    used: u64,
}

impl Statements {
    /// The statement, prepared now if it was not.
    pub(super) async fn prepared(
        &self,
        client: &Client,
        sql: &str,
        parameters: &Parameters<'_>,
    ) -> Result<Statement, Error> {
        let cell = self.cell(sql);
        if let Some(statement) = cell.get() {
            return Ok(statement.clone());
        }
        let prepare = || async { client.prepare_typed(sql, &parameters.types()).await };
        cell.get_or_try_init(prepare).await.cloned()
    }

    fn cell(&self, sql: &str) -> Arc<OnceCell<Statement>> {
        let mut kept = self.kept();
        kept.clock += 1;
        let used = kept.clock;
        if let Some(entry) = kept.by_text.get_mut(sql) {
            entry.used = used;
            return Arc::clone(&entry.statement);
        }
        kept.make_room();
        let statement = Arc::default();
        kept.by_text.insert(sql.into(), Entry { statement: Arc::clone(&statement), used });
        statement
    }

    /// Prepares it anew next time.
    pub(super) fn forget(&self, sql: &str) {
        self.kept().by_text.remove(sql);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Lets go of the statement that was not used for longest. The driver closes it once nobody uses it any more.
    fn make_room(&mut self) {
        if self.by_text.len() < STATEMENT_CACHE {
            return;
        }
        if let Some(oldest) = self.by_text.iter().min_by_key(|(_, entry)| entry.used).map(|(text, _)| text.clone()) {
            self.by_text.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_those_used_last() {
        let statements = Statements::default();
        let first = statements.cell("0");
        for number in 1..STATEMENT_CACHE {
            statements.cell(&number.to_string());
        }
        assert!(Arc::ptr_eq(&first, &statements.cell("0")));
        statements.cell("one more");
        let kept = statements.kept();
        assert_eq!(kept.by_text.len(), STATEMENT_CACHE);
        assert!(kept.by_text.contains_key("0"));
        assert!(!kept.by_text.contains_key("1"));
    }
}
