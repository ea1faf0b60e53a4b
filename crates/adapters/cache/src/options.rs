//! The limits of the cache.

use std::time::Duration;

/// The limits of the cache: sizes, TTLs and timeouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheOptions {
    /// The TTL of an entry in each layer, with jitter of a tenth. Zero turns the cache off; changes are still
    /// published.
    pub ttl: Duration,
    /// The TTL of an entry that says that the key names nothing.
    pub negative_ttl: Duration,
    /// The capacity in the process, in bytes.
    pub capacity: u64,
    /// Shared entries longer than this many bytes are compressed.
    pub compress_past: usize,
    /// The capacity of the tag table. Dropping its oldest tags invalidates the entries older than these.
    pub tags: usize,
    /// How long the log may be silent before the cache is bypassed. This bounds staleness: a served entry includes
    /// every write whose response was sent longer ago than this.
    pub silence: Duration,
    /// How long a signed-in reader waits for their own last write to be received, before they bypass the cache.
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
