//! Everything is killed in turn under write load. The log of events must have every committed write exactly once.
//!
//! - [`disturb`] kills the instances, Redis and the primary, and measures how soon waiting rows got their positions.
//! - [`hot`] adds likes of a few posts to the usual load.
//! - [`facts`] reads what the log and the tables have, from the primary.
//! - [`compare`] compares the two with each other, and with what was acknowledged.
//!
//! Whether requests succeed and reads are fresh meanwhile is checked by the cases that kill one part only.

mod compare;
mod disturb;
mod facts;
mod hot;

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures_util::future::try_join_all;
use tokio::time::sleep;

use crate::cluster::Cluster;
use crate::figures::milliseconds;
use crate::http::{Call, User};
use crate::load::{Load, Manner, Outcome, Sample};
use crate::sql;
use crate::stack::Stack;
use crate::verdict::Verdict;
use compare::Sent;
use facts::{Fact, Tables};
use hot::Likers;

/// Time in which a waiting row should get its position. The case fails at three times that, because machines differ.
const GOAL: Duration = Duration::from_secs(2);
const PAST_EXCUSE: u32 = 3;

/// A row that waits longer than this is lost. Removals are resumed every 10 s, and must be over by then too.
const LIMIT: Duration = Duration::from_secs(30);

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// With fewer facts of any kind than this, the case proves little.
const ENOUGH: usize = 5;

/// Rows that wait for their positions.
const WAITING: &str = "SELECT count(*) FROM outbox";

/// What happened, and how long after it nothing older waited any more. The time includes that of the queries.
struct Delay {
    after: String,
    took: Duration,
}

/// Disturbs everything under load, stops the load, and compares the log with the tables.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let (mut verdict, stack) = (Verdict::default(), cluster.stack);
    let users = nobody_follows(cluster).await?;
    none_left(stack, WAITING, Instant::now()).await?;
    let baseline = sql::number(stack, "SELECT coalesce(max(position), 0) FROM events").await?;

    let likers = Likers::start(cluster, &users).await?;
    let load = Load::start(cluster, "log", Manner::Persistent).await?;
    let mut delays = disturb::all(stack).await?;
    let (period, liked) = (load.stop().await?, likers.stop().await?);
    let took = none_left(stack, WAITING, Instant::now()).await?;
    delays.push(Delay { after: "the load".to_owned(), took });
    judge(&delays, &mut verdict);
    period.judge(&mut verdict, is_excused);

    // An instance that was killed leaves removals to the others. Their rows count as stored until then.
    none_left(stack, "SELECT count(*) FROM removals", Instant::now()).await?;
    none_left(stack, WAITING, Instant::now()).await?;
    facts::gaps(stack).await?.iter().for_each(|gap| verdict.wrong(gap));
    let facts = facts::after(stack, baseline).await?;
    let tables = Tables::read(stack, &[&period.name, &liked.name], &users).await?;
    summarise(&facts, &tables, &mut verdict);
    let sent = Sent::of(&period, liked);
    verdict.figure(format!("{} changes of likes and follows acknowledged", sent.changes()));
    for difference in compare::differences(&facts, &tables, &sent) {
        verdict.wrong(difference);
    }
    period.audit_rows(cluster, &mut verdict).await?;
    Ok(verdict)
}

/// Ends all follows of the users of the load, and returns these users. A follow then begins with `followed`.
async fn nobody_follows(cluster: &Cluster<'_>) -> Result<Vec<User>> {
    let users = cluster.crowd().await?;
    let follows = sql::pairs(cluster.stack, "follower_id, followee_id", "follows").await?;
    try_join_all(users.iter().map(async |user| {
        for (_, followee) in follows.iter().filter(|(follower, _)| *follower == user.id) {
            cluster.gateway.succeed(&Call::delete(format!("/v1/users/{followee}/follow")).by(user)).await?;
        }
        anyhow::Ok(())
    }))
    .await?;
    Ok(users)
}

/// Waits until the primary counts none, and returns the time since `since`.
async fn none_left(stack: &Stack, count: &str, since: Instant) -> Result<Duration> {
    let began = Instant::now();
    loop {
        let left = sql::number(stack, count).await?;
        if left == 0 {
            return Ok(since.elapsed());
        }
        if began.elapsed() > LIMIT {
            bail!("`{count}` is still {left} after {} s", LIMIT.as_secs());
        }
        sleep(PAUSE).await;
    }
}

fn judge(delays: &[Delay], verdict: &mut Verdict) {
    let shown: Vec<_> = delays.iter().map(|Delay { after, took }| format!("{after} {}", milliseconds(*took))).collect();
    verdict.figure(format!("nothing older waited (goal {} s) after {}", GOAL.as_secs(), shown.join(", ")));
    for Delay { after, took } in delays {
        verdict.check_time(*took <= GOAL * PAST_EXCUSE, || {
            format!("after {after}, rows waited {} for their positions", milliseconds(*took))
        });
    }
}

/// Any request may be rejected, broken off or stale here. No other failure is excused.
fn is_excused(sample: &Sample) -> bool {
    match &sample.outcome {
        Outcome::Unavailable { retry_after } => *retry_after,
        Outcome::Lost(_) | Outcome::Stale(_) | Outcome::Status(502 | 504) => true,
        Outcome::Good | Outcome::Status(_) | Outcome::Missing => false,
    }
}

fn summarise(facts: &[Fact], tables: &Tables, verdict: &mut Verdict) {
    let entries = facts.iter().map(|fact| fact.position).collect::<HashSet<_>>().len();
    let mut counts: BTreeMap<&str, usize> = compare::NAMES.into_iter().map(|name| (name, 0)).collect();
    for fact in facts {
        if let Some(count) = counts.get_mut(fact.name.as_str()) {
            *count += 1;
        }
    }
    let shown: Vec<_> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    verdict.figure(format!("{entries} entries: {}", shown.join(", ")));
    let Tables { posts, comments, likes, follows } = tables;
    verdict.figure(format!(
        "stored: {} posts, {} comments, {} likes, {} follows",
        posts.len(),
        comments.len(),
        likes.len(),
        follows.len()
    ));
    for (name, count) in counts {
        verdict.check_time(count >= ENOUGH, || format!("only {count} {name}: this proves little"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Kind;

    #[test]
    fn outages_excuse_no_wrong_answer() {
        let excused = |outcome| {
            let (sent, took) = (Instant::now(), PAUSE);
            is_excused(&Sample { call: String::new(), kind: Kind::Once, sent, took, outcome })
        };
        assert!(excused(Outcome::Unavailable { retry_after: true }) && excused(Outcome::Status(502)));
        assert!(!excused(Outcome::Unavailable { retry_after: false }) && !excused(Outcome::Missing));
        assert!(!excused(Outcome::Status(500)) && !excused(Outcome::Status(404)));
    }

    #[test]
    fn fails_past_three_times_the_goal_by_time_alone() {
        let judged = |took| {
            let mut verdict = Verdict::default();
            judge(&[Delay { after: "FLUSHALL".to_owned(), took }], &mut verdict);
            verdict
        };
        assert!(judged(GOAL * PAST_EXCUSE).passed());
        let late = judged(GOAL * PAST_EXCUSE + PAUSE);
        assert!(late.failed_by_time_alone() && late.wrongs()[0].contains("after FLUSHALL"));
    }
}
