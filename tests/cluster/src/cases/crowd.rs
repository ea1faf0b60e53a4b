//! Hundreds of users sign up at the same moment.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::join_all;
use serde_json::json;
use tokio::time::sleep;

use crate::cluster::Cluster;
use crate::figures::{Spread, milliseconds};
use crate::http::{Call, PASSWORD};
use crate::verdict::Verdict;

/// Concurrent sign-ups that must all be accepted at once.
const CROWD: usize = 100;

/// Concurrent sign-ups that may get 503 and retry.
const MORE: usize = 500;

/// Time in which all of [`MORE`] should have an account. The case fails at three times that, because machines differ.
const GOAL: Duration = Duration::from_secs(15);
const PAST_EXCUSE: u32 = 3;

/// Interval of the reads of another client.
const READS_EVERY: Duration = Duration::from_millis(20);

/// Factor by which the p99 of those reads may grow.
const SLOWER: u32 = 3;

/// The result of one sign-up.
struct SignUp {
    /// The final status, and the number of rejections before it.
    status: u16,
    refusals: usize,
    /// Time since all sign-ups began.
    after: Duration,
}

/// Sends a hundred, and then five hundred, concurrent sign-ups through Nginx, while another client reads.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let quiet = reads(cluster, sleep(Duration::from_secs(3))).await?.1;

    let (crowd, _) = reads(cluster, sign_up(cluster, CROWD)).await?;
    let outside = crowd.iter().filter(|one| one.status != 201).count();
    verdict.check(outside == 0, || format!("{outside} of {CROWD} never got an account"));
    let refused = crowd.iter().filter(|one| one.refusals > 0).count();
    verdict.figure(format!("{CROWD} sign up at once: {refused} refused, all in after {}", slowest(&crowd)));
    verdict.check_time(refused == 0, || format!("{refused} of {CROWD} who signed up at once were refused"));

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
    verdict.check(outside == 0, || format!("{outside} of {MORE} never got an account"));
    verdict.check_time(took.is_some_and(|took| took <= GOAL * PAST_EXCUSE), || "the sign-ups took too long".to_owned());
    verdict.check_time(busy.p99 <= (quiet.p99 * SLOWER * PAST_EXCUSE).max(Duration::from_millis(250)), || {
        format!("reads of others took {} at their p99", milliseconds(busy.p99))
    });
    Ok(verdict)
}

fn slowest(crowd: &[SignUp]) -> String {
    let last = crowd.iter().map(|one| one.after).max().unwrap_or_default();
    format!("{:.1} s", last.as_secs_f64())
}

/// Sends `count` concurrent sign-ups, which retry after `Retry-After`.
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

/// Reads the public feed repeatedly until `work` is done. Every read must succeed.
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
