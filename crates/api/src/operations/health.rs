//! Whether the server lives, and whether it can serve.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use async_trait::async_trait;
use serde::Serialize;
use utoipa::ToSchema;

/// How long a dependency may take to give a sign of life.
const PATIENCE: Duration = Duration::from_secs(2);

/// Something that the server cannot serve without.
#[async_trait]
pub trait Dependency: Send + Sync {
    /// Its name in the report.
    fn name(&self) -> &'static str;

    /// Whether it gives a sign of life. What is wrong belongs into the log, not to the public.
    async fn is_up(&self) -> bool;
}

/// What the server is doing, and what it depends on.
pub struct Health {
    phase: AtomicU8,
    dependencies: Vec<Arc<dyn Dependency>>,
}

const STARTING: u8 = 0;
const SERVING: u8 = 1;
const STOPPING: u8 = 2;

impl Health {
    /// A server that is starting.
    pub fn new(dependencies: Vec<Arc<dyn Dependency>>) -> Self {
        Self { phase: AtomicU8::new(STARTING), dependencies }
    }

    /// From now on requests are welcome.
    pub fn serving(&self) {
        self.phase.store(SERVING, Ordering::Relaxed);
    }

    /// From now on requests should go elsewhere.
    pub fn stopping(&self) {
        self.phase.store(STOPPING, Ordering::Relaxed);
    }

    async fn report(&self) -> HealthReport {
        let checks = self.dependencies.iter().map(|dependency| async {
            let up = tokio::time::timeout(PATIENCE, dependency.is_up()).await.unwrap_or(false);
            DependencyReport { name: dependency.name(), status: if up { "up" } else { "down" } }
        });
        let dependencies = futures_util::future::join_all(checks).await;
        let status = match self.phase.load(Ordering::Relaxed) {
            STARTING => "starting",
            STOPPING => "stopping",
            _ if dependencies.iter().all(|dependency| dependency.status == "up") => "ready",
            _ => "unavailable",
        };
        HealthReport { status, dependencies }
    }
}

/// Whether the server can serve.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthReport {
    /// `ready`, `starting`, `stopping` or `unavailable`.
    #[schema(examples("ready"))]
    status: &'static str,
    /// What the server cannot serve without.
    dependencies: Vec<DependencyReport>,
}

/// Whether a dependency gives a sign of life.
#[derive(Serialize, ToSchema)]
#[schema(as = Dependency)]
pub(crate) struct DependencyReport {
    #[schema(examples("database"))]
    name: &'static str,
    /// `up` or `down`.
    #[schema(examples("up"))]
    status: &'static str,
}

/// That the process lives.
#[derive(Serialize, ToSchema)]
#[schema(as = Liveness)]
pub(crate) struct LivenessReport {
    /// Always `live`.
    #[schema(examples("live"))]
    status: &'static str,
}

/// Whether the process lives
#[utoipa::path(
    tag = "operations",
    operation_id = "live",
    responses((status = 200, description = "It does.", body = LivenessReport)),
)]
#[get("/health/live")]
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(LivenessReport { status: "live" })
}

/// Whether the server can serve
#[utoipa::path(
    tag = "operations",
    operation_id = "ready",
    responses(
        (status = 200, description = "It can.", body = HealthReport),
        (status = 503, description = "Not now: it is starting or stopping, or a dependency is down.", body = HealthReport,
            headers(("Retry-After", description = "Seconds."))),
    ),
)]
#[get("/health/ready")]
pub(super) async fn ready(health: Data<Health>) -> HttpResponse {
    let report = health.report().await;
    let ready = report.status == "ready";
    let mut response = HttpResponse::build(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE });
    response.insert_header((CACHE_CONTROL, "no-store"));
    if !ready {
        response.insert_header((RETRY_AFTER, "1"));
    }
    response.json(report)
}
