//! The calls that ask whether the server lives, and whether it can serve.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use http_kit::health::{Health, HealthReport};
use serde::Serialize;
use utoipa::ToSchema;

/// That the process lives.
#[derive(Serialize, ToSchema)]
#[schema(as = Liveness)]
pub(crate) struct LivenessReport {
    /// Always `live`.
    #[schema(examples("live"))]
    status: &'static str,
}

/// Whether the process lives
///
/// Looks at nothing else: not at the database, nor at Redis.
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
///
/// Looks at each dependency. A gateway keeps this call to itself.
#[utoipa::path(
    tag = "operations",
    operation_id = "ready",
    responses(
        (status = 200, description = "It can.", body = HealthReport),
        (status = 503, description = "Not now: it is starting or stopping, or what it cannot serve without is down.", body = HealthReport,
            headers(("Retry-After", description = "Seconds."))),
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
