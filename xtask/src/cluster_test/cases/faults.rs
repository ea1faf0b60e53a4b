//! A part is killed under load, and comes back.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::sleep;

use crate::cluster_test::cluster::Cluster;
use crate::cluster_test::figures::milliseconds;
use crate::cluster_test::load::{Kind, Load, Manner, Outcome, Period, Sample};
use crate::cluster_test::stack::Service;
use crate::cluster_test::verdict::Verdict;

/// Load before the fault, during it, and after all is healthy again.
const BEFORE: Duration = Duration::from_secs(3);
const DURING: Duration = Duration::from_secs(4);
const AFTER: Duration = Duration::from_secs(5);

/// For so long after a part is healthy again, others may still find out.
const GRACE: Duration = Duration::from_secs(10);

/// Fewer reads than this while it is gone are none to speak of.
const ENOUGH: usize = 50;

/// When the part was gone.
struct Outage {
    service: Service,
    began: Instant,
    /// The part was started again, and may have been anything but ready.
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
    sleep(DURING).await;
    let ended = Instant::now();
    cluster.stack.start(service).await?;
    let healthy = cluster.stack.healthy(service).await?;
    let outage = Outage { service, began, ended, healthy: Instant::now() };
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
    verdict.check(reads >= ENOUGH, || format!("only {reads} reads were answered while it was gone"));
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
    let in_doubt = period.ledger.in_doubt();
    verdict.check(in_doubt == 0, || format!("{in_doubt} things were sent again and again and never acknowledged"));
}

impl Outage {
    /// Whether a request that did not go well may be so.
    fn allows(&self, sample: &Sample) -> bool {
        if sample.ended() < self.began || sample.sent > self.healthy + GRACE {
            return false;
        }
        match (self.service, &sample.outcome) {
            // What was under way in the instance and may not be sent twice is not known to be done.
            (Service::App1 | Service::App2, Outcome::Lost(_) | Outcome::Status(502)) => sample.kind == Kind::Once,
            // Nobody else can take a write; and what did not reach the replica before the primary died cannot be read.
            (Service::PostgresPrimary, Outcome::Unavailable { retry_after: true }) => sample.writes(),
            (Service::PostgresPrimary, Outcome::Stale(_)) => sample.kind == Kind::Read,
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
        let outage = Outage { service, began: at(10), ended: at(18), healthy: at(20) };
        let took = Duration::from_millis(5);
        outage.allows(&Sample { call: String::new(), kind, sent: at(seconds), took, outcome })
    }

    #[test]
    fn without_the_primary_writes_may_be_refused_and_reads_may_not() {
        let primary = |kind, outcome| allows(Service::PostgresPrimary, kind, outcome, 15);
        assert!(primary(Kind::Once, REFUSED) && primary(Kind::Repeatable, REFUSED));
        assert!(!primary(Kind::Read, REFUSED));
        assert!(!primary(Kind::Once, Outcome::Unavailable { retry_after: false }));
        assert!(!primary(Kind::Once, Outcome::Status(500)));
    }

    #[test]
    fn only_in_its_time() {
        let primary = |seconds| allows(Service::PostgresPrimary, Kind::Once, REFUSED, seconds);
        assert!(!primary(5) && primary(10) && primary(25) && !primary(31));
    }

    #[test]
    fn without_an_instance_only_what_may_not_be_repeated_fails() {
        let lost = || Outcome::Lost("reset".to_owned());
        assert!(
            allows(Service::App1, Kind::Once, lost(), 15)
                && allows(Service::App1, Kind::Once, Outcome::Status(502), 15)
        );
        assert!(!allows(Service::App1, Kind::Repeatable, lost(), 15) && !allows(Service::App1, Kind::Read, lost(), 15));
        assert!(!allows(Service::App1, Kind::Once, Outcome::Stale(String::new()), 15));
    }

    #[test]
    fn without_redis_or_a_replica_nothing_fails() {
        for service in [Service::Redis, Service::PostgresReplica] {
            for kind in [Kind::Read, Kind::Repeatable, Kind::Once] {
                assert!(!allows(service, kind, REFUSED, 15) && !allows(service, kind, Outcome::Status(502), 15));
            }
        }
    }
}
