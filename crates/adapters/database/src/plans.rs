//! Since when the statements that connections keep prepared are good.
//!
//! PostgreSQL refuses a statement that was prepared before a column that it answers changed its type (0A000), on every
//! connection that has it, for as long as that has it. Here is an epoch for each server: the first that is refused begins
//! another one. A pool ends connections of an earlier epoch when they are next taken, a pipeline forgets what it had
//! prepared in it, and what was refused is begun again. While nothing changes this costs an atomic load.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The epoch of a server's prepared statements. Clones are the same.
#[derive(Clone)]
pub(super) struct Plans(Arc<Inner>);

struct Inner {
    opened: Instant,
    /// When the epoch began, in nanoseconds since `opened`; 0 for the first.
    begun: AtomicU64,
}

/// An epoch, to be told from those that come after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Epoch(u64);

impl Default for Plans {
    fn default() -> Self {
        Self(Arc::new(Inner { opened: Instant::now(), begun: AtomicU64::new(0) }))
    }
}

impl Plans {
    /// The epoch that it is.
    pub(super) fn epoch(&self) -> Epoch {
        Epoch(self.0.begun.load(Ordering::Acquire))
    }

    /// Begins another epoch, since what was prepared in `epoch` was refused. Of many that are refused at the same time, the
    /// first does.
    pub(super) fn end(&self, Epoch(epoch): Epoch) {
        let now = self.now().max(epoch + 1);
        if self.0.begun.compare_exchange(epoch, now, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            tracing::info!("statements are prepared anew: the database does not take those from before any more");
        }
    }

    /// Whether a connection that was opened so long ago is of this epoch.
    pub(super) fn are_good_for(&self, age: Duration) -> bool {
        let Epoch(begun) = self.epoch();
        begun == 0 || self.now().saturating_sub(nanoseconds(age)) > begun
    }

    fn now(&self) -> u64 {
        nanoseconds(self.0.opened.elapsed())
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_those_that_are_refused_at_once_one_begins_an_epoch() {
        let plans = Plans::default();
        let first = plans.epoch();
        plans.end(first);
        let second = plans.epoch();
        assert_ne!(first, second);
        plans.end(first);
        assert_eq!(plans.epoch(), second);
        plans.end(second);
        assert_ne!(plans.epoch(), second);
    }

    #[test]
    fn an_epoch_is_of_the_connections_that_are_opened_in_it() {
        let plans = Plans::default();
        let age = Duration::from_hours(1);
        assert!(plans.are_good_for(age));
        plans.end(plans.epoch());
        assert!(!plans.are_good_for(age));
        let after = Instant::now();
        while after.elapsed() < Duration::from_micros(1) {}
        assert!(plans.are_good_for(Duration::ZERO));
    }
}
