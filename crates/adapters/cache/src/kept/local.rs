//! The cache entries in the process, bounded in bytes. The least used ones are evicted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;

use crate::kept::entry::Entry;
use crate::kept::key::Key;
use crate::metrics;

/// An entry and its TTL.
#[derive(Clone)]
struct Kept {
    entry: Arc<Entry>,
    ttl: Duration,
}

/// The entries in the process, weighed by their size in bytes.
pub(crate) struct LocalEntries(Cache<Key, Kept>);

impl LocalEntries {
    pub(crate) fn new(capacity: u64) -> Self {
        let entries = Cache::builder()
            .max_capacity(capacity)
            .weigher(|_, kept: &Kept| u32::try_from(kept.entry.size()).unwrap_or(u32::MAX))
            .expire_after(PerEntryTtl)
            .build();
        Self(entries)
    }

    pub(crate) async fn get(&self, key: &Key) -> Option<Arc<Entry>> {
        self.0.get(key).await.map(|kept| kept.entry)
    }

    pub(crate) async fn keep(&self, key: Key, entry: Arc<Entry>, ttl: Duration) {
        self.0.insert(key, Kept { entry, ttl }).await;
        metrics::kept(self.0.entry_count(), self.0.weighted_size());
    }

    pub(crate) fn forget_all(&self) {
        self.0.invalidate_all();
    }
}

/// Each entry has its own TTL. Replacing an entry starts the TTL of the new one.
struct PerEntryTtl;

impl Expiry<Key, Kept> for PerEntryTtl {
    fn expire_after_create(&self, _: &Key, kept: &Kept, _: Instant) -> Option<Duration> {
        Some(kept.ttl)
    }

    fn expire_after_update(&self, _: &Key, kept: &Kept, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(kept.ttl)
    }
}

#[cfg(test)]
mod tests {
    use testkit::id;

    use super::*;
    use crate::kept::entry::Value;

    const LONG: Duration = Duration::from_hours(1);

    fn nothing(word: &str) -> (Key, Arc<Entry>) {
        let key = Key::Post(id(word));
        let entry = Arc::new(Entry::new(&key, Value::Nothing, Some(crate::known::stamp::tests::any())));
        (key, entry)
    }

    #[tokio::test]
    async fn are_bounded_by_size() {
        let size = nothing("post").1.size() as u64;
        let entries = LocalEntries::new(10 * size);
        for number in 0..200 {
            let (key, entry) = nothing(&format!("post{number}"));
            entries.keep(key, entry, LONG).await;
        }
        entries.0.run_pending_tasks().await;
        assert!(entries.0.weighted_size() <= 10 * size && entries.0.entry_count() > 0);
    }

    #[tokio::test]
    async fn expire_by_ttl_which_a_replacement_restarts() {
        let entries = LocalEntries::new(1_000_000);
        let (key, entry) = nothing("post");
        entries.keep(key.clone(), entry.clone(), Duration::ZERO).await;
        assert!(entries.get(&key).await.is_none());
        entries.keep(key.clone(), entry.clone(), LONG).await;
        assert!(entries.get(&key).await.is_some());
        entries.keep(key.clone(), entry, Duration::ZERO).await;
        assert!(entries.get(&key).await.is_none());
    }

    #[tokio::test]
    async fn are_forgotten_at_once() {
        let entries = LocalEntries::new(1_000_000);
        let (key, entry) = nothing("post");
        entries.keep(key.clone(), entry, LONG).await;
        entries.forget_all();
        assert!(entries.get(&key).await.is_none());
    }
}
