//! The pace of a gate: the expected wait of a new request, and the retry times of rejected ones.
//!
//! Invariants: only intervals in which requests waited are measured. One interval counts for at most the allowed
//! wait, and one hang is averaged out soon. Retry times are staggered, up to a horizon.

use std::time::Duration;

use tokio::time::Instant;

/// A new interval has this fraction (1/16) of the weight in the average.
const WEIGHT: u32 = 16;
/// The latest retry time, in multiples of the allowed wait.
const HORIZON: u32 = 3;

pub(super) struct Pace {
    /// The average interval between two returned permits while requests waited.
    each: Duration,
    /// The upper limit of an interval. It lets the average recover soon after a hang.
    most: Duration,
    /// When the last permit was returned, if requests have waited ever since.
    returned: Option<Instant>,
    /// When the queue last moved, or began.
    moved: Option<Instant>,
    /// The latest retry time given out.
    promised: Option<Instant>,
}

impl Pace {
    /// A pace of one permit per `each` until it is measured. `most` is the allowed wait.
    pub(super) fn new(each: Duration, most: Duration) -> Self {
        Self { each, most, returned: None, moved: None, promised: None }
    }

    /// A queue begins: its first request waits from now on.
    pub(super) fn begins(&mut self, now: Instant) {
        self.moved = Some(now);
        // The requests of the queue before may have left without a permit, so the last interval is unknown.
        self.returned = None;
    }

    /// A permit was returned while requests waited; `waiting` says whether some still do.
    pub(super) fn returned(&mut self, now: Instant, waiting: bool) {
        if let Some(last) = self.returned {
            let interval = now.saturating_duration_since(last).min(self.most);
            self.each = (self.each * (WEIGHT - 1) + interval) / WEIGHT;
        }
        self.returned = waiting.then_some(now);
        self.moved = waiting.then_some(now);
    }

    /// The expected wait of the request at `position`, at the current pace. The time for which the queue has been stuck
    /// is added.
    pub(super) fn wait_at(&self, position: usize, now: Instant) -> Duration {
        let stuck = self.moved.map_or(Duration::ZERO, |moved| now.saturating_duration_since(moved));
        self.times(position) + stuck.saturating_sub(self.each)
    }

    /// When a rejected request should retry: after the waiting requests, and after those rejected before it, as if they
    /// were queued. Past the horizon the times start over, because not all rejected requests return.
    pub(super) fn retry_after(&mut self, waiting: usize, now: Instant) -> Duration {
        let soonest = now + self.times(waiting);
        let next = self.promised.map_or(soonest, |promised| (promised + self.each).max(soonest));
        let next = if next > now + self.most * HORIZON { soonest } else { next };
        self.promised = Some(next);
        next.saturating_duration_since(now)
    }

    fn times(&self, count: usize) -> Duration {
        self.each.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX)).min(self.most * HORIZON)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn pace() -> (Pace, Instant) {
        (Pace::new(20 * MS, 1000 * MS), Instant::now())
    }

    #[test]
    fn is_guessed_until_it_is_measured() {
        let (mut pace, begin) = pace();
        assert_eq!(pace.wait_at(10, begin), 200 * MS);
        pace.begins(begin);
        for number in 1..200 {
            pace.returned(begin + number * 10 * MS, true);
        }
        let wait = pace.wait_at(10, begin + 1990 * MS);
        assert!((99 * MS..=101 * MS).contains(&wait), "{wait:?}");
    }

    #[test]
    fn is_not_measured_without_waiters() {
        let (mut pace, begin) = pace();
        pace.begins(begin);
        pace.returned(begin + 900 * MS, false);
        pace.begins(begin + 1000 * MS);
        pace.returned(begin + 1001 * MS, true);
        assert_eq!(pace.wait_at(1, begin + 1001 * MS), 20 * MS, "the first interval began before the queue");
    }

    #[test]
    fn is_not_measured_between_two_queues() {
        let (mut pace, begin) = pace();
        pace.begins(begin);
        pace.returned(begin, true);
        // All waiting requests leave.
        pace.begins(begin + 900 * MS);
        pace.returned(begin + 901 * MS, true);
        assert_eq!(pace.wait_at(1, begin + 901 * MS), 20 * MS);
    }

    #[test]
    fn a_stuck_queue_raises_the_expected_wait() {
        let (mut pace, begin) = pace();
        pace.begins(begin);
        assert_eq!(pace.wait_at(1, begin + 20 * MS), 20 * MS);
        assert_eq!(pace.wait_at(1, begin + 320 * MS), 320 * MS);
    }

    #[test]
    fn one_long_interval_is_averaged_out_soon() {
        let (mut pace, begin) = pace();
        pace.begins(begin);
        pace.returned(begin, true);
        pace.returned(begin + 3_600_000 * MS, true);
        assert!(pace.each < 90 * MS, "{:?}", pace.each);
    }

    #[test]
    fn rejected_requests_get_staggered_retry_times() {
        let (mut pace, now) = pace();
        assert_eq!([0; 3].map(|_| pace.retry_after(50, now)), [1000 * MS, 1020 * MS, 1040 * MS]);
        let far = (0..200).map(|_| pace.retry_after(50, now)).max();
        assert_eq!(far, Some(3000 * MS));
        assert!(pace.retry_after(0, now + 5000 * MS) < 20 * MS);
    }
}
