//! Membership: heartbeats of the instances, and detection of lost ones.
//!
//! Called by the server. A lost instance may have left a change unpublished. So another one publishes that everything
//! may have changed.
//!
//! Invariants:
//! - All times are of the clock of Redis.
//! - A member that is silent for too long is lost. One atomic script finds it and moves it to the list of lost members,
//!   so one instance at a time handles the loss.
//! - A loss is reported again until an instance has handled it.
//! - A member that starts under a name that is still listed was lost, too.
//!
//! Tested in `tests/shared_state/members.rs`.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::client::{Redis, Request};
use crate::error::Unavailable;

static HEARTBEAT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/heartbeat.lua")));

/// The instances that share a Redis. Each sends heartbeats.
#[derive(Clone)]
pub struct Members {
    redis: Redis,
    beat: Duration,
    silence: Duration,
}

/// The heartbeat of a member. Dropping it stops the heartbeat, and the member counts as lost after a while.
#[must_use = "the heartbeat stops when it is dropped"]
pub struct Membership {
    members: Members,
    member: String,
    task: JoinHandle<()>,
}

impl Members {
    /// Members that send a heartbeat every second, and are lost after five seconds without one.
    pub fn new(redis: Redis) -> Self {
        Self::with_rhythm(redis, Duration::from_secs(1), Duration::from_secs(5))
    }

    /// Members that send a heartbeat every `beat`, and are lost after `silence` without one.
    pub fn with_rhythm(redis: Redis, beat: Duration, silence: Duration) -> Self {
        Self { redis, beat, silence }
    }

    /// Joins as `member`, and sends heartbeats in a separate task. Calls `on_lost` for each lost member that this one
    /// is to handle, one after the other. If it fails, the loss is reported again later, to any member.
    pub fn run<F, Seen>(&self, member: &str, on_lost: F) -> Membership
    where
        F: Fn(String) -> Seen + Send + Sync + 'static,
        Seen: Future<Output = Result<(), Unavailable>> + Send + 'static,
    {
        let (members, member) = (self.clone(), member.to_owned());
        let task = self.redis.link().runtime().spawn({
            let (members, member) = (members.clone(), member.clone());
            async move { members.beat(&member, on_lost).await }
        });
        Membership { members, member, task }
    }

    async fn beat<F, Seen>(&self, member: &str, on_lost: F)
    where
        F: Fn(String) -> Seen,
        Seen: Future<Output = Result<(), Unavailable>>,
    {
        let mut beats = tokio::time::interval(self.beat);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut first = true;
        loop {
            beats.tick().await;
            // While Redis is lost, no silence is measured.
            let Ok(lost) = self.heartbeat(member, first).await else { continue };
            first = false;
            for lost in lost {
                tracing::warn!(member = %lost, "an instance was lost");
                // A failure leaves the member on the list of lost ones, which are reported again.
                if on_lost(lost.clone()).await.is_ok() {
                    let _ = self.remove("strike_lost_member", &self.lost_key(), &lost).await;
                }
            }
        }
    }

    async fn heartbeat(&self, member: &str, first: bool) -> Result<Vec<String>, Unavailable> {
        let mut script = HEARTBEAT.prepare_invoke();
        script.key(self.members_key()).key(self.lost_key());
        script.arg(member).arg(self.silence.as_millis().to_string()).arg(u8::from(first));
        self.redis.query("heartbeat", Request::Script(&script)).await
    }

    async fn remove(&self, name: &'static str, list: &str, member: &str) -> Result<(), Unavailable> {
        self.redis.query(name, Request::Command(redis::cmd("ZREM").arg(list).arg(member))).await
    }

    fn members_key(&self) -> String {
        self.redis.key("members")
    }

    fn lost_key(&self) -> String {
        self.redis.key("members:lost")
    }
}

impl Membership {
    /// Leaves the list of members. The member does not count as lost.
    ///
    /// # Errors
    /// [`Unavailable`] if Redis fails or is unreachable. The member then counts as lost after a while.
    pub async fn leave(mut self) -> Result<(), Unavailable> {
        // A further heartbeat would add it again.
        self.task.abort();
        let _ = (&mut self.task).await;
        self.members.remove("leave", &self.members.members_key(), &self.member).await
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.task.abort();
    }
}
