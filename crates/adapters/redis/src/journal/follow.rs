//! Following the journal in sessions: replay what is retained, then deliver new entries; start over after every
//! interruption.
//!
//! Invariants:
//! - The replay and the new entries of a session have no gap after `complete_since`.
//! - A confirmation (`caught_up`) carries the time at which its read was sent, never a later one.
//! - After an interruption, `lost` is called before the next session begins.
//!
//! On failure the task reconnects, with backoff, until it is dropped.
//!
//! Tested in `tests/shared_state/journal.rs`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::read::{Entry, Interruption, Reader};
use super::{EntryId, Journal, JournalListener};
use crate::link::{LONGEST_PAUSE, SHORTEST_PAUSE};

/// How long Redis blocks a read when there is no new entry. Every response confirms what was received, as of the time
/// at which the read was sent. So a confirmation is usually at most twice as old as this.
const BLOCK: Duration = Duration::from_millis(25);
/// A connection without a response for this long counts as dead. It is longer than the delays of a busy machine.
/// Meanwhile nothing is confirmed, and no entry is missed.
const PATIENCE: Duration = Duration::from_millis(500);
/// The same for the replay, which may be long.
const PATIENCE_AT_THE_BEGINNING: Duration = Duration::from_secs(1);

/// The handle of a task that follows the journal. Dropping it ends the task.
#[must_use = "the journal is no longer followed when it is dropped"]
pub struct Following {
    task: JoinHandle<()>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) fn spawn(journal: Journal, listener: Arc<dyn JournalListener>) -> Following {
    let runtime = journal.redis.link().runtime().clone();
    Following { task: runtime.spawn(follow(journal, listener)) }
}

async fn follow(journal: Journal, listener: Arc<dyn JournalListener>) {
    let mut pause = SHORTEST_PAUSE;
    let mut warned = false;
    loop {
        let why = match Session::begin(&journal).await {
            Ok((session, retained)) => {
                tracing::info!("following the journal");
                (pause, warned) = (SHORTEST_PAUSE, false);
                let why = session.listen(retained, &*listener).await;
                listener.lost();
                why
            }
            Err(why) => why,
        };
        if !warned {
            tracing::warn!(error = %why, "cannot follow the journal");
            warned = true;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A session: a connection that has read the retained entries.
struct Session {
    reader: Reader,
    run_id: String,
    /// The last entry read.
    last: EntryId,
    last_count: u64,
}

/// The entries retained when a session began.
struct Retained {
    as_of: Instant,
    complete_since: EntryId,
    entries: Vec<Entry>,
}

impl Session {
    /// Connects, and reads the retained entries.
    async fn begin(journal: &Journal) -> Result<(Self, Retained), Interruption> {
        let mut reader = Reader::connect(journal).await?;
        let run_id = reader.run_id(PATIENCE_AT_THE_BEGINNING).await?;
        // Ensure that an entry exists. The session then starts from its id, not from a clock.
        reader.begin(PATIENCE_AT_THE_BEGINNING).await?;
        let mut entries: Vec<Entry> = Vec::new();
        let as_of = loop {
            let sent = Instant::now();
            let last = entries.last().map_or(EntryId::default(), |entry| entry.id);
            let page = reader.read(last, None, PATIENCE_AT_THE_BEGINNING).await?;
            entries.extend(page.entries);
            if !page.is_full {
                break sent;
            }
        };
        let gapless = gapless(&entries);
        let (Some(first), Some(last)) = (entries.get(gapless), entries.last()) else {
            return Err(Interruption::NotUnderstood("the journal was removed"));
        };
        let retained_since = first.id.before();
        let session = Self { reader, run_id, last: last.id, last_count: last.count };
        Ok((session, Retained { as_of, complete_since: retained_since, entries }))
    }

    /// Delivers the retained and all new entries, until the connection is lost or an entry is missing.
    async fn listen(mut self, retained: Retained, listener: &dyn JournalListener) -> Interruption {
        listener.connected(&self.run_id, retained.complete_since);
        for entry in &retained.entries {
            deliver(entry, listener);
        }
        listener.caught_up(self.last, retained.as_of);
        loop {
            if let Err(why) = self.receive(listener).await {
                return why;
            }
        }
    }

    async fn receive(&mut self, listener: &dyn JournalListener) -> Result<(), Interruption> {
        let sent = Instant::now();
        let page = self.reader.read(self.last, Some(BLOCK), PATIENCE).await?;
        for entry in &page.entries {
            // Entries may have been trimmed while this process was delayed, or the whole journal may have been deleted.
            if entry.count != self.last_count.wrapping_add(1) {
                return Err(Interruption::Gap(self.last, entry.id));
            }
            (self.last, self.last_count) = (entry.id, entry.count);
            deliver(entry, listener);
        }
        if !page.is_full {
            listener.caught_up(self.last, sent);
        }
        Ok(())
    }
}

fn deliver(entry: &Entry, listener: &dyn JournalListener) {
    if let Some(payload) = &entry.payload {
        listener.entry(entry.id, payload);
    }
}

/// The index of the first entry with no gap after it.
fn gapless(entries: &[Entry]) -> usize {
    let gaps = entries.windows(2).rposition(|pair| pair[1].count != pair[0].count.wrapping_add(1));
    gaps.map_or(0, |before_gap| before_gap + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_gapless_from(counts: &[u64], from: usize) {
        let entry = |count: &u64| Entry { id: EntryId::default(), count: *count, payload: None };
        assert_eq!(gapless(&counts.iter().map(entry).collect::<Vec<_>>()), from, "{counts:?}");
    }

    #[test]
    fn finds_the_last_gap() {
        is_gapless_from(&[], 0);
        is_gapless_from(&[7], 0);
        is_gapless_from(&[7, 8, 9], 0);
        is_gapless_from(&[7, 9, 10], 1);
        is_gapless_from(&[7, 9, 10, 1], 3);
    }
}
