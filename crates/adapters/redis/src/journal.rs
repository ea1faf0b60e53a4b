//! The journal of changes: an ordered stream of entries that every instance appends to and follows.
//!
//! Called by the cache, to publish changes and to receive those of all instances.
//!
//! Invariants:
//! - Entries have one order for all instances, by their ids. Ids grow even if the clock of Redis is set back.
//! - Entries are numbered without gaps. A follower that sees a gap starts a new session and replays what is retained.
//! - Within a session a listener receives every entry once, in order.
//!
//! On failure of an append, the entry may or may not be in the journal.
//!
//! Tested in `tests/shared_state/journal.rs`.

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

/// A bounded list of entries in the order in which they were appended. The oldest are dropped.
#[derive(Clone)]
pub struct Journal {
    redis: Redis,
    appender: Arc<Appender>,
}

/// Receives the journal. Called in order, by one task at a time. It must not block.
pub trait JournalListener: Send + Sync {
    /// A session begins, with the Redis of this run. The retained entries are replayed, and then new ones follow.
    /// Every entry after `complete_since` is delivered. Earlier sessions may have missed entries.
    ///
    /// `complete_since` directly precedes the oldest retained entry with no gap after it. It does not depend on the
    /// clock of Redis, which may be set back while ids only grow.
    fn connected(&self, run_id: &str, complete_since: EntryId);
    /// The next entry, in the order of ids.
    fn entry(&self, id: EntryId, payload: &[u8]);
    /// Every entry appended before `as_of` was delivered; the last one is `id`. `as_of` is the time at which the
    /// read was sent, which is a lower bound.
    fn caught_up(&self, id: EntryId, as_of: Instant);
    /// The session ended: the connection was lost, or entries are missing. The next call is `connected`.
    fn lost(&self);
}

impl Journal {
    /// The journal in `redis`. Nothing is connected yet.
    pub fn new(redis: Redis) -> Self {
        Self { appender: Arc::new(Appender::new(redis.clone())), redis }
    }

    /// Appends an entry, and notes it as the user's last one for [`Self::last_by`]. Concurrent appends share a command.
    ///
    /// # Errors
    /// [`Unavailable`] if Redis fails or is unreachable. The entry may have been appended all the same.
    pub async fn append(&self, by: Option<UserId>, payload: &[u8]) -> Result<EntryId, Unavailable> {
        self.appender.append(by, payload.to_vec()).await
    }

    /// The last entry by the user, if it was appended within the last minute.
    ///
    /// # Errors
    /// [`Unavailable`] if Redis fails or is unreachable.
    pub async fn last_by(&self, user: UserId) -> Result<Option<EntryId>, Unavailable> {
        self.redis.query("last_by", Request::Command(redis::cmd("GET").arg(seen_key(&self.redis, user)))).await
    }

    /// Follows the journal in a separate task with its own connection, until the handle is dropped. The task reconnects
    /// after failures.
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

/// The key of the id of a user's last entry.
fn seen_key(redis: &Redis, user: UserId) -> String {
    redis.key(format_args!("seen:{user}"))
}
