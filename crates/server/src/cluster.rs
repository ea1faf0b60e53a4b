//! The state that instances share through Redis. Each file connects the Redis adapter to the port of another adapter
//! or use case, which do not know Redis.

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

/// The longest TTL of cache entries without Redis, because other processes may write to the same database unnoticed.
const SINGLE_INSTANCE_TTL: Duration = Duration::from_secs(1);

/// The Redis of this instance, if it has one.
#[derive(Clone)]
pub(crate) struct Cluster {
    redis: Option<Redis>,
}

/// The cache, with the task that feeds it from the journal.
pub(crate) struct InformedCache {
    pub(crate) cache: Cache,
    followed: Option<Followed>,
}

/// The task that follows the journal, and the heartbeat of this instance.
struct Followed {
    log: JournalLog,
    membership: Membership,
    _following: Following,
}

impl Cluster {
    /// Connects when Redis is first needed. The server starts even if Redis is unreachable.
    pub(crate) fn new(redis_url: Option<&SecretString>) -> Result<Self, InvalidUrl> {
        let connect = |url: &SecretString| {
            let options = RedisOptions { observer: Some(Arc::new(CommandMetrics)), ..RedisOptions::default() };
            Redis::connect(url.expose_secret(), options)
        };
        Ok(Self { redis: redis_url.map(connect).transpose()? })
    }

    /// The client of Redis, if it is configured.
    pub(crate) fn redis(&self) -> Option<&Redis> {
        self.redis.as_ref()
    }

    /// The store of users' positions, for read-your-writes.
    pub(crate) fn positions(&self) -> Option<Arc<dyn Positions>> {
        let redis = self.redis.clone()?;
        Some(Arc::new(RedisPositions(UserPositions::new(redis))))
    }

    /// Rate limits shared by all instances. While Redis is lost, `local` counts.
    pub(crate) fn rate_limits(&self, local: Arc<LocalRateLimits>) -> Arc<dyn RateLimiter> {
        match self.redis.clone() {
            Some(redis) => Arc::new(SharedRateLimits::new(SharedLimits::new(redis), local)),
            None => local,
        }
    }

    /// Limits on guesses shared by all instances. While Redis is lost, `local` counts.
    pub(crate) fn guesses(&self, local: Arc<LocalGuesses>) -> Arc<dyn GuessLimiter> {
        match self.redis.clone() {
            Some(redis) => Arc::new(SharedGuessLimits::new(SharedGuesses::new(redis), local)),
            None => local,
        }
    }

    /// A cache whose entries have `ttl`, and which receives the changes of all instances. Without Redis the TTL is a
    /// second at most.
    ///
    /// With Redis there is a cache even if `ttl` is zero: other instances must receive the changes of this one.
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
        // An instance that dies between a commit and its publication leaves stale entries in the others.
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
    /// Leaves the members, after publishing what is still open. If that fails, this instance does not leave: it
    /// counts as lost, and another one publishes that everything may have changed.
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
            tracing::debug!(%error, "stopped without signing off: another instance will report its changes as unknown");
        }
    }
}

/// Records the duration of commands to Redis.
struct CommandMetrics;

impl RedisObserver for CommandMetrics {
    fn command(&self, name: &'static str, elapsed: Duration, failed: bool) {
        let outcome = if failed { "error" } else { "ok" };
        metrics::histogram!("redis_command_duration_seconds", "command" => name, "outcome" => outcome)
            .record(elapsed.as_secs_f64());
    }
}
