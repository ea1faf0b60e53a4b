//! Stops and restarts one instance after the other.

use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use crate::cluster::Cluster;
use crate::figures::milliseconds;
use crate::load::{Load, Manner};
use crate::stack::Service;
use crate::verdict::Verdict;

/// Duration of the load before and after.
const STEADY: Duration = Duration::from_secs(2);

/// Pause between two instances. The gateway must have found the first one again; it avoids a failed one for 3 s.
const BETWEEN: Duration = Duration::from_secs(4);

/// Clients repeat no request, and none fails.
pub(super) async fn run(cluster: &Cluster<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let load = Load::start(cluster, "rolling", Manner::OnceOnly).await?;
    sleep(STEADY).await;
    for service in [Service::App1, Service::App2] {
        let code = cluster.stack.stop(service).await?;
        verdict.check(code == 0, || format!("{} ended with {code}", service.name()));
        cluster.stack.start(service).await?;
        let took = cluster.stack.healthy(service).await?;
        verdict.figure(format!("{} healthy after {}", service.name(), milliseconds(took)));
        sleep(BETWEEN).await;
    }
    sleep(STEADY).await;
    let period = load.stop().await?;
    period.judge(&mut verdict, |_| false);
    period.audit(cluster, &mut verdict).await?;
    Ok(verdict)
}
