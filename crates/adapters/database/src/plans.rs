//! Invalidates prepared statements after a change of the schema.
//!
//! PostgreSQL rejects a prepared statement (0A000) when a column that it returns has changed its type since. Every
//! connection that keeps the statement is affected, for as long as it keeps it.
//!
//! Each server has an epoch, and the first rejection in an epoch begins the next one. Then a pool closes connections
//! of earlier epochs when they are next acquired. A pipeline forgets the statements of earlier epochs. The rejected
//! statement is retried. As long as the schema does not change, this costs an atomic load.
//!
//! Tested here, and in `persistence/tests/repositories/schema_changes.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The epoch of a server's prepared statements, shared by all clones.
#[derive(Clone)]
pub(super) struct Plans(Arc<Inner>);

struct Inner {
    opened: Instant,
    /// When the epoch began, in nanoseconds since `opened`; 0 for the first.
    begun: AtomicU64,
}

/// An epoch, which compares equal only to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Epoch(u64);

impl Default for Plans {
    fn default() -> Self {
        Self(Arc::new(Inner { opened: Instant::now(), begun: AtomicU64::new(0) }))
    }
}

impl Plans {
    pub(super) fn epoch(&self) -> Epoch {
        Epoch(self.0.begun.load(Ordering::Acquire))
    }

    /// Begins another epoch, because a statement prepared in `epoch` was rejected. Of concurrent rejections, only the
    /// first begins one.
    pub(super) fn end(&self, Epoch(epoch): Epoch) {
        let now = self.now().max(epoch + 1);
        if self.0.begun.compare_exchange(epoch, now, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            tracing::info!("prepared statements are stale and are prepared again");
        }
    }

    /// Whether a connection of this `age` was opened in the current epoch.
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
    fn of_concurrent_rejections_one_begins_an_epoch() {
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
    fn connections_belong_to_the_epoch_they_were_opened_in() {
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
