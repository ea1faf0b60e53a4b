//! Forgetting idempotency keys whose time is over.

use std::sync::Arc;

use domain::{Clock, RepositoryError};

use crate::idempotency::REPLAY_WINDOW;
use crate::ports::IdempotencyKeyRepository;

/// Forgets keys that no retry can refer to any more.
pub struct PurgeIdempotencyKeys {
    keys: Arc<dyn IdempotencyKeyRepository>,
    clock: Arc<dyn Clock>,
}

impl PurgeIdempotencyKeys {
    /// Wires the use case.
    pub fn new(keys: Arc<dyn IdempotencyKeyRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { keys, clock }
    }

    /// Forgets them; answers how many. Harmless to run on several instances at once.
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
