//! Times of the generated data.

use std::time::Duration;

use domain::Timestamp;
use rand::RngExt;

use crate::chance::Chance;

/// The period in which everything happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Sign-up of the first test user.
    pub start: Timestamp,
    /// The latest possible time.
    pub end: Timestamp,
}

impl Period {
    /// Length of the period.
    pub const LENGTH: Duration = Duration::from_hours(90 * 24);

    /// The period that starts at `start`.
    pub fn from(start: Timestamp) -> Self {
        Self { start, end: start.after(Self::LENGTH) }
    }

    /// The period that ends at `end`.
    pub fn until(end: Timestamp) -> Self {
        Self::from(end.before(Self::LENGTH))
    }

    /// A uniformly random time after `at` and before the end.
    pub(super) fn any_time_after(&self, chance: &mut Chance, at: Timestamp) -> Timestamp {
        plus(at, chance.random_range(1..=self.left(at)))
    }

    /// A random time after `at`, within `most` and before the end. Early times are more likely.
    pub(super) fn soon_after(&self, chance: &mut Chance, at: Timestamp, most: Duration) -> Timestamp {
        let most = i64::try_from(most.as_micros()).unwrap_or(i64::MAX).min(self.left(at));
        let sooner = (0..4).map(|_| chance.random_range(1..=most)).min();
        plus(at, sooner.unwrap_or(1))
    }

    /// Microseconds from `at` to the end, at least one: what follows must be later, even at the very end.
    fn left(&self, at: Timestamp) -> i64 {
        (self.end.as_micros() - at.as_micros()).max(1)
    }
}

fn plus(at: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_micros(at.as_micros().saturating_add(micros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance;

    const START: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    #[test]
    fn is_ninety_days_from_either_side() {
        let period = Period::from(START);
        assert_eq!(Period::until(period.end), period);
        assert_eq!(period.end.as_seconds() - period.start.as_seconds(), 90 * 86_400);
    }

    #[test]
    fn later_times_are_within_the_period() {
        let (period, mut chance) = (Period::from(START), chance::of(42, "period", 0));
        let hour = Duration::from_hours(1);
        for _ in 0..10_000 {
            let first = period.any_time_after(&mut chance, START);
            let second = period.soon_after(&mut chance, first, hour);
            assert!(START < first && first < second && second <= first.after(hour), "{first:?} {second:?}");
            assert!(second <= period.end);
        }
    }

    #[test]
    fn soon_after_prefers_early_times() {
        let (period, mut chance) = (Period::from(START), chance::of(42, "period", 1));
        let hour = Duration::from_hours(1);
        let early = START.after(Duration::from_mins(15));
        let sooner = (0..1_000).filter(|_| period.soon_after(&mut chance, START, hour) < early).count();
        assert!(sooner > 600, "{sooner} of 1,000 in the first quarter");
    }
}
