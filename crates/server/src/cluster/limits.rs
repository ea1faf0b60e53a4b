//! Rate limits, shared by all instances.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use http_kit::rate_limit::{Budget, Client, LocalRateLimits, RateLimiter, Taken};
use redis_adapters::{SharedLimits, Taken as TakenInRedis};

/// The most exhausted budgets remembered. Each is remembered for seconds only, so this many suffice.
const REMEMBERED: usize = 10_000;

/// Counts requests in Redis. While Redis is lost, counts in the memory of this instance: a client then has one budget
/// per instance.
///
/// A client that exhausted its budget is refused from memory until it is refilled. So excess requests cost Redis
/// nothing.
pub(crate) struct SharedRateLimits {
    shared: SharedLimits,
    local: Arc<LocalRateLimits>,
    exhausted: Exhausted,
}

impl SharedRateLimits {
    pub(super) fn new(shared: SharedLimits, local: Arc<LocalRateLimits>) -> Self {
        Self { shared, local, exhausted: Exhausted::default() }
    }
}

#[async_trait]
impl RateLimiter for SharedRateLimits {
    async fn take(&self, budget: Budget, client: &Client) -> Taken {
        let key = budget.key(client);
        if let Some(retry_after) = self.exhausted.wait(&key, Instant::now()) {
            return Taken::Refused { retry_after };
        }
        match self.shared.take(&key, budget.burst(), budget.refill()).await {
            Ok(TakenInRedis::Granted { remaining, .. }) => Taken::Granted { remaining },
            Ok(TakenInRedis::Refused { retry_after }) => {
                self.exhausted.note(key, retry_after, Instant::now());
                Taken::Refused { retry_after }
            }
            Err(_) => self.local.take(budget, client),
        }
    }
}

/// Exhausted budgets, with the time of their next unit.
#[derive(Default)]
struct Exhausted(Mutex<HashMap<String, Instant>>);

impl Exhausted {
    /// How long the budget of `key` is still exhausted, if it is.
    fn wait(&self, key: &str, now: Instant) -> Option<Duration> {
        let mut until = self.until();
        let wait = until.get(key)?.saturating_duration_since(now);
        if wait.is_zero() {
            until.remove(key);
        }
        (!wait.is_zero()).then_some(wait)
    }

    fn note(&self, key: String, wait: Duration, now: Instant) {
        let mut until = self.until();
        if until.len() >= REMEMBERED {
            until.retain(|_, until| *until > now);
        }
        if until.len() < REMEMBERED {
            until.insert(key, now + wait);
        }
    }

    fn until(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_exhausted_budget_is_remembered_until_it_refills() {
        let (exhausted, now) = (Exhausted::default(), Instant::now());
        exhausted.note("writes:a".to_owned(), SECOND, now);
        assert_eq!(exhausted.wait("writes:a", now + SECOND / 4), Some(SECOND * 3 / 4));
        assert_eq!(exhausted.wait("reads:a", now), None);
        assert_eq!(exhausted.wait("writes:a", now + SECOND), None);
        assert!(exhausted.until().is_empty());
    }

    #[test]
    fn the_number_of_remembered_budgets_is_bounded() {
        let (exhausted, now) = (Exhausted::default(), Instant::now());
        for number in 0..=REMEMBERED {
            exhausted.note(number.to_string(), SECOND, now);
        }
        assert_eq!(exhausted.until().len(), REMEMBERED);
        exhausted.note("later".to_owned(), SECOND, now + SECOND);
        assert_eq!(exhausted.until().len(), 1);
    }
}
