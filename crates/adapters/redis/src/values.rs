//! Values that all instances share.

use std::time::Duration;

use crate::client::{Redis, Request};
use crate::error::Unavailable;

/// Values that expire, and may be gone at any time before.
#[derive(Clone)]
pub struct SharedValues {
    redis: Redis,
}

impl SharedValues {
    /// Values in `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// The value, if there is one.
    ///
    /// # Errors
    /// [`Unavailable`] when Redis is.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        self.redis.query("get_value", Request::Command(redis::cmd("GET").arg(self.key(key)))).await
    }

    /// Keeps a value for a while, in place of what was there.
    ///
    /// # Errors
    /// [`Unavailable`] when Redis is.
    pub async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), Unavailable> {
        let mut command = redis::cmd("SET");
        // Redis takes no expiry of nothing.
        command.arg(self.key(key)).arg(value).arg("PX").arg(ttl.as_millis().max(1).to_string());
        self.redis.query("set_value", Request::Command(&command)).await
    }

    fn key(&self, key: &str) -> String {
        self.redis.key(format_args!("value:{key}"))
    }
}
