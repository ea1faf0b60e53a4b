//! Who is alive, and who died.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::client::{Redis, Request};
use crate::error::Unavailable;

static HEARTBEAT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/heartbeat.lua")));

/// The instances that share a Redis. Each gives a sign of life now and then; one that is silent for long is lost.
///
/// All times are those of Redis, and what is lost is found and taken off the list by one script, so that each loss is
/// reported to one instance. It stays on a second list until that instance has seen to it: when it does not, or never
/// heard the report, another one is told later. A member that begins anew under a name that is still on the list was
/// lost, too.
#[derive(Clone)]
pub struct Members {
    redis: Redis,
    beat: Duration,
    silence: Duration,
}

/// A member's heartbeat. Dropped it stops, and the others will take the member for lost.
#[must_use = "the heartbeat stops when it is dropped"]
pub struct Membership {
    members: Members,
    member: String,
    task: JoinHandle<()>,
}

impl Members {
    /// Members that give a sign of life every second and are lost after five without.
    pub fn new(redis: Redis) -> Self {
        Self::with_rhythm(redis, Duration::from_secs(1), Duration::from_secs(5))
    }

    /// Members that give a sign of life every `beat` and are lost after a longer `silence`.
    pub fn with_rhythm(redis: Redis, beat: Duration, silence: Duration) -> Self {
        Self { redis, beat, silence }
    }

    /// Joins as `member` and gives signs of life in a task of its own. Members whose loss this one is to see to are
    /// given to `on_lost`, one after the other; when it fails, somebody is told again later.
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
            // Without Redis nobody counts the silence either.
            let Ok(lost) = self.heartbeat(member, first).await else { continue };
            first = false;
            for lost in lost {
                tracing::warn!(member = %lost, "an instance was lost");
                // What fails is reported again, to whoever comes by.
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
    /// Leaves, so that nobody takes this member for lost.
    ///
    /// # Errors
    /// [`Unavailable`] when Redis is; then it counts as lost in time.
    pub async fn leave(mut self) -> Result<(), Unavailable> {
        // Another beat would make it a member again.
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
