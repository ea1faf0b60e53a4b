//! One connection to the log, and what was heard over it.

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

/// One connection to the log. The next one begins with a tag table of its own and makes all copies of this one unusable;
/// who has begun to read with this one may finish with it.
pub(crate) struct Session {
    /// Tells sessions apart.
    pub(crate) id: u64,
    /// The run of the log's keeper, which is part of the keys of shared copies: what another run had may be lost.
    pub(crate) run_id: String,
    /// When each tag was last changed.
    pub(crate) tags: TagTable,
    /// Up to where everything was heard.
    received: watch::Sender<Version>,
    /// The last moment at which this was all, as the log said.
    confirmed: Mutex<Option<Instant>>,
    lost: AtomicBool,
}

impl Session {
    /// A connection that will tell all changes after `complete_since`.
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

    /// Notes a change that was learned of at `moment`.
    pub(crate) fn mark(&self, version: Version, change: &Change, moment: Moment) {
        for tag in &change.tags {
            if *tag == Tag::Everything {
                self.tags.mark_everything(version, moment);
            } else {
                self.tags.mark(tag.print(), version, moment);
            }
        }
    }

    /// Everything up to `version` was heard and marked.
    pub(crate) fn raise(&self, version: Version) {
        self.received.send_if_modified(|received| {
            let raised = version > *received;
            *received = version.max(*received);
            raised
        });
    }

    /// The log says that what was heard is all there was at the moment `as_of`.
    pub(crate) fn confirm(&self, as_of: Instant) {
        *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner) = Some(as_of);
    }

    /// The connection is gone.
    pub(crate) fn lose(&self) {
        self.lost.store(true, Ordering::SeqCst);
    }

    /// Whether the log said within the last `silence` that what was heard is all there is.
    pub(crate) fn is_confirmed(&self, silence: Duration) -> bool {
        let confirmed = *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        !self.lost.load(Ordering::SeqCst) && confirmed.is_some_and(|confirmed| confirmed.elapsed() <= silence)
    }

    /// Waits until everything up to `version` is heard, but no longer than `patience`; answers whether it was.
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
