//! Liveness and readiness: the server's phase and the state of its dependencies.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use utoipa::ToSchema;

use super::targets;

/// How long a dependency may take to respond to a check.
const PATIENCE: Duration = Duration::from_secs(2);

/// An external system that the server uses, such as the database.
#[async_trait]
pub trait Dependency: Send + Sync {
    /// The name in the health report.
    fn name(&self) -> &'static str;

    /// Whether the dependency responds. Reasons belong in the log; the report is public.
    async fn is_up(&self) -> bool;

    /// Whether the server can serve nothing without it. Called after [`is_up`](Self::is_up) of all dependencies,
    /// because the result may depend on the others: the primary is required unless a replica can serve reads.
    fn is_required(&self) -> bool {
        true
    }
}

/// The server's phase and its dependencies.
pub struct Health {
    phase: AtomicU8,
    /// The status that was last reported.
    told: Mutex<&'static str>,
    dependencies: Vec<Arc<dyn Dependency>>,
}

const STARTING: u8 = 0;
const SERVING: u8 = 1;
const STOPPING: u8 = 2;

impl Health {
    /// A server that is starting.
    pub fn new(dependencies: Vec<Arc<dyn Dependency>>) -> Self {
        Self { phase: AtomicU8::new(STARTING), told: Mutex::new("ready"), dependencies }
    }

    /// Marks the server as ready for requests.
    pub fn serving(&self) {
        self.phase.store(SERVING, Ordering::Relaxed);
    }

    /// Marks the server as stopping: load balancers and clients must go to another instance.
    pub fn stopping(&self) {
        self.phase.store(STOPPING, Ordering::Relaxed);
    }

    /// Whether the server is stopping.
    pub(crate) fn is_stopping(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == STOPPING
    }

    /// Checks all dependencies concurrently.
    pub async fn report(&self) -> HealthReport {
        let checks = self
            .dependencies
            .iter()
            .map(|dependency| async { tokio::time::timeout(PATIENCE, dependency.is_up()).await.unwrap_or(false) });
        let up = futures_util::future::join_all(checks).await;
        let lost = || self.dependencies.iter().zip(&up).filter(|(_, up)| !**up).map(|(dependency, _)| dependency);
        let status = match self.phase.load(Ordering::Relaxed) {
            STARTING => "starting",
            STOPPING => "stopping",
            _ if lost().any(|dependency| dependency.is_required()) => "unavailable",
            _ if lost().next().is_some() => "degraded",
            _ => "ready",
        };
        self.tell(status, &lost().map(|dependency| dependency.name()).collect::<Vec<_>>());
        let report = |(dependency, up): (&Arc<dyn Dependency>, &bool)| DependencyReport {
            name: dependency.name(),
            status: if *up { "up" } else { "down" },
        };
        HealthReport { status, dependencies: self.dependencies.iter().zip(&up).map(report).collect() }
    }

    /// Logs the status when it changes. Load balancers ask every few seconds.
    fn tell(&self, status: &'static str, lost: &[&str]) {
        match (self.changes_from(status), status) {
            (None, _) => {}
            (Some(before), "unavailable" | "degraded") => {
                tracing::warn!(target: targets::HEALTH, status, before, lost = lost.join(","), "health changed");
            }
            (Some(before), _) => tracing::info!(target: targets::HEALTH, status, before, "health changed"),
        }
    }

    /// The status that was reported last, if it differs from `status`.
    fn changes_from(&self, status: &'static str) -> Option<&'static str> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *told, status);
        (before != status).then_some(before)
    }
}

/// Readiness of this instance.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthReport {
    /// `ready`, `degraded` (serves without an optional dependency), `unavailable`, `starting` or `stopping`. With the
    /// first two the response is 200, else 503.
    #[schema(examples("ready"))]
    pub status: &'static str,
    /// Every dependency that is configured, with its state.
    dependencies: Vec<DependencyReport>,
}

/// State of one dependency.
#[derive(Serialize, ToSchema)]
#[schema(as = Dependency)]
pub struct DependencyReport {
    /// Name of the dependency: `database`, `replicas` or `redis`.
    #[schema(examples("database"))]
    name: &'static str,
    /// `up` or `down`.
    #[schema(examples("up"))]
    status: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fake {
        up: bool,
        required: bool,
    }

    #[async_trait]
    impl Dependency for Fake {
        fn name(&self) -> &'static str {
            "fake"
        }

        async fn is_up(&self) -> bool {
            self.up
        }

        fn is_required(&self) -> bool {
            self.required
        }
    }

    async fn status(dependencies: &[(bool, bool)], phase: impl FnOnce(&Health)) -> &'static str {
        let fake = |&(up, required): &(bool, bool)| Arc::new(Fake { up, required }) as Arc<dyn Dependency>;
        let health = Health::new(dependencies.iter().map(fake).collect());
        phase(&health);
        health.report().await.status
    }

    #[actix_web::test]
    async fn a_lost_required_dependency_makes_the_server_unavailable() {
        assert_eq!(status(&[(true, true), (true, false)], Health::serving).await, "ready");
        assert_eq!(status(&[(true, true), (false, false)], Health::serving).await, "degraded");
        assert_eq!(status(&[(false, true), (true, false)], Health::serving).await, "unavailable");
        assert_eq!(status(&[(false, true), (false, false)], Health::serving).await, "unavailable");
    }

    #[test]
    fn only_changes_of_the_status_are_logged() {
        let health = Health::new(Vec::new());
        let told = ["ready", "ready", "degraded", "degraded", "ready"].map(|status| health.changes_from(status));
        assert_eq!(told, [None, None, Some("ready"), None, Some("degraded")]);
    }

    #[actix_web::test]
    async fn a_server_that_starts_or_stops_is_not_ready() {
        assert_eq!(status(&[(true, true)], |_| {}).await, "starting");
        assert_eq!(status(&[(true, true)], Health::stopping).await, "stopping");
    }
}
