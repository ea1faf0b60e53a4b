//! What must hold.

mod coherence;
mod crowd;
mod faults;
mod guide;
mod hostile;
mod idempotency;
mod instances;
mod limits;
mod overload;
mod own_writes;
mod rolling_restart;
mod sessions;

use anyhow::Result;

use super::cluster::Cluster;
use super::stack::Service;
use super::verdict::Verdict;

/// A named case. They run in this order.
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
    RollingRestart,
    GuideRollingRestart,
    GuideAnotherInstance,
    GuideReplicaAnew,
    GuideRestore,
    GuideFailOver,
    Crowd,
    Hostile,
    Overload,
    // Last: it needs instances of its own, and they start with nothing in their caches.
    Limits,
}

impl Case {
    /// Its name, as `--case` takes it.
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

    /// What must hold.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Instances => "both instances serve through Nginx",
            Self::Sessions => "a log-in on one instance is good on the other",
            Self::Idempotency => "the same idempotency key through both instances at once gives one post",
            Self::OwnWrites => "own writes are read at once with 5 s of replica lag, others see them within 100 ms",
            Self::Coherence => "a change through one instance is seen through the other within 100 ms",
            Self::LostInstance => "kill -9 of an instance: no request that may be repeated fails, nothing is lost",
            Self::LostRedis => "kill -9 of Redis: no request fails, nothing is lost",
            Self::LostReplica => "kill -9 of the replica: no request fails, nothing is lost",
            Self::LostPrimary => {
                "kill -9 of the primary: reads go on, writes get 503 with Retry-After, nothing is lost"
            }
            Self::RollingRestart => "a rolling restart under load: no request fails, nothing is lost",
            Self::GuideRollingRestart => {
                "the guide's rolling restart: no request fails, and a bad variable takes down one instance only"
            }
            Self::GuideAnotherInstance => "the guide's third instance serves and goes again: no request fails",
            Self::GuideReplicaAnew => "the guide's way to a new replica: no request fails",
            Self::GuideRestore => "the guide's backup and restore bring back what was there",
            Self::GuideFailOver => "the guide's fail-over keeps all that the replica had",
            Self::Crowd => "a crowd that signs up at once is let in, and others read meanwhile",
            Self::Hostile => "one address that asks for all it can get, then four: nobody else is refused",
            Self::Overload => {
                "under overload as much is served as without, nobody waits longer than they may, the rest is refused"
            }
            Self::Limits => "rate limits count across both instances",
        }
    }

    /// Runs it.
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
    fn each_is_called_what_the_option_takes() {
        for case in Case::value_variants() {
            assert_eq!(case.to_possible_value().unwrap().get_name(), case.name());
        }
    }
}
