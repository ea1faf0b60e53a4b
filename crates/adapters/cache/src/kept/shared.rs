//! The port to the cache entries that instances share.

use std::time::Duration;

use async_trait::async_trait;

/// Stores entries for all instances. An entry may be lost or stale at any time, and is validated before use.
#[async_trait]
pub trait SharedEntries: Send + Sync {
    /// The entry under `key`; `None` also on failure.
    async fn get(&self, key: &str) -> Option<Vec<u8>>;

    /// Stores `value` under `key` for `ttl`. Failures are ignored.
    async fn set(&self, key: &str, value: &[u8], ttl: Duration);
}
