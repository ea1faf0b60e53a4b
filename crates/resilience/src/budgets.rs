//! Rate limits for many keys (GCRA), in bounded memory.
//!
//! Called by the limits on guesses: of passwords, and of the credentials of the metrics.
//!
//! Invariants:
//! - A budget is remembered until it is full again, as long as there is room.
//! - Without room, the budget that is full soonest is evicted. A new key is always counted, and the most depleted
//!   budgets stay longest.
//!
//! Tested below.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

/// The size and refill rate of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// The size of a full budget.
    pub burst: u32,
    /// The time in which one unit is refilled.
    pub refill: Duration,
}

/// The budgets of a bounded number of keys. Times are durations since an origin that the caller chooses and keeps.
pub struct Budgets<K> {
    most: usize,
    /// When each budget will be full again. An absent budget is full.
    full_at: HashMap<Arc<K>, Duration>,
    /// The same, ordered by time.
    order: BTreeSet<(Duration, Arc<K>)>,
}

/// A budget after taking one unit.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    full_at: Duration,
    now: Duration,
    refill: Duration,
}

impl Taken {
    /// The time until that unit is available, in a budget of size `burst`. Zero means that it is available now.
    #[must_use]
    pub fn wait(&self, burst: u32) -> Duration {
        self.full_at.saturating_sub(self.now).saturating_sub(self.refill * burst)
    }
}

impl<K: Ord + Hash + Clone> Budgets<K> {
    /// Full budgets for every key, with room for `most` budgets that are not full.
    pub fn new(most: usize) -> Self {
        Self { most, full_at: HashMap::new(), order: BTreeSet::new() }
    }

    /// Computes the budget of `key` after taking one unit. [`keep`](Self::keep) stores the result.
    pub fn take(&self, key: &K, Allowance { burst, refill }: Allowance, now: Duration) -> Taken {
        // Clamped: the budget may have been full for long, or the clock may have gone backwards.
        let full_at = self.full_at.get(key).map_or(now, |full_at| (*full_at).clamp(now, now + refill * burst));
        Taken { full_at: full_at + refill, now, refill }
    }

    /// Stores the result of [`take`](Self::take).
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

    /// Gives back one unit with the refill time `refill`, as if it had not been taken.
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

    /// Drops the budgets that are full again, and releases memory. Call it periodically.
    pub fn forget_full(&mut self, now: Duration) {
        while self.order.first().is_some_and(|(full_at, _)| *full_at <= now) {
            self.forget_first();
        }
        self.full_at.shrink_to_fit();
    }

    /// The number of remembered budgets.
    pub fn len(&self) -> usize {
        self.full_at.len()
    }

    /// Whether no budget is remembered; all are full then.
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
    const NOW: Duration = Duration::from_secs(1_000);

    /// Takes until the budget is empty, and returns how many units it had.
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
                assert!(!budgets.full_at.contains_key(&7), "the fullest budget is evicted");
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
