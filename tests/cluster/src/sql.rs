//! Reads the databases directly, past the API.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tokio::time::sleep;

use super::stack::{Service, Stack};

/// Every counter of the schema: its table and column, and the rows that it counts for a row `t`.
const COUNTERS: [(&str, &str, &str); 7] = [
    ("users", "post_count", "posts WHERE author_id = t.id"),
    ("users", "follower_count", "follows WHERE followee_id = t.id"),
    ("users", "following_count", "follows WHERE follower_id = t.id"),
    ("posts", "like_count", "post_likes WHERE post_id = t.id"),
    ("posts", "comment_count", "comments WHERE post_id = t.id AND author_id IS NOT NULL"),
    ("comments", "like_count", "comment_likes WHERE comment_id = t.id"),
    ("comments", "reply_count", "comments WHERE parent_id = t.id"),
];

/// Time limit for the replica to catch up with the primary.
const CATCH_UP_LIMIT: Duration = Duration::from_secs(30);

/// The columns of the rows of `from` on the primary.
pub(crate) async fn rows(stack: &Stack, columns: &str, from: &str) -> Result<Vec<Vec<Value>>> {
    let statement = format!("SELECT coalesce(json_agg(json_build_array({columns})), '[]') FROM {from}");
    let text = stack.psql(Service::PostgresPrimary, &statement).await?;
    serde_json::from_str(&text).with_context(|| format!("not rows: {text:.200}"))
}

/// The two text columns of the rows of `from` on the primary.
pub(crate) async fn pairs(stack: &Stack, columns: &str, from: &str) -> Result<Vec<(String, String)>> {
    let pair = |row: Vec<Value>| match row.as_slice() {
        [Value::String(first), Value::String(second)] => Ok((first.clone(), second.clone())),
        other => bail!("not a pair of texts: {other:?}"),
    };
    rows(stack, columns, from).await?.into_iter().map(pair).collect()
}

/// A number from the primary.
pub(crate) async fn number(stack: &Stack, select: &str) -> Result<u64> {
    let text = stack.psql(Service::PostgresPrimary, select).await?;
    text.parse().with_context(|| format!("not a number: {text:.200}"))
}

/// Every counter on the primary that differs from `count(*)`.
pub(crate) async fn contradictions(stack: &Stack) -> Result<Vec<String>> {
    let selects = COUNTERS.map(|(table, counter, counted)| {
        format!(
            "SELECT '{table}.{counter} of ' || id || ' is ' || kept || ', but there are ' || counted FROM \
             (SELECT t.id, t.{counter} AS kept, (SELECT count(*) FROM {counted}) AS counted FROM {table} t) AS c \
             WHERE kept <> counted"
        )
    });
    let text = stack.psql(Service::PostgresPrimary, &selects.join(" UNION ALL ")).await?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Waits until the replica has replayed everything that the primary has written, and returns how long that took.
pub(crate) async fn caught_up(stack: &Stack) -> Result<Duration> {
    let began = Instant::now();
    let written = stack.psql(Service::PostgresPrimary, "SELECT pg_current_wal_lsn()").await?;
    let behind = format!("SELECT coalesce(pg_wal_lsn_diff('{written}', pg_last_wal_replay_lsn()), 1) > 0");
    while stack.psql(Service::PostgresReplica, &behind).await? != "f" {
        if began.elapsed() > CATCH_UP_LIMIT {
            bail!("the replica has not caught up after {} s", CATCH_UP_LIMIT.as_secs());
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok(began.elapsed())
}

/// Delays the replica's replay of each commit by `delay`; `None` removes the delay.
pub(crate) async fn delay_replica(stack: &Stack, delay: Option<Duration>) -> Result<()> {
    let setting = match delay {
        Some(delay) => format!("ALTER SYSTEM SET recovery_min_apply_delay = '{}ms'", delay.as_millis()),
        None => "ALTER SYSTEM RESET recovery_min_apply_delay".to_owned(),
    };
    // Two calls: psql runs one call as one transaction, and `ALTER SYSTEM` must not run in one.
    stack.psql(Service::PostgresReplica, &setting).await?;
    stack.psql(Service::PostgresReplica, "SELECT pg_reload_conf()").await.map(drop)
}
