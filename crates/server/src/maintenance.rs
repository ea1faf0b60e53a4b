//! Periodic tasks in the background.
//!
//! Every instance runs all of them; they are idempotent. They end when [`Maintenance`] is dropped.

use std::fmt::Display;
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use accounts::{Accounts, LearnEndedSessions};
use database::{Database, EventLog, Sequencing};
use http_kit::rate_limit::LocalRateLimits;
use posts::Posts;
use redis_adapters::Redis;
use security::LocalGuesses;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use crate::remover::Remover;
use crate::telemetry::metrics::gauges;

/// The interval of purging expired sessions, idempotency keys and kept names.
const PURGE: Duration = Duration::from_hours(1);
/// The interval of dropping the full budgets of rate limits and guesses.
const FORGET: Duration = Duration::from_mins(1);
/// The interval of scanning for unfinished removals.
const RESUME: Duration = Duration::from_secs(10);
/// The interval of removing old entries of the log of events.
const TRIM: Duration = Duration::from_mins(1);
/// The interval of sampling connections, replicas and circuits, and of probing a disc that was full.
const SAMPLE: Duration = Duration::from_secs(1);

/// The objects that need maintenance.
pub(crate) struct Duties {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) posts: Arc<Posts>,
    pub(crate) remover: Remover,
    pub(crate) rate_limits: Option<Arc<LocalRateLimits>>,
    pub(crate) guesses: Arc<LocalGuesses>,
    pub(crate) database: Database,
    pub(crate) redis: Option<Redis>,
    pub(crate) event_retention: Duration,
}

/// The running tasks. Dropping it aborts them.
pub(crate) struct Maintenance {
    tasks: Vec<JoinHandle<()>>,
    remover: Remover,
    #[expect(dead_code, reason = "sequences until it is dropped")]
    sequencing: Sequencing,
}

impl Maintenance {
    /// Starts the tasks.
    pub(crate) fn begin(duties: Duties) -> Self {
        let Duties { accounts, posts, remover, rate_limits, guesses, database, redis, event_retention } = duties;
        let log = EventLog::new(database.clone());
        let sequencing = Sequencing::begin(log.clone());
        let trimming = tokio::spawn(async move {
            let mut interval = every(TRIM);
            loop {
                interval.tick().await;
                trim(&log, event_retention).await;
            }
        });
        let (storage, ends) = (database.clone(), Arc::clone(&accounts));
        let purging = tokio::spawn(async move {
            let mut interval = every(PURGE);
            loop {
                interval.tick().await;
                purge(&accounts, &posts).await;
            }
        });
        let sampling = tokio::spawn(async move {
            let mut interval = every(SAMPLE);
            loop {
                interval.tick().await;
                gauges::record(&database, redis.as_ref());
            }
        });
        // In a separate task, because it may wait for its turn to write.
        let probing = tokio::spawn(async move {
            let mut interval = every(SAMPLE);
            loop {
                interval.tick().await;
                storage.probe_storage().await;
            }
        });
        let learning = tokio::spawn(async move {
            let mut interval = every(LearnEndedSessions::EVERY);
            let mut fails = false;
            loop {
                interval.tick().await;
                learn(ends.learn_ended_sessions.execute(), &mut fails).await;
            }
        });
        let removing = remover.clone();
        let resuming = tokio::spawn(async move { removing.resume_every(RESUME).await });
        let forgetting = tokio::spawn(async move {
            let mut interval = every(FORGET);
            loop {
                interval.tick().await;
                if let Some(rate_limits) = &rate_limits {
                    rate_limits.forget_idle_clients();
                }
                guesses.forget_idle();
            }
        });
        Self { tasks: vec![purging, sampling, probing, learning, resuming, forgetting, trimming], remover, sequencing }
    }

    /// Ends the tasks, and waits a moment for slices of removals in flight.
    pub(crate) async fn end(self) {
        self.abort();
        self.remover.stop().await;
    }

    fn abort(&self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Drop for Maintenance {
    fn drop(&mut self) {
        self.abort();
        self.remover.abort();
    }
}

/// An interval whose first tick comes after `period`, which keeps the start of the server fast.
fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// The longest time of a poll for ended sessions. A slow database server is not queried by several polls at a time.
const LEARNING: Duration = Duration::from_secs(2);

/// Awaits a poll for ended sessions. `fails` is the state of the polls before. A line is logged when polls begin to
/// fail or to be slow, and one when they recover, not for every poll of an outage.
async fn learn<E: Display>(poll: impl Future<Output = Result<(), E>>, fails: &mut bool) {
    let mut poll = pin!(poll);
    match timeout(LearnEndedSessions::EVERY, poll.as_mut()).await {
        Ok(Ok(())) => {
            if mem::take(fails) {
                tracing::info!("ended sessions can be read again");
            }
        }
        Ok(Err(error)) => not_learnt(fails, &error),
        Err(late) => {
            not_learnt(fails, &late);
            let _ = timeout(LEARNING.saturating_sub(LearnEndedSessions::EVERY), poll).await;
        }
    }
}

fn not_learnt(fails: &mut bool, error: &dyn Display) {
    if !mem::replace(fails, true) {
        tracing::warn!(%error, "cannot read which sessions have ended; known ones stay rejected");
    }
}

async fn trim(log: &EventLog, retention: Duration) {
    match log.trim(retention).await {
        Ok(removed) => tracing::debug!(removed, "old events removed"),
        Err(error) => tracing::warn!(error = %error.source, "old events not removed; next try in a minute"),
    }
}

async fn purge(accounts: &Accounts, posts: &Posts) {
    match accounts.purge_sessions.execute().await {
        Ok(purged) => tracing::debug!(purged, "ended sessions forgotten"),
        Err(error) => tracing::warn!(error = %error.source, "ended sessions not forgotten; next try in an hour"),
    }
    match accounts.purge_kept_names.execute().await {
        Ok(purged) => tracing::debug!(purged, "kept names forgotten"),
        Err(error) => tracing::warn!(error = %error.source, "kept names not forgotten; next try in an hour"),
    }
    match posts.purge_keys.execute().await {
        Ok(purged) => tracing::debug!(purged, "old idempotency keys forgotten"),
        Err(error) => tracing::warn!(error = %error.source, "old idempotency keys not forgotten; next try in an hour"),
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_hanging_poll_fails_and_the_next_one_starts() {
        let mut fails = false;
        learn(pending::<Result<(), String>>(), &mut fails).await;
        assert!(fails);
        learn(ready(Ok::<_, String>(())), &mut fails).await;
        assert!(!fails);
        learn(ready(Err("lost")), &mut fails).await;
        assert!(fails);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_poll_fails_and_is_awaited() {
        let (mut fails, mut ended) = (false, false);
        let poll = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            ended = true;
            Ok::<_, String>(())
        };
        learn(poll, &mut fails).await;
        assert!(fails && ended);
    }
}
