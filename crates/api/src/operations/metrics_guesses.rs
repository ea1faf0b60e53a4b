//! Limits guesses at the credentials of `/metrics`.
//!
//! Each instance counts alone, because each has its own metrics and is scraped separately. The limit holds even where
//! rate limits are off.
//!
//! Invariant: a guess is counted before the credentials are compared, so that concurrent guesses are limited too.
//! Right credentials give the guess back, so scraping uses none up.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use resilience::{Allowance, Budgets};

/// Wrong credentials per client network: a burst of sixty, then one every two seconds.
const WRONG: Allowance = Allowance { burst: 60, refill: Duration::from_secs(2) };
/// Client networks that are counted at the same time.
const KEPT: usize = 10_000;

/// The wrong credentials of each client network.
pub(super) struct MetricsGuesses {
    started: Instant,
    budgets: Mutex<Budgets<IpAddr>>,
}

impl MetricsGuesses {
    /// Starts with full budgets.
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), budgets: Mutex::new(Budgets::new(KEPT)) }
    }

    /// Counts a guess of `network`.
    ///
    /// # Errors
    /// The time until the next guess is allowed, if the budget is empty.
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

    /// Returns the guess of `network` after right credentials.
    pub(super) fn give_back(&self, network: IpAddr) {
        self.budgets().give_back(&network, WRONG.refill, self.started.elapsed());
    }

    fn budgets(&self) -> MutexGuard<'_, Budgets<IpAddr>> {
        self.budgets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
