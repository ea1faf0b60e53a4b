//! Metrics in Prometheus' text format.

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

/// Writes the metrics of this process.
pub type MetricsRenderer = Arc<dyn Fn() -> String + Send + Sync>;

/// Metrics, and who may read them on the port of the API.
#[derive(Clone)]
pub struct MetricsEndpoint {
    /// Writes them.
    pub render: MetricsRenderer,
    /// Who may read them.
    pub access: MetricsAccess,
}

/// Who may read the metrics on the port of the API.
#[derive(Clone, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Requests from the same machine that came through no proxy.
    Loopback,
    /// Nobody: they have a port of their own.
    Elsewhere,
    /// Whoever knows `user:password`.
    BasicAuth {
        /// The credentials, with the colon between.
        credentials: String,
    },
}

/// Metrics in Prometheus' text format
///
/// Served to this machine only, or to clients that send the configured user and password.
#[utoipa::path(
    tag = "operations",
    operation_id = "metrics",
    security((), ("basic" = [])),
    responses(
        (status = 200, description = "The metrics.", body = String, content_type = "text/plain"),
        (status = 401, description = "They are behind basic authentication.", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
        (status = 429, description = "Too many tried credentials.", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
        (status = 404, description = "They are not to be had here.", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
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

/// The metrics as an answer.
pub(crate) fn render(renderer: &MetricsRenderer) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(renderer())
}

fn authorize(
    request: &HttpRequest,
    access: &MetricsAccess,
    guesses: &MetricsGuesses,
    log: &dyn SecurityLog,
) -> Result<(), Problem> {
    let nothing_here = || Problem::not_found("there are no metrics here");
    match access {
        MetricsAccess::Loopback if is_local(request) => Ok(()),
        MetricsAccess::Loopback | MetricsAccess::Elsewhere => Err(nothing_here()),
        MetricsAccess::BasicAuth { credentials } => {
            let needed = || {
                Problem::new(code::UNAUTHENTICATED, "The metrics need a user and a password.")
                    .with_header(WWW_AUTHENTICATE, "Basic realm=\"metrics\"")
            };
            // Who gives none guesses none.
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
