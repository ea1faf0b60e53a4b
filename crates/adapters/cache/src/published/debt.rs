//! Unpublished changes: those whose append to the log failed.
//!
//! Invariants: the state stays open while an unpublished change is unrepaired. A repair, which is a published change of
//! everything, covers the changes that failed before it began. At most one repair runs at a time.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts unpublished changes and their repairs. While one is unrepaired, other instances may serve stale entries.
#[derive(Default)]
pub(crate) struct Debt(Mutex<State>);

#[derive(Default)]
struct State {
    /// Changes whose publication failed.
    incurred: u64,
    /// How many of them are repaired.
    paid: u64,
    paying: bool,
}

impl Debt {
    /// The publication of another change failed.
    pub(crate) fn incur(&self) {
        self.state().incurred += 1;
    }

    /// Whether a change is unpublished.
    pub(crate) fn is_open(&self) -> bool {
        let state = self.state();
        state.incurred > state.paid
    }

    /// Begins a repair, and returns the count of changes that it will cover. `None` if nothing is unpublished, or a
    /// repair is running.
    pub(crate) fn begin_paying(&self) -> Option<u64> {
        let mut state = self.state();
        let due = state.incurred > state.paid && !state.paying;
        state.paying |= due;
        due.then_some(state.incurred)
    }

    /// The repair was published. Changes that failed during it stay open, because they may have been committed after
    /// it.
    pub(crate) fn paid(&self, due: u64) {
        let mut state = self.state();
        state.paid = due;
        state.paying = false;
    }

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
        assert_eq!(debt.begin_paying(), None, "a repair is running");
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
