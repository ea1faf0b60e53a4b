//! The clock of the operating system.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::{Clock, Timestamp};

const EPOCH: Timestamp = Timestamp::from_micros(0);

/// The clock of the operating system, truncated to microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the `Clock` that all other code uses")]
    fn now(&self) -> Timestamp {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => EPOCH.after(since),
            // A clock before 1970 is wrong, but its time is representable.
            Err(before) => EPOCH.before(before.duration()),
        }
    }
}

#[cfg(test)]
mod tests {
    mod now {
        use super::super::*;
        use std::time::Duration;

        /// From 2026-01-01T00:00:00Z, which is past, to 2126-01-01T00:00:00Z.
        const PLAUSIBLE: std::ops::Range<i64> = 1_767_225_600..4_922_899_200;

        #[test]
        fn is_in_microseconds_since_1970() {
            assert!(PLAUSIBLE.contains(&SystemClock.now().as_seconds()));
        }

        #[test]
        fn advances_with_time() {
            let before = SystemClock.now();
            std::thread::sleep(Duration::from_millis(20));
            let after = SystemClock.now();
            assert!(after >= before.after(Duration::from_millis(20)), "{before:?} {after:?}");
            assert!(after < before.after(Duration::from_mins(1)), "{before:?} {after:?}");
        }
    }
}
