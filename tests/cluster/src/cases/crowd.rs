//! A crowd that comes all at once.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::join_all;
use serde_json::json;
use tokio::time::sleep;

use crate::cluster::Cluster;
use crate::figures::{Spread, milliseconds};
use crate::http::{Call, PASSWORD};
use crate::verdict::Verdict;

/// People who sign up at the same moment and are all let in.
const CROWD: usize = 100;

/// People who may be told to come back.
const MORE: usize = 500;

/// Within which all of these are to be in; the machine's speed excuses three times that.
const GOAL: Duration = Duration::from_secs(15);
const PAST_EXCUSE: u32 = 3;

/// How often somebody reads meanwhile.
const READS_EVERY: Duration = Duration::from_millis(20);

/// How many times as long the reads of others are to take at their p99.
const SLOWER: u32 = 3;

/// What came of somebody who signed up.
struct SignUp {
    /// The answer at the end, and how often the request was refused before.
    status: u16,
    refusals: usize,
    /// Since the crowd came.
    after: Duration,
}

/// Has a hundred, and then five hundred, sign up at once through Nginx, while somebody else reads.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let quiet = reads(cluster, sleep(Duration::from_secs(3))).await?.1;

    let (crowd, _) = reads(cluster, sign_up(cluster, CROWD)).await?;
    let refused = crowd.iter().filter(|one| one.status != 201 || one.refusals > 0).count();
    verdict.figure(format!("{CROWD} sign up at once: {refused} refused, all in after {}", slowest(&crowd)));
    verdict.check(refused == 0, || format!("{refused} of {CROWD} who signed up at once were refused"));

    let (crowd, busy) = reads(cluster, sign_up(cluster, MORE)).await?;
    let (told, took) = (crowd.iter().map(|one| one.refusals).sum::<usize>(), crowd.iter().map(|one| one.after).max());
    let outside = crowd.iter().filter(|one| one.status != 201).count();
    verdict.figure(format!(
        "{MORE} at once: told {told} times to come back, all in after {} (goal {} s)",
        slowest(&crowd),
        GOAL.as_secs()
    ));
    verdict.figure(format!(
        "reads of others: p99 {}, before {} (goal {SLOWER} times)",
        milliseconds(busy.p99),
        milliseconds(quiet.p99)
    ));
    verdict.check(outside == 0, || format!("{outside} of {MORE} never got in"));
    verdict
        .check(took.is_some_and(|took| took <= GOAL * PAST_EXCUSE), || "the crowd took too long to get in".to_owned());
    verdict.check(busy.p99 <= (quiet.p99 * SLOWER * PAST_EXCUSE).max(Duration::from_millis(250)), || {
        format!("reads of others took {} at their p99", milliseconds(busy.p99))
    });
    Ok(verdict)
}

fn slowest(crowd: &[SignUp]) -> String {
    let last = crowd.iter().map(|one| one.after).max().unwrap_or_default();
    format!("{:.1} s", last.as_secs_f64())
}

/// So many people sign up at once, and come back when they are told to.
async fn sign_up(cluster: &Cluster<'_>, count: usize) -> Vec<SignUp> {
    let began = Instant::now();
    join_all((0..count).map(|_| one(cluster, began))).await
}

async fn one(cluster: &Cluster<'_>, began: Instant) -> SignUp {
    let call = Call::post("/v1/users", json!({ "username": cluster.fresh("crowd"), "password": PASSWORD }));
    let mut refusals = 0;
    loop {
        let reply = cluster.gateway.ask(&call).await;
        let (status, wait) = reply.map_or((0, None), |reply| (reply.status, reply.header("retry-after").parse().ok()));
        let may_come_back = status == 503 && began.elapsed() < GOAL * PAST_EXCUSE;
        match wait.filter(|_| may_come_back) {
            Some(seconds) => {
                refusals += 1;
                sleep(Duration::from_secs(seconds)).await;
            }
            None => return SignUp { status, refusals, after: began.elapsed() },
        }
    }
}

/// Reads the public feed again and again until `work` is done. No read may fail.
async fn reads<F: Future>(cluster: &Cluster<'_>, work: F) -> Result<(F::Output, Spread)> {
    let mut took = Vec::new();
    let reading = async {
        loop {
            let reply = cluster.gateway.succeed(&Call::get("/v1/posts?limit=20")).await?;
            took.push(reply.received - reply.sent);
            sleep(READS_EVERY).await;
        }
    };
    let done = tokio::select! {
        done = work => done,
        failed = reading => return failed,
    };
    Ok((done, took.into_iter().collect()))
}
