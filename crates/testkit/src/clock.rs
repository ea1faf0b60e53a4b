//! A clock that tests set.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::{Clock, Timestamp};

/// What time it is in tests unless they say otherwise: 2026-11-22T04:16:00.123456Z.
pub const NOW: Timestamp = Timestamp::from_micros(1_795_320_960_123_456);

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that stands at `now`.
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_micros()))
    }

    /// Puts the clock forward or back to `now`.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Puts the clock forward by `span`, and answers what it shows then.
    pub fn advance(&self, span: Duration) -> Timestamp {
        let micros = i64::try_from(span.as_micros()).unwrap();
        Timestamp::from_micros(self.0.fetch_add(micros, Ordering::SeqCst) + micros)
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self::at(NOW)
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_only_when_told() {
        let clock = FixedClock::default();
        assert_eq!(clock.now(), NOW);
        assert_eq!(clock.advance(Duration::from_secs(1)), NOW.after(Duration::from_secs(1)));
        clock.set(NOW);
        assert_eq!(clock.now(), NOW);
    }
}
