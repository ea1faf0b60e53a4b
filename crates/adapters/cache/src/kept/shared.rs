//! Copies that instances share.

use std::time::Duration;

use async_trait::async_trait;

/// Keeps copies for all instances. What is kept may be lost or old at any time: it is checked before it is used.
#[async_trait]
pub trait SharedEntries: Send + Sync {
    /// What is kept under `key`; a store that fails has nothing.
    async fn get(&self, key: &str) -> Option<Vec<u8>>;

    /// Keeps `value` under `key` for `ttl`, if it can.
    async fn set(&self, key: &str, value: &[u8], ttl: Duration);
}
