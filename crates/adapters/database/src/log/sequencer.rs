//! Runs the passes of the sequencer in every instance. None leads: the first to come does the work.
//!
//! On failure (the primary is out of reach) nothing is lost: rows wait in `outbox`. The floor is forgotten, as the next
//! server may be another one. Only a failed pass over all rows keeps it: that one may just have taken too long.

use std::mem;
use std::time::{Duration, Instant};

use domain::RepositoryError;
use tokio::task::JoinHandle;
use tokio::time::{sleep, sleep_until, timeout};

use super::floor::Floor;
use super::{EventLog, Pass};
use crate::operation::reading;

/// Rows that one pass moves: it takes a few milliseconds, and its statement stays small.
const AT_ONCE: u32 = 500;
/// The shortest pause between passes for this process's own transactions. Rows that come meanwhile share the next one.
const PAUSE: Duration = Duration::from_millis(20);
/// The pause after a pass that met another instance's.
const TAKEN: Duration = Duration::from_millis(5);
/// The interval of passes without a signal, for rows of an instance that died. A pass comes up to a fifth later, so
/// instances get out of step.
const IDLE: Duration = Duration::from_millis(250);
/// The interval of raising the floor.
const LOOK: Duration = Duration::from_secs(1);
/// The interval of passes that ignore the floor, whatever is believed about it. They take up to a hundredth of the time:
/// beside a long query they may be slow.
const ALL: Duration = Duration::from_secs(10);
const SHARE_OF_ALL: u32 = 100;
/// The pause after a failure.
const RETRY: Duration = Duration::from_secs(1);

/// The sequencer of one process, for PostgreSQL.
pub struct Sequencer {
    log: EventLog,
    floor: Floor,
    /// When it looked for the floor last.
    looked: Instant,
    /// Whether that failed.
    blind: bool,
}

impl Sequencer {
    /// A sequencer that looks at every row at first.
    pub fn new(log: EventLog) -> Self {
        Self { log, floor: Floor::default(), looked: Instant::now(), blind: false }
    }

    /// Moves up to `most` rows to the log, from the floor on. With `all`, the floor is ignored.
    ///
    /// # Errors
    /// [`RepositoryError`] when the primary is out of reach. Nothing is lost.
    pub async fn pass(&mut self, most: u32, all: bool) -> Result<Pass, RepositoryError> {
        let passed = reading("event_log.sequence", self.log.sequence(&mut self.floor, most, all)).await;
        if passed.is_err() && !all {
            self.floor.forget();
        }
        passed
    }

    /// Prepares to raise the floor, which a later pass does.
    ///
    /// # Errors
    /// [`RepositoryError`] when the primary is out of reach.
    pub async fn look(&mut self) -> Result<(), RepositoryError> {
        let looked = reading("event_log.floor", self.log.look(&mut self.floor)).await;
        if looked.is_err() {
            self.floor.forget();
        }
        looked
    }

    fn observe(&self, passed: &Result<Pass, RepositoryError>) {
        let (outcome, moved) = match passed {
            Ok(pass) if pass.moved > 0 => ("moved", pass.moved),
            Ok(Pass { again: true, .. }) => ("undone", 0),
            Ok(Pass { alone: true, .. }) => ("nothing", 0),
            Ok(_) => ("taken", 0),
            Err(_) => ("failed", 0),
        };
        if let Some(observer) = &self.log.db.inner.observer {
            observer.sequenced(outcome, moved);
        }
    }

    /// Moves rows whenever there are some, until the task is aborted.
    async fn run(mut self) {
        let (mut next_of_all, mut fails) = (Instant::now() + ALL, false);
        loop {
            let begun = Instant::now();
            let all = begun >= next_of_all;
            let passed = self.pass(AT_ONCE, all).await;
            if all {
                next_of_all = Instant::now() + ALL.max(begun.elapsed() * SHARE_OF_ALL);
            }
            self.observe(&passed);
            self.look_now_and_then(begun).await;
            match passed {
                Ok(Pass { again: true, .. }) => {}
                // What the other instance did not see is still to be moved.
                Ok(Pass { alone: false, .. }) => sleep(TAKEN).await,
                Ok(_) => {
                    if mem::take(&mut fails) {
                        tracing::info!("events are sequenced again");
                    }
                    sleep_until((begun + PAUSE).into()).await;
                    let _ = timeout(idle(begun), self.log.db.inner.written.signalled()).await;
                }
                Err(error) => {
                    if !mem::replace(&mut fails, true) {
                        tracing::warn!(error = %error.source, "events cannot be sequenced; they wait in the outbox");
                    }
                    sleep(RETRY).await;
                }
            }
        }
    }

    /// Looks for the floor, and at how many rows wait, if the last look was a while ago.
    async fn look_now_and_then(&mut self, now: Instant) {
        if now.duration_since(self.looked) < LOOK {
            return;
        }
        self.looked = now;
        match self.look().await {
            Ok(()) => self.blind = false,
            // Passes find the same rows from any floor, but may take longer.
            Err(error) if !mem::replace(&mut self.blind, true) => {
                tracing::warn!(error = %error.source, "the state of the outbox cannot be read; sequencing goes on");
            }
            Err(_) => {}
        }
    }
}

/// [`IDLE`] and up to a fifth more, by the clock's digits.
fn idle(begun: Instant) -> Duration {
    let digits = begun.elapsed().subsec_nanos() % 1_000;
    IDLE + IDLE * digits / 5_000
}

/// The running sequencer of a process, until it is dropped.
pub struct Sequencing(Option<JoinHandle<()>>);

impl Sequencing {
    /// Begins to sequence `log`. SQLite needs none.
    pub fn begin(log: EventLog) -> Self {
        Self((!log.is_embedded()).then(|| tokio::spawn(Sequencer::new(log).run())))
    }
}

impl Drop for Sequencing {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
