//! One connection to the log, and the changes received over it.
//!
//! Invariants: every change up to `received` is in the tag table. Entries are valid within one session only: the next
//! session starts an empty tag table. A read that began in a session may finish in it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::known::stamp::{Moment, Stamp};
use crate::known::tag::Tag;
use crate::known::tags::TagTable;
use crate::known::version::Version;
use crate::published::change::Change;

/// One connection to the log.
pub(crate) struct Session {
    /// Distinguishes sessions; part of every stamp.
    pub(crate) id: u64,
    /// The run of the log's server. It is part of the keys of shared entries, because another run may have lost
    /// changes.
    pub(crate) run_id: String,
    /// The latest change of each tag.
    pub(crate) tags: TagTable,
    /// Everything up to here was received.
    received: watch::Sender<Version>,
    /// The last time as of which the log confirmed that nothing is missing.
    confirmed: Mutex<Option<Instant>>,
    lost: AtomicBool,
}

impl Session {
    /// A connection that will deliver every change after `complete_since`.
    pub(crate) fn new(id: u64, run_id: &str, tags: usize, complete_since: Version) -> Self {
        Self {
            id,
            run_id: run_id.to_owned(),
            tags: TagTable::new(tags, complete_since),
            received: watch::Sender::new(complete_since),
            confirmed: Mutex::default(),
            lost: AtomicBool::new(false),
        }
    }

    /// Marks a change learned of at `moment` in the tag table.
    pub(crate) fn mark(&self, version: Version, change: &Change, moment: Moment) {
        for tag in &change.tags {
            if *tag == Tag::Everything {
                self.tags.mark_everything(version, moment);
            } else {
                self.tags.mark(tag.print(), version, moment);
            }
        }
    }

    /// Everything up to `version` was received and marked.
    pub(crate) fn raise(&self, version: Version) {
        self.received.send_if_modified(|received| {
            let raised = version > *received;
            *received = version.max(*received);
            raised
        });
    }

    /// The log confirms that nothing is missing as of `as_of`.
    pub(crate) fn confirm(&self, as_of: Instant) {
        *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner) = Some(as_of);
    }

    /// The connection is lost, for good: a session is never confirmed again.
    pub(crate) fn lose(&self) {
        self.lost.store(true, Ordering::SeqCst);
    }

    /// Whether the connection stands, and the log confirmed within the last `silence` that nothing is missing.
    pub(crate) fn is_confirmed(&self, silence: Duration) -> bool {
        let confirmed = *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        !self.lost.load(Ordering::SeqCst) && confirmed.is_some_and(|confirmed| confirmed.elapsed() <= silence)
    }

    /// Waits at most `patience` until everything up to `version` is received. Returns whether it was.
    pub(crate) async fn receives(&self, version: Version, patience: Duration) -> bool {
        if *self.received.borrow() >= version {
            return true;
        }
        let mut received = self.received.subscribe();
        matches!(timeout(patience, received.wait_for(|received| *received >= version)).await, Ok(Ok(_)))
    }

    /// The stamp of a load that begins now.
    pub(crate) fn stamp(&self, moment: Moment) -> Stamp {
        Stamp { session: self.id, version: *self.received.borrow(), moment }
    }
}
