//! A session of one instance is valid on the other.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use crate::cluster::Cluster;
use crate::http::{Api, Call, Reply};
use crate::verdict::Verdict;

const ROUNDS: usize = 10;
/// Goal for how long a session that was ended on one instance may still read on the other.
const GOAL: Duration = Duration::from_secs(1);
/// The case fails at this multiple of the goal.
const PAST_EXCUSE: u32 = 3;

/// Logs in through one instance and continues through the other.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let mut longest = Duration::ZERO;
    for round in 0..ROUNDS {
        let (here, there) = cluster.pair(round);
        longest = longest.max(one_round(cluster, here, there, &mut verdict).await?);
    }
    verdict.check(longest < PAST_EXCUSE * GOAL, || "a session that has ended still reads".to_owned());
    verdict.figure(format!(
        "{ROUNDS} rounds of log-in, use, refresh, replay and log-out across both; reads end within {} ms (goal {} ms)",
        longest.as_millis(),
        GOAL.as_millis(),
    ));
    Ok(verdict)
}

/// Returns how long the ended session could still read.
async fn one_round(cluster: &Cluster<'_>, here: &Api, there: &Api, verdict: &mut Verdict) -> Result<Duration> {
    let mut expect = |what: &str, reply: &Reply, status: u16| {
        verdict.check(reply.status == status, || format!("{what} is answered {}, not {status}", reply.status));
    };
    let user = cluster.somebody(here).await?;
    let me = there.ask(&Call::get("/v1/users/me").by(&user)).await?;
    expect("the access token on the other instance", &me, 200);
    expect("a post on the other instance", &there.ask(&Call::publish("hello").by(&user)).await?, 201);

    let refreshed = there.ask(&refresh(&user.refresh_token)).await?;
    expect("a refresh on the other instance", &refreshed, 200);
    // The response to the first refresh may have been lost.
    expect("the same refresh again", &here.ask(&refresh(&user.refresh_token)).await?, 200);
    let again = here.ask(&refresh(refreshed.text("/refresh_token"))).await?;
    expect("the refresh of what the other instance gave", &again, 200);
    // A used token that returns after its successor was used ends the session, on any instance.
    expect("a used refresh token", &here.ask(&refresh(&user.refresh_token)).await?, 401);
    let last = there.ask(&refresh(again.text("/refresh_token"))).await?;
    expect("a refresh in a session that was ended on the other instance", &last, 401);

    let other = crate::http::User::log_in(there, &user.username).await?;
    expect("a log-out", &here.ask(&Call::delete("/v1/sessions/current").by(&other)).await?, 204);
    let after = there.ask(&refresh(&other.refresh_token)).await?;
    expect("a refresh after a log-out on the other instance", &after, 401);
    expect("a post after it", &there.ask(&Call::publish("too late").by(&other)).await?, 401);
    let ended = Instant::now();
    while there.ask(&Call::get("/v1/users/me").by(&other)).await?.status != 401 {
        if ended.elapsed() > PAST_EXCUSE * GOAL {
            break;
        }
    }
    Ok(ended.elapsed())
}

fn refresh(token: &str) -> Call {
    Call::post("/v1/sessions/refresh", json!({ "refresh_token": token }))
}
