//! Limits of rates that hold for all instances together.

use std::sync::Arc;

use api::{Budget, Client, LocalRateLimits, RateLimiter, Taken};
use async_trait::async_trait;
use coordination::{SharedLimits, Taken as TakenInRedis};

/// Counts in Redis, and while that is lost in the memory of this instance: everybody then has as many budgets as there
/// are instances, which is better than none or no end of them.
pub(crate) struct SharedRateLimits {
    shared: SharedLimits,
    local: Arc<LocalRateLimits>,
}

impl SharedRateLimits {
    pub(super) fn new(shared: SharedLimits, local: Arc<LocalRateLimits>) -> Self {
        Self { shared, local }
    }
}

#[async_trait]
impl RateLimiter for SharedRateLimits {
    async fn take(&self, budget: Budget, client: &Client) -> Taken {
        match self.shared.take(&budget.key(client), budget.burst(), budget.refill()).await {
            Ok(TakenInRedis::Granted { remaining, .. }) => Taken::Granted { remaining },
            Ok(TakenInRedis::Refused { retry_after }) => Taken::Refused { retry_after },
            Err(_) => self.local.take(budget, client),
        }
    }
}
