//! What several instances share through Redis, in the terms of those who need it: each file fits one adapter to another,
//! which do not know each other.

mod cache_entries;
mod changes;
mod guesses;
mod limits;
mod positions;

use std::sync::Arc;
use std::time::Duration;

use cache::{Cache, CacheOptions, InProcessLog};
use database::{Positions, Watermark};
use domain::IdGenerator;
use http_kit::rate_limit::{LocalRateLimits, RateLimiter};
use redis_adapters::{
    Following, InvalidUrl, Journal, Members, Membership, Redis, RedisObserver, RedisOptions, SharedGuesses,
    SharedLimits, SharedValues, UserPositions,
};
use secrecy::{ExposeSecret, SecretString};
use security::LocalGuesses;
use system::CuidGenerator;

pub(crate) use limits::SharedRateLimits;

use accounts::ports::GuessLimiter;
use cache_entries::RedisEntries;
use changes::{Follower, JournalLog};
use guesses::SharedGuessLimits;
use positions::RedisPositions;

/// Without Redis nobody tells this process what others write to the same database; copies are kept no longer than this.
const SINGLE_INSTANCE_TTL: Duration = Duration::from_secs(1);

/// The Redis of this instance, if it has one.
#[derive(Clone)]
pub(crate) struct Cluster {
    redis: Option<Redis>,
}

/// The cache, and what keeps it informed.
pub(crate) struct InformedCache {
    /// The cache.
    pub(crate) cache: Cache,
    followed: Option<Followed>,
}

/// What keeps a cache informed, and tells the other instances that this one lives.
struct Followed {
    log: JournalLog,
    membership: Membership,
    _following: Following,
}

impl Cluster {
    /// Will connect when Redis is first needed; whether it is there does not matter to the start.
    pub(crate) fn new(redis_url: Option<&SecretString>) -> Result<Self, InvalidUrl> {
        let connect = |url: &SecretString| {
            let options = RedisOptions { observer: Some(Arc::new(CommandMetrics)), ..RedisOptions::default() };
            Redis::connect(url.expose_secret(), options)
        };
        Ok(Self { redis: redis_url.map(connect).transpose()? })
    }

    /// The Redis, if there is one.
    pub(crate) fn redis(&self) -> Option<&Redis> {
        self.redis.as_ref()
    }

    /// Where it is noted who has written how far.
    pub(crate) fn positions(&self) -> Option<Arc<dyn Positions>> {
        let redis = self.redis.clone()?;
        Some(Arc::new(RedisPositions(UserPositions::new(redis))))
    }

    /// Limits that hold for all instances together; `local` counts while Redis is lost.
    pub(crate) fn rate_limits(&self, local: Arc<LocalRateLimits>) -> Arc<dyn RateLimiter> {
        match self.redis.clone() {
            Some(redis) => Arc::new(SharedRateLimits::new(SharedLimits::new(redis), local)),
            None => local,
        }
    }

    /// Bounds of guessing that hold for all instances together; `local` counts while Redis is lost.
    pub(crate) fn guesses(&self, local: Arc<LocalGuesses>) -> Arc<dyn GuessLimiter> {
        match self.redis.clone() {
            Some(redis) => Arc::new(SharedGuessLimits::new(SharedGuesses::new(redis), local)),
            None => local,
        }
    }

    /// A cache that keeps copies for `ttl`, and hears of the writes of all instances; without Redis for a second at most.
    /// Where nothing is to be kept the others must hear of this instance's writes all the same, if there may be others.
    pub(crate) fn cache(&self, ttl: Duration, watermark: Arc<Watermark>) -> Option<InformedCache> {
        if ttl.is_zero() && self.redis.is_none() {
            return None;
        }
        let options = CacheOptions { ttl, ..CacheOptions::default() };
        let Some(redis) = self.redis.clone() else {
            let ttl = ttl.min(SINGLE_INSTANCE_TTL);
            let options = CacheOptions { ttl, negative_ttl: options.negative_ttl.min(ttl), ..options };
            let cache = Cache::new(options, Arc::new(InProcessLog::new()), None);
            return Some(InformedCache { cache, followed: None });
        };
        let journal = Journal::new(redis.clone());
        let log = JournalLog::new(journal.clone(), Arc::clone(&watermark));
        let entries = Arc::new(RedisEntries(SharedValues::new(redis.clone())));
        let cache = Cache::new(options, Arc::new(log.clone()), Some(entries));
        let following = journal.follow(Arc::new(Follower::new(cache.clone(), watermark)));
        // An instance that dies between a write and its announcement leaves others with copies from before.
        let membership = Members::new(redis).run(&CuidGenerator.generate().to_string(), {
            let log = log.clone();
            move |_| {
                let log = log.clone();
                async move { log.append_everything().await }
            }
        });
        Some(InformedCache { cache, followed: Some(Followed { log, membership, _following: following }) })
    }
}

impl InformedCache {
    /// Leaves, so that the other instances do not take this one for lost; unless it leaves something open that it cannot
    /// see to any more, and they have to.
    pub(crate) async fn leave(self) {
        let Some(Followed { log, membership, _following }) = self.followed else {
            return;
        };
        let left = async {
            if self.cache.leaves_something_open() {
                log.append_everything().await?;
            }
            membership.leave().await
        };
        if let Err(error) = left.await {
            tracing::debug!(%error, "left without a word");
        }
    }
}

/// Times commands to Redis.
struct CommandMetrics;

impl RedisObserver for CommandMetrics {
    fn command(&self, name: &'static str, elapsed: Duration, failed: bool) {
        let outcome = if failed { "error" } else { "ok" };
        metrics::histogram!("redis_command_duration_seconds", "command" => name, "outcome" => outcome)
            .record(elapsed.as_secs_f64());
    }
}
