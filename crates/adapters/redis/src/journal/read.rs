//! Reading journal entries from Redis, over a separate connection.
//!
//! Invariants: every command has a time limit. A blocked read returns close to its timeout even if Redis is idle.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::streams::StreamReadReply;
use redis::{FromRedisValue as _, RedisError, RedisResult, Script, from_redis_value};

use super::{EntryId, Journal};
use crate::client::Redis;

/// The most entries per read.
const PAGE: usize = 1000;

/// Why following the journal was interrupted.
#[derive(Debug, thiserror::Error)]
pub(super) enum Interruption {
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("entries between {0} and {1} are missing")]
    Gap(EntryId, EntryId),
    #[error("it cannot be parsed: {0}")]
    NotUnderstood(&'static str),
}

/// An entry as stored in Redis.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: EntryId,
    /// The number of the entry: one more than that of the entry before, unless entries in between are missing.
    pub(super) count: u64,
    /// `None` for the placeholder entry of an empty journal.
    pub(super) payload: Option<Vec<u8>>,
}

/// The result of one read.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) entries: Vec<Entry>,
    /// Whether more entries may be available now.
    pub(super) is_full: bool,
}

/// How long after the timeout of a read Redis is first reminded of it, and the interval of further reminders.
const REMIND_AFTER: Duration = Duration::from_millis(2);
const REMIND_EVERY: Duration = Duration::from_millis(10);

/// Reads the journal over its own connection.
pub(super) struct Reader {
    connection: MultiplexedConnection,
    redis: Redis,
    journal: String,
    count: String,
}

impl Reader {
    /// Connects, within the connect timeout.
    pub(super) async fn connect(journal: &Journal) -> Result<Self, Interruption> {
        let connection = journal.redis.link().own_connection().await?;
        Ok(Self { connection, redis: journal.redis.clone(), journal: journal.key(), count: journal.count_key() })
    }

    /// The id of this run of Redis, which it generated at its start.
    pub(super) async fn run_id(&mut self, limit: Duration) -> Result<String, Interruption> {
        let info: String = within(limit, redis::cmd("INFO").arg("server").query_async(&mut self.connection)).await?;
        let run_id = info.lines().find_map(|line| line.strip_prefix("run_id:"));
        run_id.map(|id| id.trim().to_owned()).ok_or(Interruption::NotUnderstood("INFO names no run_id"))
    }

    /// Ensures that the journal has an entry, by appending a placeholder if it is empty.
    pub(super) async fn begin(&mut self, limit: Duration) -> Result<(), Interruption> {
        let script = Script::new(include_str!("../scripts/begin.lua"));
        let mut script = script.prepare_invoke();
        script.key(&self.journal).key(&self.count);
        within(limit, script.invoke_async(&mut self.connection)).await
    }

    /// The entries after `last`. If there are none yet, waits up to `block`.
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

/// Waits for the response to a read that blocks for `block`, and pings Redis when it is late.
///
/// Redis checks the timeouts of blocked clients when it handles a command, and otherwise only ten times a second
/// (`hz`). An idle Redis would respond so late that the last confirmation expires. A ping makes it check at once.
async fn reminded<T>(redis: &Redis, block: Duration, answer: impl Future<Output = T>) -> T {
    let mut answer = pin!(answer);
    let mut wait = block + REMIND_AFTER;
    loop {
        if let Ok(answer) = tokio::time::timeout(wait, &mut answer).await {
            return answer;
        }
        // The result of the ping is ignored: if Redis is lost, the read times out as well.
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
