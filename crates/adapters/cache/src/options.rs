//! How much is kept, and for how long.

use std::time::Duration;

/// How much is kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheOptions {
    /// How long a copy is kept in each layer, give or take a tenth.
    pub ttl: Duration,
    /// How long it is remembered that something is not there.
    pub negative_ttl: Duration,
    /// Most bytes kept in the process.
    pub capacity: u64,
    /// Shared copies longer than this many bytes are compressed.
    pub compress_past: usize,
    /// Most tags of which the last change is known. When older ones are dropped, copies older than those are not used any
    /// more.
    pub tags: usize,
    /// How long the log may be silent before copies are not used. Nothing that is served was changed by a write that was
    /// answered longer ago than this.
    pub silence: Duration,
    /// How long a signed-in reader waits for their own last write to be heard of before the copies are passed by.
    pub patience: Duration,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self {
            ttl: Duration::from_mins(5),
            negative_ttl: Duration::from_secs(5),
            capacity: 32 * 1024 * 1024,
            compress_past: 1024,
            tags: 100_000,
            silence: Duration::from_millis(100),
            patience: Duration::from_millis(50),
        }
    }
}
