//! The port of idempotency keys, and the outcome of a write that may have one.

use async_trait::async_trait;
use domain::{RepositoryError, Timestamp};

/// Purges idempotency keys; the writes that they belong to store them.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait IdempotencyKeyRepository: Send + Sync {
    /// Deletes keys that were stored before `time`, and returns how many.
    async fn purge(&self, time: Timestamp) -> Result<u64, RepositoryError>;
}

/// The outcome of a write that may have an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write<T> {
    /// It was stored.
    Stored(T),
    /// An earlier request with the same key and content stored it; this is the first answer.
    Replayed(T),
    /// The key belongs to an earlier request with other content.
    KeyReused,
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
}
