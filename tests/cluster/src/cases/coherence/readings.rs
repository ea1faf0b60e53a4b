//! Evaluates the reads around a change.

use std::time::{Duration, Instant};

use crate::figures::milliseconds;

/// The bound that the product promises.
pub(super) const BOUND: Duration = Duration::from_millis(100);

/// A read or a pause longer than this leaves too long an interval unobserved.
const STALL: Duration = Duration::from_millis(40);

/// One read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) sent: Instant,
    pub(super) received: Instant,
    /// Whether the read showed the change.
    pub(super) fresh: bool,
}

/// The result of one round.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Finding {
    /// Time from the response to the change until the first fresh read that no stale one followed. `None` if the
    /// change was not seen at all.
    pub(super) seen_after: Option<Duration>,
    /// Time from the response to the change until the last stale read was sent.
    pub(super) stale_until: Option<Duration>,
    /// Whether reads or pauses took too long for the round to count.
    pub(super) stalled: bool,
    pub(super) slowest: Duration,
}

impl Finding {
    /// Evaluates one reader's reads around a change whose response arrived at `answered`.
    pub(super) fn of(readings: &[Reading], answered: Instant) -> Self {
        let after = |moment: Instant| moment.saturating_duration_since(answered);
        let last_stale = readings.iter().rposition(|reading| !reading.fresh && reading.sent >= answered);
        let later = match last_stale {
            Some(index) => &readings[index + 1..],
            None => readings,
        };
        let first_fresh = later.iter().find(|reading| reading.fresh);
        let end = first_fresh.or(readings.last()).map_or(answered, |reading| reading.received);
        let overlapping: Vec<&Reading> =
            readings.iter().filter(|reading| reading.received >= answered && reading.sent <= end).collect();
        let took = |reading: &Reading| reading.received - reading.sent;
        let slow = overlapping.iter().any(|reading| took(reading) > STALL);
        let waited = overlapping.windows(2).any(|pair| pair[1].sent - pair[0].received > STALL);
        Self {
            seen_after: first_fresh.map(|reading| after(reading.received)),
            stale_until: last_stale.map(|index| after(readings[index].sent)),
            stalled: slow || waited,
            slowest: readings.iter().map(took).max().unwrap_or_default(),
        }
    }

    /// The worse of both readers' findings.
    pub(super) fn and(self, other: Self) -> Self {
        let seen = self.seen_after.zip(other.seen_after);
        Self {
            seen_after: seen.map(|(one, other)| one.max(other)),
            stale_until: self.stale_until.max(other.stale_until),
            stalled: self.stalled || other.stalled,
            slowest: self.slowest.max(other.slowest),
        }
    }

    /// The violation of the bound, if any. A stale read sent after the bound always violates it, however busy the
    /// machine is. A late first sight violates it only if the readers were not stalled.
    pub(super) fn wrong(&self) -> Option<String> {
        match (self.stale_until, self.seen_after) {
            (Some(stale), _) if stale > BOUND => {
                Some(format!("a read sent {} after the answer was stale", milliseconds(stale)))
            }
            (_, None) if !self.stalled => Some("the change was never seen".to_owned()),
            (_, Some(seen)) if seen > BOUND && !self.stalled => Some(format!("seen only after {}", milliseconds(seen))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads as (sent, received, fresh), in milliseconds; the change is answered at 100.
    fn finding(reads: &[(u64, u64, bool)]) -> Finding {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let readings: Vec<Reading> = reads
            .iter()
            .map(|&(sent, received, fresh)| Reading { sent: at(sent), received: at(received), fresh })
            .collect();
        Finding::of(&readings, at(100))
    }

    #[test]
    fn counts_from_the_response_to_the_first_fresh_read() {
        let found =
            finding(&[(90, 95, false), (101, 105, false), (108, 112, false), (115, 118, true), (120, 123, true)]);
        let expected = (Some(Duration::from_millis(18)), Some(Duration::from_millis(8)), false);
        assert_eq!((found.seen_after, found.stale_until, found.stalled), expected);
        assert_eq!(found.wrong(), None);
    }

    #[test]
    fn a_change_seen_before_its_response_is_seen_at_once() {
        let found = finding(&[(90, 95, false), (96, 99, true), (103, 104, true)]);
        assert_eq!((found.seen_after, found.stale_until), (Some(Duration::ZERO), None));
    }

    #[test]
    fn a_stale_read_past_the_bound_is_wrong_even_if_stalled() {
        let found = finding(&[(99, 200, false), (201, 203, false), (204, 206, true)]);
        assert!(found.stalled && found.wrong().unwrap().contains("sent 101 ms after"));
    }

    #[test]
    fn a_change_that_is_seen_and_lost_again_is_stale() {
        let mut reads: Vec<(u64, u64, bool)> = (0..30).map(|n| (100 + n * 10, 104 + n * 10, true)).collect();
        reads[20].2 = false;
        assert!(finding(&reads).wrong().unwrap().contains("sent 200 ms after"));
    }

    #[test]
    fn a_stalled_reader_proves_nothing() {
        let slow = finding(&[(95, 98, false), (99, 220, true)]);
        assert!(slow.stalled && slow.wrong().is_none());
        let paused = finding(&[(101, 104, false), (230, 233, true)]);
        assert!(paused.stalled && paused.wrong().is_none());
    }

    #[test]
    fn a_change_seen_late_or_never_is_wrong() {
        let mut reads: Vec<(u64, u64, bool)> = (0..60).map(|n| (100 + n * 5, 104 + n * 5, false)).collect();
        assert!(finding(&reads[..15]).wrong().unwrap().contains("never seen"));
        reads[20..].iter_mut().for_each(|read| read.2 = true);
        assert!(finding(&reads[..24]).wrong().unwrap().contains("seen only after 104 ms"));
    }

    #[test]
    fn the_worse_of_two_readers_counts() {
        let quick = finding(&[(101, 105, true)]);
        let never = finding(&[(101, 105, false)]);
        assert_eq!(quick.and(never).seen_after, None);
        let slower = finding(&[(101, 120, true)]);
        assert_eq!(quick.and(slower).seen_after, Some(Duration::from_millis(20)));
    }
}
