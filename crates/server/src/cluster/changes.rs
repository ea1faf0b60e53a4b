//! The change log of the cache, in the journal in Redis.
//!
//! An entry is a position in the database's log by which the change is committed (eight bytes), and the encoded change.
//!
//! Invariants:
//! - The position of an entry is not lower than that of its change.
//! - The watermark is raised before the cache receives the change. A load that begins later reads from a server that
//!   has the change.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use cache::{Cache, Change, ChangeLog, LogUnavailable, Version};
use database::{WalPosition, Watermark};
use domain::UserId;
use redis_adapters::{EntryId, Journal, JournalListener, Unavailable};

/// Publishes changes in the journal.
#[derive(Clone)]
pub(super) struct JournalLog {
    journal: Journal,
    watermark: Arc<Watermark>,
}

impl JournalLog {
    pub(super) fn new(journal: Journal, watermark: Arc<Watermark>) -> Self {
        Self { journal, watermark }
    }

    async fn try_append(&self, change: &Change) -> Result<EntryId, Unavailable> {
        // The commit noted its position in the watermark, so this is not lower than the position of the change.
        let mut entry = self.watermark.to_tell().0.to_be_bytes().to_vec();
        entry.extend(change.encode());
        self.journal.append(change.by, &entry).await
    }

    /// Publishes that everything may have changed.
    pub(super) async fn append_everything(&self) -> Result<(), Unavailable> {
        self.try_append(&Change::of_everything()).await.map(drop)
    }
}

#[async_trait]
impl ChangeLog for JournalLog {
    async fn append(&self, change: &Change) -> Result<Version, LogUnavailable> {
        self.try_append(change).await.map(version).map_err(unavailable)
    }

    async fn last_by(&self, user: UserId) -> Result<Option<Version>, LogUnavailable> {
        self.journal.last_by(user).await.map(|id| id.map(version)).map_err(unavailable)
    }
}

fn version(id: EntryId) -> Version {
    Version::new(id.milliseconds, id.sequence)
}

fn unavailable(error: Unavailable) -> LogUnavailable {
    LogUnavailable(error.into())
}

/// Feeds the cache from the journal.
pub(super) struct Follower {
    cache: Cache,
    watermark: Arc<Watermark>,
}

impl Follower {
    pub(super) fn new(cache: Cache, watermark: Arc<Watermark>) -> Self {
        Self { cache, watermark }
    }
}

impl JournalListener for Follower {
    fn connected(&self, run_id: &str, complete_since: EntryId) {
        // Redis may have lost entries, and with them the positions that their changes need.
        self.watermark.doubt();
        self.cache.connected(run_id, version(complete_since));
    }

    fn entry(&self, id: EntryId, payload: &[u8]) {
        let (position, change) = payload.split_at_checked(size_of::<u64>()).unwrap_or_default();
        let position = position.try_into().map_or(WalPosition::UNKNOWN, |bytes| WalPosition(u64::from_be_bytes(bytes)));
        // Raise it first: a load after the invalidation must read from a server that has the change.
        self.watermark.raise(position);
        self.cache.received(version(id), &Change::decode(change));
    }

    fn caught_up(&self, id: EntryId, as_of: Instant) {
        self.cache.caught_up(version(id), as_of.into());
    }

    fn lost(&self) {
        self.cache.lost();
    }
}
