//! Rate limits shared by all instances.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use crate::client::{Redis, Request};
use crate::error::Unavailable;

static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/take.lua")));

/// Budgets that all instances take from.
///
/// They follow GCRA, the generic cell rate algorithm: ITU-T Recommendation I.371, annex A; for requests see
/// <https://brandur.org/rate-limiting>. It behaves like a leaky bucket. The state of a budget is the time at which it
/// will be full again, and expires then. One atomic script reads, decides and writes, by the clock of Redis. So the
/// clocks of the instances do not matter.
#[derive(Clone)]
pub struct SharedLimits {
    redis: Redis,
}

/// The result of [`SharedLimits::take`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// One unit was taken.
    Granted {
        remaining: u32,
        /// The time until the budget is full again.
        reset: Duration,
    },
    /// The budget is empty. Nothing was taken.
    Refused {
        /// The time until the next unit is available.
        retry_after: Duration,
    },
}

impl SharedLimits {
    /// The budgets in `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Takes one unit from the budget of `key`, which holds `burst` units and is refilled by one every `refill`.
    ///
    /// # Errors
    /// [`Unavailable`] if Redis fails or is unreachable.
    pub async fn take(&self, key: &str, burst: u32, refill: Duration) -> Result<Taken, Unavailable> {
        let mut script = TAKE.prepare_invoke();
        script.key(self.redis.key(format_args!("limit:{key}"))).arg(burst).arg(micros(refill).max(1));
        match self.redis.query::<(bool, u64, u64)>("take", Request::Script(&script)).await? {
            (true, remaining, reset) => {
                let remaining = u32::try_from(remaining).unwrap_or(u32::MAX);
                Ok(Taken::Granted { remaining, reset: Duration::from_micros(reset) })
            }
            (false, wait, _) => Ok(Taken::Refused { retry_after: Duration::from_micros(wait) }),
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
