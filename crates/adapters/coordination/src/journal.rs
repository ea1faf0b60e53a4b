//! The journal of changes: what every instance tells all others.

mod entry_id;
mod follow;
mod read;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use domain::UserId;
use redis::Script;

use crate::client::{Redis, Request};
use crate::error::Unavailable;
pub use entry_id::EntryId;
pub use follow::Following;

static APPEND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/append.lua")));

/// About so many entries are retained for those who connect.
const RETAINED: u32 = 10_000;
/// How long it is known what a user wrote last. Everybody has heard of it by then, or is lost.
const LAST_ENTRY_KEPT: Duration = Duration::from_mins(1);

/// A list of changes in the order in which they were appended. Old ones are dropped.
#[derive(Clone)]
pub struct Journal {
    redis: Redis,
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
        Self { redis }
    }

    /// Appends an entry, and notes that it is the last that the user wrote, for [`Self::last_by`]. When it fails, the
    /// entry may have been appended or not.
    ///
    /// # Errors
    /// [`Unavailable`] when Redis is.
    pub async fn append(&self, by: Option<UserId>, payload: &[u8]) -> Result<EntryId, Unavailable> {
        let mut script = APPEND.prepare_invoke();
        script.key(self.key()).key(self.count_key());
        if let Some(user) = by {
            script.key(self.seen_key(user));
        }
        script.arg(payload).arg(RETAINED).arg(LAST_ENTRY_KEPT.as_millis().to_string());
        self.redis.ask_regardless("append", Request::Script(&script)).await
    }

    /// The last entry that the user wrote, if that was within a minute.
    ///
    /// # Errors
    /// [`Unavailable`] when Redis is.
    pub async fn last_by(&self, user: UserId) -> Result<Option<EntryId>, Unavailable> {
        self.redis.ask("last_by", Request::Command(redis::cmd("GET").arg(self.seen_key(user)))).await
    }

    /// Follows the journal on a connection of its own, in a task of its own, until the handle is dropped. Connects,
    /// and connects again, by itself.
    pub fn follow(&self, listener: Arc<dyn JournalListener>) -> Following {
        follow::spawn(self.clone(), listener)
    }

    fn key(&self) -> String {
        self.redis.key("journal")
    }

    fn count_key(&self) -> String {
        self.redis.key("journal:count")
    }

    fn seen_key(&self, user: UserId) -> String {
        self.redis.key(format_args!("seen:{user}"))
    }
}
