//! The prepared statements of a connection: at most [`STATEMENT_CACHE`], the least recently used is dropped first.
//!
//! Invariant: statements of an earlier epoch are never used ([`crate::plans`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use tokio_postgres::{Error, Statement};

use crate::plans::{Epoch, Plans};
use crate::pools::STATEMENT_CACHE;

/// Prepared statements of the current epoch, by their text.
pub(super) struct Statements {
    kept: Mutex<Kept>,
    plans: Plans,
}

struct Kept {
    epoch: Epoch,
    by_text: HashMap<Box<str>, Entry>,
    /// The number of uses so far.
    clock: u64,
}

struct Entry {
    /// Filled by the first reader that needs it; the others wait for it.
    statement: Arc<OnceCell<Statement>>,
    used: u64,
}

impl Statements {
    pub(super) fn new(plans: Plans) -> Self {
        let kept = Kept { epoch: plans.epoch(), by_text: HashMap::new(), clock: 0 };
        Self { kept: Mutex::new(kept), plans }
    }

    /// The statement, prepared with `prepare` if necessary.
    pub(super) async fn prepared<F>(&self, sql: &str, prepare: impl FnOnce() -> F) -> Result<Statement, Error>
    where
        F: Future<Output = Result<Statement, Error>>,
    {
        let cell = self.cell(sql);
        if let Some(statement) = cell.get() {
            return Ok(statement.clone());
        }
        cell.get_or_try_init(prepare).await.cloned()
    }

    fn cell(&self, sql: &str) -> Arc<OnceCell<Statement>> {
        let mut kept = self.kept();
        let epoch = self.plans.epoch();
        if kept.epoch != epoch {
            *kept = Kept { epoch, by_text: HashMap::new(), clock: 0 };
        }
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

    /// Drops the statement, so that the next use prepares it again.
    pub(super) fn forget(&self, sql: &str) {
        self.kept().by_text.remove(sql);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Drops the least recently used statement if the cache is full. The driver closes it after its last use.
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
    fn drops_the_least_recently_used() {
        let statements = Statements::new(Plans::default());
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

    #[test]
    fn drops_statements_of_an_earlier_epoch() {
        let plans = Plans::default();
        let statements = Statements::new(plans.clone());
        let first = statements.cell("0");
        plans.end(plans.epoch());
        let second = statements.cell("0");
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(Arc::ptr_eq(&second, &statements.cell("0")));
    }
}
