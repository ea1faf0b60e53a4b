//! The log of changes that the cache follows, in the journal in Redis.
//!
//! An entry is the position in the database's log that the change is before, eight bytes, and the change as the cache
//! writes it.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use cache::{Cache, Change, ChangeLog, LogUnavailable, Version};
use database::{WalPosition, Watermark};
use domain::UserId;
use redis_adapters::{EntryId, Journal, JournalListener, Unavailable};

/// Announces changes in the journal.
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
        // No lower than the position of the change itself, which was noted when it was committed.
        let mut entry = self.watermark.to_tell().0.to_be_bytes().to_vec();
        entry.extend(change.encode());
        self.journal.append(change.by, &entry).await
    }

    /// Announces that anything may have changed.
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

/// Tells the cache what the journal says.
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
        // A Redis that was lost may have lost what others told, and how far to read for it with it.
        self.watermark.doubt();
        self.cache.connected(run_id, version(complete_since));
    }

    fn entry(&self, id: EntryId, payload: &[u8]) {
        let (position, change) = payload.split_at_checked(size_of::<u64>()).unwrap_or_default();
        let position = position.try_into().map_or(WalPosition::UNKNOWN, |bytes| WalPosition(u64::from_be_bytes(bytes)));
        // First, so that whoever loads what changed is sent to where the change is.
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
