//! Rate limits in the memory of this process.

use std::num::NonZeroU32;

use async_trait::async_trait;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota};

use super::{Budget, Client, RateLimiter, Taken};

type Limiter = governor::RateLimiter<
    Client,
    governor::state::keyed::DefaultKeyedStateStore<Client>,
    DefaultClock,
    StateInformationMiddleware,
>;

/// The budgets of this instance's clients. Used where no store is shared, and as the fallback of a shared limiter
/// while its store is down.
pub struct LocalRateLimits {
    credentials: Limiter,
    writes: Limiter,
    reads: Limiter,
    clock: DefaultClock,
}

impl LocalRateLimits {
    /// Starts with full budgets for all clients.
    pub fn new() -> Self {
        Self {
            credentials: limiter(Budget::CREDENTIALS),
            writes: limiter(Budget::WRITES),
            reads: limiter(Budget::READS),
            clock: DefaultClock::default(),
        }
    }

    /// Removes clients whose budgets are full again. Call it periodically to bound memory.
    pub fn forget_idle_clients(&self) {
        for limiter in [&self.credentials, &self.writes, &self.reads] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    /// Takes one request from a client's budget.
    pub fn take(&self, budget: Budget, client: &Client) -> Taken {
        match self.limiter(budget).check_key(client) {
            Ok(state) => Taken::Granted { remaining: state.remaining_burst_capacity() },
            Err(not_until) => Taken::Refused { retry_after: not_until.wait_time_from(self.clock.now()) },
        }
    }

    fn limiter(&self, budget: Budget) -> &Limiter {
        match budget {
            Budget::CREDENTIALS => &self.credentials,
            Budget::WRITES => &self.writes,
            _ => &self.reads,
        }
    }
}

impl Default for LocalRateLimits {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl RateLimiter for LocalRateLimits {
    async fn take(&self, budget: Budget, client: &Client) -> Taken {
        Self::take(self, budget, client)
    }
}

fn limiter(budget: Budget) -> Limiter {
    let burst = NonZeroU32::new(budget.burst()).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(budget.refill()).unwrap_or(Quota::per_second(burst)).allow_burst(burst);
    DefaultKeyedRateLimiter::<Client>::keyed(quota).with_middleware()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn network(last: u8) -> Client {
        Client::Network(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn grants_a_burst_and_then_rejects() {
        let limits = LocalRateLimits::new();
        for remaining in (0..Budget::CREDENTIALS.burst()).rev() {
            assert_eq!(limits.take(Budget::CREDENTIALS, &network(1)), Taken::Granted { remaining });
        }
        match limits.take(Budget::CREDENTIALS, &network(1)) {
            Taken::Refused { retry_after } => assert!(retry_after <= Budget::CREDENTIALS.refill(), "{retry_after:?}"),
            granted @ Taken::Granted { .. } => panic!("{granted:?}"),
        }
    }

    #[test]
    fn clients_and_budgets_are_independent() {
        let limits = LocalRateLimits::new();
        let refused = |budget, client| matches!(limits.take(budget, &client), Taken::Refused { .. });
        while !refused(Budget::CREDENTIALS, network(1)) {}
        assert!(!refused(Budget::CREDENTIALS, network(2)));
        assert!(!refused(Budget::READS, network(1)));
    }
}
