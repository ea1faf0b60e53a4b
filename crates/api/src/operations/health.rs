//! Liveness and readiness checks.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use http_kit::health::{Health, HealthReport};
use serde::Serialize;
use utoipa::ToSchema;

/// Liveness of the process.
#[derive(Serialize, ToSchema)]
#[schema(as = Liveness)]
pub(crate) struct LivenessReport {
    /// Always `live`.
    #[schema(examples("live"))]
    status: &'static str,
}

/// Check that the process is alive
///
/// Checks no dependency: neither the database nor Redis.
#[utoipa::path(
    tag = "operations",
    operation_id = "live",
    responses((status = 200, description = "The process is alive.", body = LivenessReport)),
)]
#[get("/health/live")]
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(LivenessReport { status: "live" })
}

/// Check that the instance can serve
///
/// Checks the database, its replicas and Redis. Meant for load balancers; gateways do not expose it.
#[utoipa::path(
    tag = "operations",
    operation_id = "ready",
    responses(
        (status = 200, description = "The instance can serve, possibly degraded.", body = HealthReport),
        (status = 503, description = "The instance cannot serve: it is starting or stopping, or a required dependency is down.", body = HealthReport,
            headers(("Retry-After", description = "Seconds to wait before the next attempt."))),
    ),
)]
#[get("/health/ready")]
pub(super) async fn ready(health: Data<Health>) -> HttpResponse {
    let report = health.report().await;
    let ready = matches!(report.status, "ready" | "degraded");
    let mut response = HttpResponse::build(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE });
    response.insert_header((CACHE_CONTROL, "no-store"));
    if !ready {
        response.insert_header((RETRY_AFTER, "1"));
    }
    response.json(report)
}
