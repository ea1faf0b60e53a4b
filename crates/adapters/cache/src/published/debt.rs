//! Changes that could not be announced.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether some change is not in the log though it should be. As long as that is so, others serve what is not true any
/// more; an announcement of everything makes up for it.
#[derive(Default)]
pub(crate) struct Debt(Mutex<State>);

#[derive(Default)]
struct State {
    /// Changes that were not announced.
    incurred: u64,
    /// How many of them were made up for.
    paid: u64,
    paying: bool,
}

impl Debt {
    /// Another change was not announced.
    pub(crate) fn incur(&self) {
        self.state().incurred += 1;
    }

    /// Something is owed.
    pub(crate) fn is_open(&self) -> bool {
        let state = self.state();
        state.incurred > state.paid
    }

    /// What an announcement that is made now will make up for; `None` if nothing is owed, or one is being made.
    pub(crate) fn begin_paying(&self) -> Option<u64> {
        let mut state = self.state();
        let due = state.incurred > state.paid && !state.paying;
        state.paying |= due;
        due.then_some(state.incurred)
    }

    /// The announcement was made. What was incurred meanwhile stays owed: it may have been committed after it.
    pub(crate) fn paid(&self, due: u64) {
        let mut state = self.state();
        state.paid = due;
        state.paying = false;
    }

    /// The announcement failed.
    pub(crate) fn not_paid(&self) {
        self.state().paying = false;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_during_the_repair_stays_open() {
        let debt = Debt::default();
        assert_eq!(debt.begin_paying(), None);
        debt.incur();
        debt.incur();
        let due = debt.begin_paying().unwrap();
        assert_eq!(debt.begin_paying(), None, "one at a time");
        debt.incur();
        debt.paid(due);
        assert!(debt.is_open());
        let due = debt.begin_paying().unwrap();
        debt.not_paid();
        assert!(debt.is_open());
        assert_eq!(debt.begin_paying(), Some(due));
        debt.paid(due);
        assert!(!debt.is_open());
    }
}
