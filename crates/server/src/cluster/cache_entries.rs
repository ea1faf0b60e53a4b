//! The cache entries that instances share, in Redis.

use std::time::Duration;

use async_trait::async_trait;
use cache::SharedEntries;
use redis_adapters::SharedValues;

/// Stores cache entries in Redis. While Redis is lost there are none.
pub(super) struct RedisEntries(pub(super) SharedValues);

#[async_trait]
impl SharedEntries for RedisEntries {
    async fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.get(key).await.ok().flatten()
    }

    async fn set(&self, key: &str, value: &[u8], ttl: Duration) {
        // A missing entry is loaded from the database. The health report and the metrics show that Redis is lost.
        let _ = self.0.set(key, value, ttl).await;
    }
}
