//! Addresses that flood the gateway must not affect other clients.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::try_join;
use serde_json::json;
use tokio::time::sleep;

use crate::cluster::Cluster;
use crate::figures::Spread;
use crate::http::{Api, Call, PASSWORD};
use crate::metrics::Metrics;
use crate::stack::Flood;
use crate::verdict::Verdict;

/// Log-ins, and reads that no cache has, of another client.
const OTHERS: usize = 15;

/// A flood with fewer requests than this proves nothing.
const ENOUGH: f64 = 100.0;

/// Time limit for a flood to reach [`ENOUGH`] requests.
const PATIENCE: Duration = Duration::from_secs(20);

/// One address floods both instances through Nginx, then four do. Each sends wrong passwords and reads that no cache
/// has, on 24 connections for either. No other client is rejected.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let victim = cluster.somebody(&cluster.a).await?;
    let post = cluster.a.succeed(&Call::publish("read by many").by(&victim)).await?.text("/id").to_owned();
    for addresses in [1, 4] {
        let before = asked(&cluster.metrics().await?);
        let floods = floods(cluster, addresses, &victim.username, &post, before).await?;
        let others = others(cluster, &victim.username, &post).await;
        for flood in floods {
            flood.end().await?;
        }
        let asked = asked(&cluster.metrics().await?) - before;
        let (log_ins, reads) = others?;
        verdict.figure(format!(
            "{addresses} hostile: {asked:.0} wrong passwords; others' log-ins {log_ins}; their reads {reads}"
        ));
        verdict.check_time(asked >= ENOUGH, || format!("only {asked:.0} wrong passwords came: this was no flood"));
    }
    Ok(verdict)
}

async fn floods(
    cluster: &Cluster<'_>,
    addresses: usize,
    username: &str,
    post: &str,
    before: f64,
) -> Result<Vec<Flood>> {
    let guess = json!({ "username": username, "password": "not the right one" }).to_string();
    let mut floods = Vec::new();
    for _ in 0..addresses {
        floods.push(cluster.stack.flood(&guess, &format!("/v1/posts/{post}/comments")).await?);
    }
    // Until they take effect. How many requests they sent in all is judged at the end.
    let deadline = Instant::now() + PATIENCE;
    while asked(&cluster.metrics().await?) < before + ENOUGH && Instant::now() < deadline {
        sleep(Duration::from_millis(100)).await;
    }
    Ok(floods)
}

/// Another client logs in and reads. A rejection is an error.
async fn others(cluster: &Cluster<'_>, username: &str, post: &str) -> Result<(Spread, Spread)> {
    let log_in = Call::post("/v1/sessions", json!({ "username": username, "password": PASSWORD }));
    let read = Call::get(format!("/v1/posts/{post}/comments"));
    try_join(again_and_again(&cluster.gateway, &log_in), again_and_again(&cluster.gateway, &read)).await
}

async fn again_and_again(api: &Api, call: &Call) -> Result<Spread> {
    let mut took = Vec::with_capacity(OTHERS);
    for _ in 0..OTHERS {
        let reply = api.succeed(call).await?;
        took.push(reply.received - reply.sent);
    }
    Ok(took.into_iter().collect())
}

/// Number of log-ins that both instances answered.
fn asked(metrics: &[Metrics; 2]) -> f64 {
    let of = |metrics: &Metrics| metrics.sum("http_request_duration_seconds_count", &[("route", "/v1/sessions")]);
    metrics.iter().filter_map(of).sum()
}
