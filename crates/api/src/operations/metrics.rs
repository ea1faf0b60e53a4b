//! Serves metrics in the Prometheus text format.

use std::sync::Arc;

use accounts::SecurityEvent;
use accounts::ports::SecurityLog;
use actix_web::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_kit::client_address::{client_address, client_network, is_local};
use http_kit::problem::{Problem, code};

use super::metrics_guesses::MetricsGuesses;

/// Renders the metrics of this process as text.
pub type MetricsRenderer = Arc<dyn Fn() -> String + Send + Sync>;

/// The metrics, and who may read them on the API's port.
#[derive(Clone)]
pub struct MetricsEndpoint {
    /// Renders the metrics.
    pub render: MetricsRenderer,
    /// Who may read the metrics.
    pub access: MetricsAccess,
}

/// Who may read the metrics on the API's port.
#[derive(Clone, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Requests from the same machine that came through no proxy.
    Loopback,
    /// No client: the metrics have a port of their own.
    Elsewhere,
    /// Clients that send `user:password` by basic authentication.
    BasicAuth {
        /// User name and password, separated by a colon.
        credentials: String,
    },
}

/// Read metrics in Prometheus text format
///
/// Depending on the configuration, metrics are served to this machine only, to clients with the configured user name
/// and password, or on another port.
#[utoipa::path(
    tag = "operations",
    operation_id = "metrics",
    security((), ("basic" = [])),
    responses(
        (status = 200, description = "The metrics of this instance.", body = String, content_type = "text/plain"),
        (status = 401, description = "`unauthenticated`: basic authentication with the configured credentials is required.", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`: too many wrong credentials. Wait `Retry-After` seconds.", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: metrics are served on another port or only to this machine.", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[get("/metrics")]
pub(super) async fn metrics(
    request: HttpRequest,
    endpoint: Data<MetricsEndpoint>,
    guesses: Data<MetricsGuesses>,
    log: Data<dyn SecurityLog>,
) -> Result<HttpResponse, Problem> {
    authorize(&request, &endpoint.access, &guesses, log.as_ref())?;
    Ok(render(&endpoint.render))
}

/// The response with the rendered metrics.
pub(crate) fn render(renderer: &MetricsRenderer) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(renderer())
}

fn authorize(
    request: &HttpRequest,
    access: &MetricsAccess,
    guesses: &MetricsGuesses,
    log: &dyn SecurityLog,
) -> Result<(), Problem> {
    let nothing_here = || Problem::not_found("metrics are served on another port or only to the server's own machine");
    match access {
        MetricsAccess::Loopback if is_local(request) => Ok(()),
        MetricsAccess::Loopback | MetricsAccess::Elsewhere => Err(nothing_here()),
        MetricsAccess::BasicAuth { credentials } => {
            let needed = || {
                Problem::new(code::UNAUTHENTICATED, "Metrics require a user name and a password.")
                    .with_header(WWW_AUTHENTICATE, "Basic realm=\"metrics\"")
            };
            // A request without credentials is not a guess and is not counted.
            let given = request.headers().get(AUTHORIZATION).ok_or_else(needed)?;
            let network = client_network(client_address(request));
            let refused = |problem: Problem| {
                tracing::Span::current().record("client", tracing::field::display(network));
                log.record(SecurityEvent::MetricsRefused, None);
                problem
            };
            guesses.take(network).map_err(|wait| refused(Problem::rate_limited(wait)))?;
            let given = given
                .to_str()
                .ok()
                .and_then(|value| value.strip_prefix("Basic "))
                .and_then(|encoded| STANDARD.decode(encoded).ok())
                .unwrap_or_default();
            verify_slices_are_equal(&given, credentials.as_bytes()).map_err(|_| refused(needed()))?;
            guesses.give_back(network);
            Ok(())
        }
    }
}
