//! One round: continuous reads, and one change among them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use futures_util::future::try_join_all;
use tokio::time::sleep;

use super::readings::{Finding, Reading};
use crate::http::{Api, Call, Reply};

/// Pause between two reads.
const PAUSE: Duration = Duration::from_millis(2);

/// Reads in a row that must show the old state before the change, and the new state before the round ends.
const WARM: usize = 3;

/// Time limit for the readers to see the old state.
const WARM_UP: Duration = Duration::from_secs(10);

/// Time limit of a round after the change, far beyond the bound.
const PATIENCE: Duration = Duration::from_millis(400);

/// How long a round continues that looks for changes that are lost again.
const LINGER: Duration = Duration::from_millis(160);

/// A change to make, and the reads that must show it.
pub(super) struct Probe {
    pub(super) change: Call,
    pub(super) watches: Vec<Watch>,
}

/// What a reader requests, and how it recognises the change.
pub(super) struct Watch {
    pub(super) call: Call,
    pub(super) shows: Box<dyn Fn(&Reply) -> bool + Send + Sync>,
}

/// Progress of a reader: reads in a row with the same state, and which state.
#[derive(Default)]
struct Progress {
    in_a_row: AtomicUsize,
    fresh: AtomicBool,
}

impl Progress {
    fn note(&self, fresh: bool) {
        if self.fresh.swap(fresh, Ordering::Relaxed) == fresh {
            self.in_a_row.fetch_add(1, Ordering::Relaxed);
        } else {
            self.in_a_row.store(1, Ordering::Relaxed);
        }
    }

    fn settled(&self, fresh: bool) -> bool {
        self.fresh.load(Ordering::Relaxed) == fresh && self.in_a_row.load(Ordering::Relaxed) >= WARM
    }
}

/// Reads continuously through `there`, makes the change through `here`, and returns when the readers saw it.
pub(super) async fn observe(here: &Api, there: &Api, probe: Probe, linger: bool) -> Result<Finding> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    let mut progress = Vec::new();
    for watch in probe.watches {
        let own = Arc::new(Progress::default());
        progress.push(Arc::clone(&own));
        readers.push(tokio::spawn(read(there.clone(), watch, own, Arc::clone(&stop))));
    }
    let settled = |fresh| progress.iter().all(|own| own.settled(fresh));
    let changed = async {
        // Only a state that the reader has seen can become stale.
        within(WARM_UP, || settled(false)).await.context("the readers do not see the old state")?;
        here.succeed(&probe.change).await
    };
    let changed = changed.await;
    if let Ok(reply) = &changed {
        // A change that is not seen in time is a finding, not an error.
        let _ = within(PATIENCE, || settled(true)).await;
        if linger {
            sleep((reply.received + LINGER).saturating_duration_since(Instant::now())).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    let traces = try_join_all(readers).await?;
    let answered = changed?.received;
    let mut findings = Vec::new();
    for trace in traces {
        findings.push(Finding::of(&trace?, answered));
    }
    findings.into_iter().reduce(Finding::and).context("there are no readers")
}

async fn read(api: Api, watch: Watch, progress: Arc<Progress>, stop: Arc<AtomicBool>) -> Result<Vec<Reading>> {
    let mut readings = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let reply = api.ask(&watch.call).await?;
        if !reply.succeeded() && reply.status != 404 {
            bail!("{} through {} is answered {}", watch.call.shown(), api.name(), reply.status);
        }
        let fresh = (watch.shows)(&reply);
        readings.push(Reading { sent: reply.sent, received: reply.received, fresh });
        progress.note(fresh);
        sleep(PAUSE).await;
    }
    Ok(readings)
}

async fn within(limit: Duration, condition: impl Fn() -> bool) -> Option<()> {
    let began = Instant::now();
    while !condition() {
        if began.elapsed() > limit {
            return None;
        }
        sleep(Duration::from_millis(1)).await;
    }
    Some(())
}
