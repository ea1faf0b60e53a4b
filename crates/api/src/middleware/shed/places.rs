//! The places of one kind of requests.
//!
//! What is let in beyond what can be served waits: for the processor, for a connection, for a lock. With N requests
//! under way and X answered a second each takes N/X (Little's law), so a bound on N bounds how long answers take. A low
//! bound alone would turn away whatever comes all at once, though the machine would be done with it in no time. As in
//! the "controlled delay" of Facebook (B. Maurer, "Fail at Scale", ACM Queue 13/8, 2015) it is not a queue that is
//! bad, but one that does not go away: a burst is let in, and as long as there is too much, as few as are served at once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Bounds;

/// How long more than the steady number may be under way.
const MOMENT: Duration = Duration::from_millis(100);
/// How long nobody must have been turned away before there is room for a burst again. Clients are told to come again
/// after a second.
const CALM: Duration = Duration::from_millis(1500);

/// Places that requests take while they are under way.
pub(super) struct Places {
    bounds: Bounds,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    taken: usize,
    /// Since when there have been more than the steady number.
    crowded_since: Option<Instant>,
    /// When somebody was turned away last.
    full_at: Option<Instant>,
}

/// A place that is taken until this value goes.
pub(super) struct Place<'a>(&'a Places);

impl Places {
    /// All of them free.
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, state: Mutex::default() }
    }

    /// Takes a place, if there is one.
    pub(super) fn try_take(&self, now: Instant) -> Option<Place<'_>> {
        let mut state = self.state();
        if state.taken < self.bounds.steady {
            state.crowded_since = None;
        } else {
            let crowded_since = *state.crowded_since.get_or_insert(now);
            let within = |limit: Duration, since: Instant| now.saturating_duration_since(since) < limit;
            let is_burst = within(MOMENT, crowded_since) && !state.full_at.is_some_and(|at| within(CALM, at));
            if !is_burst || state.taken >= self.bounds.burst {
                state.full_at = Some(now);
                return None;
            }
        }
        state.taken += 1;
        Some(Place(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.state().taken -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { steady: 2, burst: 5 };

    fn take(places: &Places, now: Instant, count: usize) -> Vec<Place<'_>> {
        (0..count).map_while(|_| places.try_take(now)).collect()
    }

    #[test]
    fn a_burst_is_let_in_and_no_more() {
        let (places, now) = (Places::new(BOUNDS), Instant::now());
        assert_eq!(take(&places, now, 9).len(), 5);
    }

    #[test]
    fn a_burst_that_does_not_go_away_is_none() {
        let (places, begin) = (Places::new(BOUNDS), Instant::now());
        let mut under_way = take(&places, begin, 3);
        under_way.pop();
        under_way.extend(places.try_take(begin + MOMENT / 2));
        assert_eq!(under_way.len(), 3, "it may go on for a moment");
        under_way.pop();
        assert!(places.try_take(begin + MOMENT).is_none());
        under_way.pop();
        assert!(places.try_take(begin + MOMENT).is_some(), "the steady number is always let in");
    }

    #[test]
    fn after_too_much_there_is_no_burst_until_it_is_calm() {
        let (places, begin) = (Places::new(BOUNDS), Instant::now());
        drop(take(&places, begin, 9));
        // Turned away again, half-way to the calm.
        assert_eq!(take(&places, begin + CALM / 2, 9).len(), 2);
        assert_eq!(take(&places, begin + CALM, 9).len(), 2);
        assert_eq!(take(&places, begin + CALM * 2, 9).len(), 5);
    }
}
