//! Rate limits that all instances share.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use crate::client::{Redis, Request};
use crate::error::Unavailable;

static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/take.lua")));

/// Budgets that all instances take from.
///
/// They are kept by GCRA, the generic cell rate algorithm (ITU-T Recommendation I.371, annex A, there for the cells of
/// ATM networks; as a limit on requests: <https://brandur.org/rate-limiting>). It behaves as a leaky bucket, and its
/// state is one point in time: when the budget will be full again. One script reads, decides and writes, by the clock
/// of Redis, so that neither two instances nor their clocks can disagree. The state expires when the budget is full.
#[derive(Clone)]
pub struct SharedLimits {
    redis: Redis,
}

/// What became of a request for one from a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was there.
    Granted {
        /// How many more are there now.
        remaining: u32,
        /// When all of them will be there again.
        reset: Duration,
    },
    /// The budget is empty. Nothing was taken.
    Refused {
        /// When the next will be there.
        retry_after: Duration,
    },
}

impl SharedLimits {
    /// Budgets in `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Takes one from the budget of `key`, which has room for `burst`, and to which one is given back every `refill`.
    ///
    /// # Errors
    /// [`Unavailable`] when Redis is.
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
