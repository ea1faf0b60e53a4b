//! Following the journal: all that is retained, then what is new, and again after every interruption.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::read::{Entry, Interruption, Reader};
use super::{EntryId, Journal, JournalListener};
use crate::link::{LONGEST_PAUSE, SHORTEST_PAUSE};

/// How long Redis holds an answer back when there is nothing new. Every answer confirms what was heard, as of when it
/// was asked for: twice this is the age of the oldest confirmation that is to be expected.
const BLOCK: Duration = Duration::from_millis(25);
/// A connection over which nothing came for so long is dead. Longer than a busy machine holds things up: until then
/// nothing is confirmed, and no entry is missed either.
const PATIENCE: Duration = Duration::from_millis(500);
/// What is read at the beginning may be much.
const PATIENCE_AT_THE_BEGINNING: Duration = Duration::from_secs(1);

/// A task that follows the journal. Dropped, it ends.
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
            tracing::warn!(error = %why, "the journal is not followed");
            warned = true;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A connection that has read what was retained.
struct Session {
    reader: Reader,
    run_id: String,
    /// The last entry that was read.
    last: EntryId,
    last_count: u64,
}

/// What was retained when a session began.
struct Retained {
    as_of: Instant,
    complete_since: EntryId,
    entries: Vec<Entry>,
}

impl Session {
    /// Connects and reads all that is retained.
    async fn begin(journal: &Journal) -> Result<(Self, Retained), Interruption> {
        let mut reader = Reader::connect(journal).await?;
        let run_id = reader.run_id(PATIENCE_AT_THE_BEGINNING).await?;
        // With an entry to begin after, nothing depends on the time.
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

    /// Tells what was retained and all that comes, until the connection is lost, or an entry.
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
            // Entries may be dropped unread when this process was held up, or be gone with the whole journal.
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

/// From where on no entry is missing.
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
