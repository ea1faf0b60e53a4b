//! A clock that tests set.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::{Clock, Timestamp};

/// The default time in tests: 2026-11-22T04:16:00.123456Z.
pub const NOW: Timestamp = Timestamp::from_micros(1_795_320_960_123_456);

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that shows `now`.
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_micros()))
    }

    /// Sets the clock to `now`.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Advances the clock by `span` and returns the new time.
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
    fn moves_only_on_request() {
        let clock = FixedClock::default();
        assert_eq!(clock.now(), NOW);
        assert_eq!(clock.advance(Duration::from_secs(1)), NOW.after(Duration::from_secs(1)));
        clock.set(NOW);
        assert_eq!(clock.now(), NOW);
    }
}
