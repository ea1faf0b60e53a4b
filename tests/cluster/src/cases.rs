//! The cases of the cluster test.

mod coherence;
mod crowd;
mod faults;
mod guide;
mod hostile;
mod idempotency;
mod instances;
mod limits;
mod log;
mod overload;
mod own_writes;
mod rolling_restart;
mod sessions;

use anyhow::Result;

use super::cluster::Cluster;
use super::stack::Service;
use super::verdict::Verdict;

/// A named case. Cases run in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Case {
    Instances,
    Sessions,
    Idempotency,
    OwnWrites,
    Coherence,
    LostInstance,
    LostRedis,
    LostReplica,
    LostPrimary,
    Log,
    RollingRestart,
    GuideRollingRestart,
    GuideAnotherInstance,
    GuideReplicaAnew,
    GuideRestore,
    GuideFailOver,
    Crowd,
    Hostile,
    Overload,
    // Last: it recreates the instances, which then start with empty caches.
    Limits,
}

impl Case {
    /// The name that `--case` takes.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Instances => "instances",
            Self::Sessions => "sessions",
            Self::Idempotency => "idempotency",
            Self::OwnWrites => "own-writes",
            Self::Coherence => "coherence",
            Self::LostInstance => "lost-instance",
            Self::LostRedis => "lost-redis",
            Self::LostReplica => "lost-replica",
            Self::LostPrimary => "lost-primary",
            Self::Log => "log",
            Self::RollingRestart => "rolling-restart",
            Self::GuideRollingRestart => "guide-rolling-restart",
            Self::GuideAnotherInstance => "guide-another-instance",
            Self::GuideReplicaAnew => "guide-replica-anew",
            Self::GuideRestore => "guide-restore",
            Self::GuideFailOver => "guide-fail-over",
            Self::Crowd => "crowd",
            Self::Hostile => "hostile",
            Self::Overload => "overload",
            Self::Limits => "limits",
        }
    }

    /// The property that the case checks.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Instances => "both instances serve through Nginx",
            Self::Sessions => "a session of one instance is valid on the other",
            Self::Idempotency => "the same idempotency key through both instances at once gives one post",
            Self::OwnWrites => "with 5 s of replica lag, writers read their writes at once and others within 100 ms",
            Self::Coherence => "a change through one instance is seen through the other within 100 ms",
            Self::LostInstance => "kill -9 of an instance: no repeatable request fails, nothing is lost",
            Self::LostRedis => "kill -9 of Redis: no request fails, nothing is lost",
            Self::LostReplica => "kill -9 of the replica: no request fails, nothing is lost",
            Self::LostPrimary => {
                "kill -9 of the primary: reads go on, writes get 503 with Retry-After, nothing is lost"
            }
            Self::Log => "whatever is killed, the log of events has every committed write exactly once",
            Self::RollingRestart => "a rolling restart under load: no request fails, nothing is lost",
            Self::GuideRollingRestart => {
                "the guide's rolling restart: no request fails, and a bad variable takes down one instance only"
            }
            Self::GuideAnotherInstance => "the guide's third instance is added and removed: no request fails",
            Self::GuideReplicaAnew => "the guide's replica rebuild: no request fails",
            Self::GuideRestore => "the guide's backup and restore bring back the data",
            Self::GuideFailOver => "the guide's fail-over keeps everything that was replicated",
            Self::Crowd => "hundreds of concurrent sign-ups succeed, and others read meanwhile",
            Self::Hostile => "a flood from one address, then from four: no other client is rejected",
            Self::Overload => "under overload throughput holds, waits stay within their limit, the rest is rejected",
            Self::Limits => "rate limits count across both instances",
        }
    }

    /// Runs the case, after switching the rate limits on or off for it.
    pub(crate) async fn run(self, cluster: &Cluster<'_>) -> Result<Verdict> {
        cluster.stack.set_rate_limit(self == Self::Limits).await?;
        match self {
            Self::Instances => instances::run(cluster).await,
            Self::Sessions => sessions::run(cluster).await,
            Self::Idempotency => idempotency::run(cluster).await,
            Self::OwnWrites => own_writes::run(cluster).await,
            Self::Coherence => coherence::run(cluster).await,
            Self::LostInstance => faults::run(cluster, Service::App1).await,
            Self::LostRedis => faults::run(cluster, Service::Redis).await,
            Self::LostReplica => faults::run(cluster, Service::PostgresReplica).await,
            Self::LostPrimary => faults::run(cluster, Service::PostgresPrimary).await,
            Self::Log => log::run(cluster).await,
            Self::RollingRestart => rolling_restart::run(cluster).await,
            Self::GuideRollingRestart => guide::rolling_restart::run(cluster).await,
            Self::GuideAnotherInstance => guide::another_instance::run(cluster).await,
            Self::GuideReplicaAnew => guide::replica_anew::run(cluster).await,
            Self::GuideRestore => guide::restore::run(cluster).await,
            Self::GuideFailOver => guide::fail_over::run(cluster).await,
            Self::Crowd => crowd::run(cluster).await,
            Self::Hostile => hostile::run(cluster).await,
            Self::Overload => overload::run(cluster).await,
            Self::Limits => limits::run(cluster).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::Case;

    #[test]
    fn names_match_the_values_of_the_option() {
        for case in Case::value_variants() {
            assert_eq!(case.to_possible_value().unwrap().get_name(), case.name());
        }
    }
}
