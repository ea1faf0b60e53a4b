//! The journal of changes: what every instance tells all others.

mod append;
mod entry_id;
mod follow;
mod read;

use std::sync::Arc;
use std::time::Instant;

use domain::UserId;

use crate::client::{Redis, Request};
use crate::error::Unavailable;
use append::Appender;
pub use entry_id::EntryId;
pub use follow::Following;

const JOURNAL: &str = "journal";
const COUNT: &str = "journal:count";

/// A list of changes in the order in which they were appended. Old ones are dropped.
#[derive(Clone)]
pub struct Journal {
    redis: Redis,
    appender: Arc<Appender>,
}

/// Hears the journal. Called in order, by one task at a time; it must not block.
pub trait JournalListener: Send + Sync {
    /// Connected, to the Redis of this run. All that is retained follows, and after it what is new, without a gap:
    /// no entry after `complete_since` is missing. Whatever was heard before an interruption may have missed some.
    ///
    /// Entries before `complete_since` are unknown, for it is right before the oldest entry that is there and has no
    /// gap after it. Redis' clock says nothing here: it may be put back, while ids only grow.
    fn connected(&self, run_id: &str, complete_since: EntryId);
    /// The next entry.
    fn entry(&self, id: EntryId, payload: &[u8]);
    /// Everything that had been appended at the moment `as_of` was heard, the last of it `id`. The time is that at
    /// which Redis was asked: it answered later, and the answer came later still.
    fn caught_up(&self, id: EntryId, as_of: Instant);
    /// The connection was lost, or entries were. Silence from here to the next `connected`.
    fn lost(&self);
}

impl Journal {
    /// The journal in `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { appender: Arc::new(Appender::new(redis.clone())), redis }
    }

    /// Appends an entry, and notes that it is the last that the user wrote, for [`Self::last_by`]. Those that are appended at
    /// the same time share a command. When it fails, the entry may have been appended or not.
    ///
    /// # Errors
    /// [`Unavailable`] when Redis is.
    pub async fn append(&self, by: Option<UserId>, payload: &[u8]) -> Result<EntryId, Unavailable> {
        self.appender.append(by, payload.to_vec()).await
    }

    /// The last entry that the user wrote, if that was within a minute.
    ///
    /// # Errors
    /// [`Unavailable`] when Redis is.
    pub async fn last_by(&self, user: UserId) -> Result<Option<EntryId>, Unavailable> {
        self.redis.query("last_by", Request::Command(redis::cmd("GET").arg(seen_key(&self.redis, user)))).await
    }

    /// Follows the journal on a connection of its own, in a task of its own, until the handle is dropped. Connects,
    /// and connects again, by itself.
    pub fn follow(&self, listener: Arc<dyn JournalListener>) -> Following {
        follow::spawn(self.clone(), listener)
    }

    fn key(&self) -> String {
        self.redis.key(JOURNAL)
    }

    fn count_key(&self) -> String {
        self.redis.key(COUNT)
    }
}

/// Where it is noted what a user wrote last.
fn seen_key(redis: &Redis, user: UserId) -> String {
    redis.key(format_args!("seen:{user}"))
}
