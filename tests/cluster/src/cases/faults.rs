//! A service is killed under load and started again.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::sleep;

use crate::cluster::Cluster;
use crate::figures::milliseconds;
use crate::load::{Kind, Load, Manner, Outcome, Period, Sample};
use crate::stack::Service;
use crate::verdict::Verdict;

/// Duration of the load before the fault, during it, and after all services are healthy again.
const BEFORE: Duration = Duration::from_secs(3);
const DURING: Duration = Duration::from_secs(4);
const AFTER: Duration = Duration::from_secs(7);

/// Time after the service is healthy in which others may still detect that. It is well below [`AFTER`], so that
/// enough requests follow.
const GRACE: Duration = Duration::from_secs(3);

/// Time after an instance was killed in which the gateway may still forward requests to it.
const UNNOTICED: Duration = Duration::from_secs(1);

/// With fewer requests than this, during the outage or after it, the case proves nothing.
const ENOUGH: usize = 50;

/// The times of the outage.
struct Outage {
    service: Service,
    began: Instant,
    /// The engine reported that the container is dead.
    killed: Instant,
    /// The container was started again, but was not necessarily ready.
    ended: Instant,
    healthy: Instant,
}

/// Kills a service with SIGKILL under load and starts it again.
pub(super) async fn run(cluster: &Cluster<'_>, service: Service) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let load = Load::start(cluster, &format!("lost-{}", service.name()), Manner::Persistent).await?;
    sleep(BEFORE).await;
    let began = Instant::now();
    cluster.stack.kill(service).await?;
    let killed = Instant::now();
    sleep(DURING).await;
    let ended = Instant::now();
    cluster.stack.start(service).await?;
    let healthy = cluster.stack.healthy(service).await?;
    let outage = Outage { service, began, killed, ended, healthy: Instant::now() };
    sleep(AFTER).await;
    let period = load.stop().await?;

    verdict.figure(format!(
        "gone for {}, healthy {} after its start",
        milliseconds(ended - began),
        milliseconds(healthy)
    ));
    judge(&period, &outage, &mut verdict);
    period.audit(cluster, &mut verdict).await?;
    Ok(verdict)
}

fn judge(period: &Period, outage: &Outage, verdict: &mut Verdict) {
    period.judge(verdict, |sample| outage.allows(sample));
    let (reads, writes) = period.good_between(outage.began, outage.ended);
    verdict.figure(format!("while it was gone: {reads} reads and {writes} writes answered well"));
    verdict.check(reads > 0, || "no read was answered while it was gone".to_owned());
    verdict.check_time(reads >= ENOUGH, || format!("only {reads} reads were answered while it was gone"));
    match period.first_write_after(outage.ended) {
        Some(recovery) => verdict.figure(format!(
            "writes again {} after its start; longest time without a write {}",
            milliseconds(recovery),
            milliseconds(period.longest_silence())
        )),
        None => verdict.wrong("no write was acknowledged after it came back"),
    }
    verdict.check(writes > 0 || outage.service == Service::PostgresPrimary, || {
        "no write was acknowledged while it was gone".to_owned()
    });
    let (reads, writes) = period.good_after(outage.healthy + GRACE);
    verdict.figure(format!("when all was over: {reads} reads and {writes} writes answered well"));
    verdict.check(reads > 0 && writes > 0, || format!("{reads} reads and {writes} writes when all was over"));
    verdict.check_time(reads >= ENOUGH && writes >= ENOUGH, || {
        format!("only {reads} reads and {writes} writes were answered when all was over: this proves nothing")
    });
    let in_doubt = period.ledger.in_doubt();
    verdict.check(in_doubt == 0, || format!("{in_doubt} things were sent again and again and never acknowledged"));
}

impl Outage {
    /// Whether the outage excuses a failed request.
    fn allows(&self, sample: &Sample) -> bool {
        let ended = sample.ended();
        if ended < self.began || ended > self.healthy + GRACE {
            return false;
        }
        match (self.service, &sample.outcome) {
            // The outcome of a request in flight that may not be repeated is unknown.
            (Service::App1 | Service::App2, Outcome::Lost(_) | Outcome::Status(502)) => {
                sample.kind == Kind::Once && sample.sent <= self.killed + UNNOTICED
            }
            // Only the primary takes writes. A write that did not reach the replica before the primary died is
            // invisible to its author until the primary is back. No other client has learnt of it yet.
            (Service::PostgresPrimary, Outcome::Unavailable { retry_after: true }) => sample.writes(),
            (Service::PostgresPrimary, Outcome::Stale(_)) => ended <= self.ended + GRACE,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Outcome = Outcome::Unavailable { retry_after: true };

    fn allows(service: Service, kind: Kind, outcome: Outcome, seconds: u64) -> bool {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let outage = Outage { service, began: at(10), killed: at(11), ended: at(18), healthy: at(20) };
        let took = Duration::from_millis(5);
        outage.allows(&Sample { call: String::new(), kind, sent: at(seconds), took, outcome })
    }

    #[test]
    fn without_the_primary_only_writes_may_be_rejected() {
        let primary = |kind, outcome| allows(Service::PostgresPrimary, kind, outcome, 15);
        assert!(primary(Kind::Once, REFUSED) && primary(Kind::Repeatable, REFUSED));
        assert!(!primary(Kind::Read, REFUSED));
        assert!(!primary(Kind::Once, Outcome::Unavailable { retry_after: false }));
        assert!(!primary(Kind::Once, Outcome::Status(500)));
    }

    #[test]
    fn only_during_the_outage() {
        let primary = |seconds| allows(Service::PostgresPrimary, Kind::Once, REFUSED, seconds);
        assert!(!primary(5) && primary(10) && primary(22) && !primary(23) && !primary(31));
    }

    #[test]
    fn without_an_instance_only_unrepeatable_writes_may_fail() {
        let lost = || Outcome::Lost("reset".to_owned());
        let instance = |kind, outcome, seconds| allows(Service::App1, kind, outcome, seconds);
        assert!(instance(Kind::Once, lost(), 11) && instance(Kind::Once, Outcome::Status(502), 12));
        assert!(!instance(Kind::Repeatable, lost(), 11) && !instance(Kind::Read, lost(), 11));
        assert!(!instance(Kind::Read, Outcome::Stale(String::new()), 11));
    }

    #[test]
    fn the_gateway_must_soon_avoid_a_dead_instance() {
        let instance = |outcome, seconds| allows(Service::App1, Kind::Once, outcome, seconds);
        assert!(!instance(Outcome::Lost("reset".to_owned()), 13) && !instance(Outcome::Status(502), 19));
    }

    #[test]
    fn without_the_primary_own_writes_may_be_invisible_until_it_is_back() {
        let stale = |seconds| allows(Service::PostgresPrimary, Kind::Read, Outcome::Stale(String::new()), seconds);
        assert!(!stale(5) && stale(11) && stale(20) && !stale(22));
    }

    #[test]
    fn without_redis_or_a_replica_nothing_fails() {
        for service in [Service::Redis, Service::PostgresReplica] {
            for kind in [Kind::Read, Kind::Repeatable, Kind::Once] {
                assert!(!allows(service, kind, REFUSED, 15) && !allows(service, kind, Outcome::Status(502), 15));
            }
        }
    }

    #[test]
    fn shared_posts_are_never_missing() {
        assert!(Service::ALL.into_iter().all(|service| !allows(service, Kind::Read, Outcome::Missing, 12)));
    }
}
