//! Purges expired idempotency keys.

use std::sync::Arc;

use domain::{Clock, RepositoryError};

use crate::idempotency::REPLAY_WINDOW;
use crate::ports::IdempotencyKeyRepository;

/// Purges idempotency keys that can no longer be replayed.
pub struct PurgeIdempotencyKeys {
    keys: Arc<dyn IdempotencyKeyRepository>,
    clock: Arc<dyn Clock>,
}

impl PurgeIdempotencyKeys {
    /// Creates the use case.
    pub fn new(keys: Arc<dyn IdempotencyKeyRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { keys, clock }
    }

    /// Purges expired keys, and returns how many. Safe to run on several instances at once.
    pub async fn execute(&self) -> Result<u64, RepositoryError> {
        self.keys.purge(self.clock.now().before(REPLAY_WINDOW)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::MockIdempotencyKeyRepository;
    use crate::test_support::{FixedClock, NOW};

    #[tokio::test]
    async fn keeps_keys_that_may_still_be_replayed() {
        let mut keys = MockIdempotencyKeyRepository::new();
        keys.expect_purge().withf(|time| *time == NOW.before(REPLAY_WINDOW)).once().returning(|_| Ok(3));
        let purged = PurgeIdempotencyKeys::new(Arc::new(keys), Arc::new(FixedClock)).execute().await;
        assert_eq!(purged.unwrap(), 3);
    }
}
