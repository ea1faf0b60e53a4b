//! Appending to the journal. Concurrent appends are batched into one command.

use std::sync::LazyLock;
use std::time::Duration;

use domain::UserId;
use redis::Script;
use resilience::{Coalesce, Coalescer, CoalescerOptions, NotCoalesced};

use super::{COUNT, EntryId, JOURNAL};
use crate::client::{Redis, Request};
use crate::error::{Cause, Unavailable};

static APPEND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("../scripts/append.lua")));

/// The approximate number of retained entries, which new sessions replay.
const RETAINED: u32 = 10_000;
/// The TTL of a user's last entry. By then every instance has received it, or has lost its session.
const LAST_ENTRY_KEPT: Duration = Duration::from_mins(1);
/// Two lanes: one command is in flight while the next batch is sent.
const OPTIONS: CoalescerOptions = CoalescerOptions { lanes: 2, most: 64, waiting: 4096 };
/// The name of the command, in errors and metrics.
const COMMAND: &str = "append";

/// An entry to append.
struct NewEntry {
    by: Option<UserId>,
    payload: Vec<u8>,
}

impl Coalesce for NewEntry {
    type Key = ();

    fn key(&self) -> Option<()> {
        None
    }
}

/// Appends entries in batches.
pub(super) struct Appender(Coalescer<NewEntry, Result<EntryId, Unavailable>>);

impl Appender {
    pub(super) fn new(redis: Redis) -> Self {
        Self(Coalescer::new(OPTIONS, move |entries| {
            let redis = redis.clone();
            async move { append(&redis, &entries).await }
        }))
    }

    pub(super) async fn append(&self, by: Option<UserId>, payload: Vec<u8>) -> Result<EntryId, Unavailable> {
        match self.0.submit(NewEntry { by, payload }).await {
            Ok(appended) => appended,
            Err(NotCoalesced::Full) => Err(Unavailable::new(COMMAND, Cause::TooManyInFlight)),
            Err(NotCoalesced::BrokenOff) => Err(Unavailable::new(COMMAND, Cause::BrokenOff)),
        }
    }
}

async fn append(redis: &Redis, entries: &[NewEntry]) -> Vec<Result<EntryId, Unavailable>> {
    /// The number of keys that every call has, before the writers' keys.
    const KEYS: usize = 2;
    let mut script = APPEND.prepare_invoke();
    script.key(redis.key(JOURNAL)).key(redis.key(COUNT));
    script.arg(RETAINED).arg(LAST_ENTRY_KEPT.as_millis().to_string());
    let mut writers = 0;
    for entry in entries {
        script.arg(&entry.payload);
        if let Some(user) = entry.by {
            writers += 1;
            script.key(super::seen_key(redis, user)).arg(KEYS + writers);
        } else {
            script.arg("");
        }
    }
    match redis.query_past_breaker::<Vec<EntryId>>(COMMAND, Request::Script(&script)).await {
        Ok(ids) => ids.into_iter().map(Ok).collect(),
        Err(error) => entries.iter().map(|_| Err(error.clone())).collect(),
    }
}
