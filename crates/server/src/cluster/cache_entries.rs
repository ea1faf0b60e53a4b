//! Copies that all instances share, in Redis.

use std::time::Duration;

use async_trait::async_trait;
use cache::SharedEntries;
use redis_adapters::SharedValues;

/// Keeps copies in Redis. One that is lost, or out of reach, is one that is not there.
pub(super) struct RedisEntries(pub(super) SharedValues);

#[async_trait]
impl SharedEntries for RedisEntries {
    async fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.get(key).await.ok().flatten()
    }

    async fn set(&self, key: &str, value: &[u8], ttl: Duration) {
        // Whoever misses it reads from the database; that Redis is lost is told by those who watch it.
        let _ = self.0.set(key, value, ttl).await;
    }
}
