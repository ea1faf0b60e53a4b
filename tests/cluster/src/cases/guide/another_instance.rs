//! A third instance is added and removed.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::time::sleep;

use super::{follow, replaced};
use crate::cluster::Cluster;
use crate::figures::milliseconds;
use crate::guide::Sequence;
use crate::load::{Load, Manner};
use crate::metrics::Metrics;
use crate::verdict::Verdict;

/// Nginx looks for instances every second, and reloads itself at most every five.
const NOTICED_WITHIN: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);

/// Duration of the load with the third instance, and after its removal.
const STEADY: Duration = Duration::from_secs(2);

/// List of the additional instances that Nginx found, in its container.
const LIST: &str = "/etc/nginx/conf.d/instances.list";

/// The third instance serves, no other container restarts, and no request fails when it is removed.
pub(in super::super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let before = cluster.stack.containers().await?;
    // A reload of Nginx closes idle connections, and a request just sent on one gets no response. The guide says so.
    let gateway = cluster.gateway.without_keep_alive()?;
    let load = Load::start_at(&gateway, cluster, "guide-third", Manner::OnceOnly).await?;

    follow(cluster, Sequence::AnotherInstance, &mut verdict).await?;
    let took = until(async || Ok(served(cluster).await? > 0.0)).await?;
    verdict.figure(format!("the third serves {} after it was healthy", milliseconds(took)));
    sleep(STEADY).await;
    verdict.figure(format!("it answered {} requests", served(cluster).await?));

    cluster.stack.plain_up(None).await?;
    until(async || Ok(cluster.stack.in_nginx(&["cat", LIST]).await?.is_empty())).await?;
    sleep(STEADY).await;
    let period = load.stop().await?;
    let restarted = replaced(&before, &cluster.stack.containers().await?);
    verdict.check(restarted.is_empty(), || format!("{restarted:?} were recreated"));
    period.judge(&mut verdict, |_| false);
    period.audit(cluster, &mut verdict).await?;
    Ok(verdict)
}

/// Number of requests that the third instance answered, without health checks.
async fn served(cluster: &Cluster<'_>) -> Result<f64> {
    let text = cluster.stack.in_nginx(&["curl", "--fail", "--silent", "http://app-more:9090/metrics"]).await?;
    let metrics = Metrics::parse(&text);
    let count =
        |labels: &[(&str, &str)]| metrics.sum("http_request_duration_seconds_count", labels).unwrap_or_default();
    Ok(count(&[]) - count(&[("route", "/health/ready")]))
}

/// Waits until a condition holds, and returns how long that took.
async fn until(is_so: impl AsyncFn() -> Result<bool>) -> Result<Duration> {
    let began = Instant::now();
    while !is_so().await? {
        ensure!(began.elapsed() < NOTICED_WITHIN, "Nginx did not notice within {} s", NOTICED_WITHIN.as_secs());
        sleep(PAUSE).await;
    }
    Ok(began.elapsed())
}
