//! Cached values shared by all instances.

use std::time::Duration;

use crate::client::{Redis, Request};
use crate::error::Unavailable;

/// Values with a TTL, which may be evicted at any time.
#[derive(Clone)]
pub struct SharedValues {
    redis: Redis,
}

impl SharedValues {
    /// The values in `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// The value of `key`, if there is one.
    ///
    /// # Errors
    /// [`Unavailable`] if Redis fails or is unreachable.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        self.redis.query("get_value", Request::Command(redis::cmd("GET").arg(self.key(key)))).await
    }

    /// Stores or replaces the value of `key` for `ttl`.
    ///
    /// # Errors
    /// [`Unavailable`] if Redis fails or is unreachable.
    pub async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), Unavailable> {
        let mut command = redis::cmd("SET");
        // Redis rejects an expiry of zero.
        command.arg(self.key(key)).arg(value).arg("PX").arg(ttl.as_millis().max(1).to_string());
        self.redis.query("set_value", Request::Command(&command)).await
    }

    fn key(&self, key: &str) -> String {
        self.redis.key(format_args!("value:{key}"))
    }
}
