//! Both instances serve requests.

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;

use crate::cluster::Cluster;
use crate::http::Call;
use crate::metrics::{Metrics, reads_by_role};
use crate::verdict::Verdict;

/// Concurrent requests of a round.
const AT_ONCE: usize = 8;
const ROUNDS: usize = 10;

/// Counts which instance answered requests through the gateway, and which database it read from.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let start = cluster.metrics().await?;
    let before = served(&start)?;
    let call = Call::get("/v1/users?limit=1");
    for _ in 0..ROUNDS {
        try_join_all((0..AT_ONCE).map(|_| cluster.gateway.succeed(&call))).await?;
    }
    let end = cluster.metrics().await?;
    let after = served(&end)?;
    let served = [after[0] - before[0], after[1] - before[1]];
    let mut verdict = Verdict::default();
    let asked = AT_ONCE * ROUNDS;
    verdict.figure(format!("of {asked} requests through Nginx app1 served {}, app2 {}", served[0], served[1]));
    verdict.check(served.iter().all(|&served| served > 0.0), || "one of them served nothing".to_owned());
    let total = served[0] + served[1];
    verdict.check(total.to_string() == asked.to_string(), || format!("{asked} were asked, {total} served"));
    // Nothing is written here, so the replica has all data.
    let [(_, primary), (_, replica)] = reads_by_role(&start, &end);
    verdict.figure(format!("reads of the database: {replica} by the replica, {primary} by the primary"));
    verdict.check(replica > 0.0, || "the replica served nothing".to_owned());
    Ok(verdict)
}

/// Number of user lists that each instance answered. Without one, the series is missing and counts as zero.
fn served(metrics: &[Metrics; 2]) -> Result<[f64; 2]> {
    let name = "http_request_duration_seconds_count";
    for metrics in metrics {
        metrics.sum("build_info", &[]).context("an instance publishes no metrics")?;
    }
    Ok([0, 1].map(|at| metrics[at].sum(name, &[("route", "/v1/users"), ("method", "GET")]).unwrap_or_default()))
}
