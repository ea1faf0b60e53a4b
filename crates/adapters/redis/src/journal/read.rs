//! Reading the journal from Redis.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::streams::StreamReadReply;
use redis::{FromRedisValue as _, RedisError, RedisResult, Script, from_redis_value};

use super::{EntryId, Journal};
use crate::client::Redis;

/// How many entries are read at a time.
const PAGE: usize = 1000;

/// Why the journal cannot be followed (any more).
#[derive(Debug, thiserror::Error)]
pub(super) enum Interruption {
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("entries between {0} and {1} are missing")]
    Gap(EntryId, EntryId),
    #[error("it cannot be understood: {0}")]
    NotUnderstood(&'static str),
}

/// An entry as it is in Redis.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: EntryId,
    /// One more than that of the entry before, unless some are missing in between.
    pub(super) count: u64,
    /// None for an entry that says nothing.
    pub(super) payload: Option<Vec<u8>>,
}

/// What was read at once.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) entries: Vec<Entry>,
    /// Whether there may be more at once.
    pub(super) is_full: bool,
}

/// How long after a read should have come back Redis is reminded of it, and how often.
const REMIND_AFTER: Duration = Duration::from_millis(2);
const REMIND_EVERY: Duration = Duration::from_millis(10);

/// Reads over a connection of its own.
pub(super) struct Reader {
    connection: MultiplexedConnection,
    redis: Redis,
    journal: String,
    count: String,
}

impl Reader {
    /// Connects. The time of that is bounded.
    pub(super) async fn connect(journal: &Journal) -> Result<Self, Interruption> {
        let connection = journal.redis.link().own_connection().await?;
        Ok(Self { connection, redis: journal.redis.clone(), journal: journal.key(), count: journal.count_key() })
    }

    /// The id that Redis gave itself when it started.
    pub(super) async fn run_id(&mut self, limit: Duration) -> Result<String, Interruption> {
        let info: String = within(limit, redis::cmd("INFO").arg("server").query_async(&mut self.connection)).await?;
        let run_id = info.lines().find_map(|line| line.strip_prefix("run_id:"));
        run_id.map(|id| id.trim().to_owned()).ok_or(Interruption::NotUnderstood("INFO names no run_id"))
    }

    /// Sees to it that there is an entry.
    pub(super) async fn begin(&mut self, limit: Duration) -> Result<(), Interruption> {
        let script = Script::new(include_str!("../scripts/begin.lua"));
        let mut script = script.prepare_invoke();
        script.key(&self.journal).key(&self.count);
        within(limit, script.invoke_async(&mut self.connection)).await
    }

    /// The entries after `last`; waits for up to `block` when there is none yet.
    pub(super) async fn read(
        &mut self,
        last: EntryId,
        block: Option<Duration>,
        limit: Duration,
    ) -> Result<Page, Interruption> {
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(PAGE);
        if let Some(block) = block {
            command.arg("BLOCK").arg(block.as_millis().to_string());
        }
        command.arg("STREAMS").arg(&self.journal).arg(last.to_string());
        let answer = within(limit, command.query_async(&mut self.connection));
        let reply: Option<StreamReadReply> = match block {
            Some(block) => reminded(&self.redis, block, answer).await?,
            None => answer.await?,
        };
        let found = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids);
        let entries: Vec<_> = found
            .map(|mut found| {
                let id = EntryId::parse(&found.id).ok_or(Interruption::NotUnderstood("an id of an entry"))?;
                let count = found.map.remove("n").ok_or(Interruption::NotUnderstood("an entry without its count"))?;
                let count = from_redis_value(count).map_err(RedisError::from)?;
                let payload = found.map.remove("p").map(Vec::from_redis_value).transpose().map_err(RedisError::from)?;
                Ok(Entry { id, count, payload })
            })
            .collect::<Result<_, Interruption>>()?;
        Ok(Page { is_full: entries.len() >= PAGE, entries })
    }
}

/// The answer to a read that blocks for `block`, in that time.
///
/// Redis looks for blocked clients whose time is up when it has something to do, and else ten times a second (`hz`). A
/// quiet one would answer so late that what was heard before counts as old; so it is given something to do.
async fn reminded<T>(redis: &Redis, block: Duration, answer: impl Future<Output = T>) -> T {
    let mut answer = pin!(answer);
    let mut wait = block + REMIND_AFTER;
    loop {
        if let Ok(answer) = tokio::time::timeout(wait, &mut answer).await {
            return answer;
        }
        // What comes of it is of no interest: a Redis that is lost does not answer the read either.
        tokio::select! {
            biased;
            answer = &mut answer => return answer,
            _ = redis.ping() => wait = REMIND_EVERY,
        }
    }
}

async fn within<T>(limit: Duration, answer: impl Future<Output = RedisResult<T>>) -> Result<T, Interruption> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Interruption::TimedOut(limit)),
    }
}
