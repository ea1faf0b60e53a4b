//! The log of events: what every committed write changed, as one row a transaction, in one order.
//!
//! - [`mod@append`] stores the facts of a transaction in it. Repositories tell them by [`crate::Transaction::tell`],
//!   batched writes by [`crate::told!`].
//! - [`sequence`] gives the rows their positions, from the [`floor`] on. [`sequencer`] runs it in every instance.
//! - [`read`] reads entries and the state of the log. [`trim`] removes old entries.
//!
//! On PostgreSQL a transaction adds its row to `outbox`, without a lock that others wait for. The order of ids there is
//! not the order of commits, and an open transaction may have drawn a low one. So nothing but the sequencer reads it:
//! it moves the committed rows to `events`, where positions have no gaps and never change. SQLite has one writer, which
//! writes to `events` itself.
//!
//! Invariants:
//! - A transaction that committed facts has exactly one entry; one that was rolled back has none.
//! - The entries of an aggregate are in the order of its changes. A row is added after the transaction has locked or
//!   changed the aggregate, so a later change draws a later id. A pass that sees the later row sees the earlier one.
//! - Positions begin at 1 and have no gaps. The last entry is never removed, so none is used twice.
//!
//! Tested in `persistence/tests/repositories/log.rs` and `facts.rs`.

mod append;
mod floor;
mod read;
mod sequence;
mod sequencer;
mod trim;

use tokio::sync::Notify;

pub(crate) use append::{Appending, append, can_carry, carried_by};
pub use read::{Entries, Entry, LogState};
pub use sequence::Pass;
pub use sequencer::{Sequencer, Sequencing};

use crate::Database;

/// The log of events of a database.
#[derive(Clone)]
pub struct EventLog {
    db: Database,
}

impl EventLog {
    /// The log of `db`.
    pub fn new(db: Database) -> Self {
        Self { db }
    }
}

/// Wakes the sequencer of this process after its transactions.
#[derive(Default)]
pub(crate) struct Written(Notify);

impl Written {
    /// A transaction of this process added a row.
    pub(crate) fn signal(&self) {
        self.0.notify_one();
    }

    /// Waits for the next signal; one that came meanwhile counts.
    pub(crate) async fn signalled(&self) {
        self.0.notified().await;
    }
}
