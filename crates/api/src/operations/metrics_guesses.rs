//! Guesses at the credentials of the metrics.
//!
//! Counted by each instance for itself: each has metrics of its own, and is asked by itself. They are bounded however often
//! clients may ask for other things. A guess is counted before the credentials are compared, or else many at once would not
//! be bounded, and given back if they are right: collecting takes nothing.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use resilience::{Allowance, Budgets};

/// Wrong credentials of a client network: sixty at once, then one every two seconds.
const WRONG: Allowance = Allowance { burst: 60, refill: Duration::from_secs(2) };
/// Networks that are counted at once.
const KEPT: usize = 10_000;

/// How often each client network may be wrong.
pub(super) struct MetricsGuesses {
    started: Instant,
    budgets: Mutex<Budgets<IpAddr>>,
}

impl MetricsGuesses {
    /// Nobody was wrong yet.
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), budgets: Mutex::new(Budgets::new(KEPT)) }
    }

    /// Takes one.
    ///
    /// # Errors
    /// How long until there is one, when there is none.
    pub(super) fn take(&self, network: IpAddr) -> Result<(), Duration> {
        let (now, mut budgets) = (self.started.elapsed(), self.budgets());
        budgets.forget_full(now);
        let taken = budgets.take(&network, WRONG, now);
        let wait = taken.wait(WRONG.burst);
        if !wait.is_zero() {
            return Err(wait);
        }
        budgets.keep(&network, taken);
        Ok(())
    }

    /// Gives one back, as the credentials were right.
    pub(super) fn give_back(&self, network: IpAddr) {
        self.budgets().give_back(&network, WRONG.refill, self.started.elapsed());
    }

    fn budgets(&self) -> MutexGuard<'_, Budgets<IpAddr>> {
        self.budgets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
