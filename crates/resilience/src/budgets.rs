//! Budgets by GCRA, of many keys, in bounded memory.
//!
//! For what counts by itself: guesses at passwords, and at the credentials of the metrics. A key that is counted stays counted
//! for as long as its budget is not full again, unless more keys are counted than there is room for. Then the one that is
//! nearest to being full is forgotten: a new key is always counted, and what was used up most is kept longest.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

/// How much there is of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// At once.
    pub burst: u32,
    /// How long until one is given back.
    pub refill: Duration,
}

/// The budgets of at most so many keys. Points in time are spans since any moment that stays the same.
pub struct Budgets<K> {
    most: usize,
    /// When a budget will be full again. One that is not here is full.
    full_at: HashMap<Arc<K>, Duration>,
    /// The same, in the order of time.
    order: BTreeSet<(Duration, Arc<K>)>,
}

/// A budget as it is once one was taken from it.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    full_at: Duration,
    now: Duration,
    refill: Duration,
}

impl Taken {
    /// How long until there is that one to take, of `burst` at once; zero when there is.
    #[must_use]
    pub fn wait(&self, burst: u32) -> Duration {
        self.full_at.saturating_sub(self.now).saturating_sub(self.refill * burst)
    }
}

impl<K: Ord + Hash + Clone> Budgets<K> {
    /// Full budgets for everybody, of which at most `most` are kept that are not full.
    pub fn new(most: usize) -> Self {
        Self { most, full_at: HashMap::new(), order: BTreeSet::new() }
    }

    /// The budget of `key` as it would be if one were taken. Takes nothing: see [`keep`](Self::keep).
    pub fn take(&self, key: &K, Allowance { burst, refill }: Allowance, now: Duration) -> Taken {
        // Full for long; or, after the clock was put back, emptier than a budget can be.
        let full_at = self.full_at.get(key).map_or(now, |full_at| (*full_at).clamp(now, now + refill * burst));
        Taken { full_at: full_at + refill, now, refill }
    }

    /// Keeps what was taken.
    pub fn keep(&mut self, key: &K, taken: Taken) {
        let (key, kept) = match self.full_at.get_key_value(key) {
            Some((key, kept)) => (Arc::clone(key), Some(*kept)),
            None => (Arc::new(key.clone()), None),
        };
        if let Some(kept) = kept {
            self.order.remove(&(kept, Arc::clone(&key)));
        } else if self.full_at.len() >= self.most {
            self.forget_first();
        }
        self.order.insert((taken.full_at, Arc::clone(&key)));
        self.full_at.insert(key, taken.full_at);
    }

    /// Gives back one of which `refill` is the time, as if it had not been taken.
    pub fn give_back(&mut self, key: &K, refill: Duration, now: Duration) {
        let Some((key, kept)) = self.full_at.remove_entry(key) else {
            return;
        };
        self.order.remove(&(kept, Arc::clone(&key)));
        let full_at = kept.saturating_sub(refill);
        if full_at > now {
            self.order.insert((full_at, Arc::clone(&key)));
            self.full_at.insert(key, full_at);
        }
    }

    /// Forgets budgets that are full again; to be called now and then, so that memory is given back.
    pub fn forget_full(&mut self, now: Duration) {
        while self.order.first().is_some_and(|(full_at, _)| *full_at <= now) {
            self.forget_first();
        }
        self.full_at.shrink_to_fit();
    }

    /// How many budgets are not known to be full.
    pub fn len(&self) -> usize {
        self.full_at.len()
    }

    /// Whether all budgets are full.
    pub fn is_empty(&self) -> bool {
        self.full_at.is_empty()
    }

    fn forget_first(&mut self) {
        if let Some((_, key)) = self.order.pop_first() {
            self.full_at.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const THREE: Allowance = Allowance { burst: 3, refill: SECOND };
    /// Any moment does.
    const NOW: Duration = Duration::from_secs(1_000);

    /// How many there are to take one after the other.
    fn taken(budgets: &mut Budgets<u32>, key: u32, now: Duration) -> u32 {
        let mut count = 0;
        loop {
            let taken = budgets.take(&key, THREE, now);
            if !taken.wait(THREE.burst).is_zero() {
                return count;
            }
            budgets.keep(&key, taken);
            count += 1;
        }
    }

    #[test]
    fn allow_a_burst_then_one_per_refill() {
        let mut budgets = Budgets::new(10);
        assert_eq!(taken(&mut budgets, 1, NOW), 3);
        assert_eq!(budgets.take(&1, THREE, NOW).wait(3), SECOND);
        assert_eq!(taken(&mut budgets, 2, NOW), 3);
        assert_eq!(taken(&mut budgets, 1, NOW + SECOND), 1);
        assert_eq!(taken(&mut budgets, 1, NOW + SECOND * 10), 3);
    }

    #[test]
    fn are_restored_by_giving_back() {
        let mut budgets = Budgets::new(10);
        assert_eq!(taken(&mut budgets, 1, NOW), 3);
        budgets.give_back(&1, SECOND, NOW);
        assert_eq!(taken(&mut budgets, 1, NOW), 1);
        for _ in 0..4 {
            budgets.give_back(&1, SECOND, NOW);
        }
        assert!(budgets.is_empty() && budgets.order.is_empty());
        assert_eq!(taken(&mut budgets, 1, NOW), 3);
    }

    #[test]
    fn evict_the_fullest_budget_for_a_new_key() {
        let mut budgets = Budgets::new(10);
        for key in 0..10 {
            assert_eq!(taken(&mut budgets, key, NOW), 3);
        }
        budgets.give_back(&7, SECOND, NOW);
        for key in 100..200 {
            assert_eq!(taken(&mut budgets, key, NOW), 3, "{key}");
            assert_eq!(taken(&mut budgets, key, NOW), 0, "{key} is not counted");
            assert_eq!((budgets.len(), budgets.order.len()), (10, 10));
            if key == 100 {
                assert!(!budgets.full_at.contains_key(&7), "the one of which least was taken");
            }
        }
    }

    #[test]
    fn that_are_full_are_forgotten() {
        let mut budgets = Budgets::new(10);
        taken(&mut budgets, 1, NOW);
        taken(&mut budgets, 2, NOW + SECOND);
        budgets.forget_full(NOW + SECOND * 3);
        assert_eq!((budgets.len(), budgets.order.len()), (1, 1));
        budgets.forget_full(NOW + SECOND * 4);
        assert!(budgets.is_empty() && budgets.order.is_empty());
    }
}
