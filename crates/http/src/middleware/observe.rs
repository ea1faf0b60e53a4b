//! Assigns a request id and a trace to every request, and records its duration and log line.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Instant;

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use metrics::{Gauge, Histogram};
use opentelemetry::trace::FutureExt;
use tracing::Instrument;
use uuid::Uuid;
use uuid::fmt::Simple;

use super::client_address::{client_address, client_network};
use super::problems::Counted;
use super::request_id::RequestId;
use super::{Answer, Inner, deadline, routed_path};
use crate::identity::Origin;
use crate::settings::HttpSettings;
use crate::surface::{Layer, Surface};
use crate::targets;
use crate::trace::RequestTrace;

/// Seconds from a request's head to its response's head, by method, route and status.
const DURATION: &str = "http_request_duration_seconds";
/// Requests in flight.
const IN_FLIGHT: &str = "http_requests_in_flight";

/// Runs a request in a span of its own, and records how it ended.
pub(crate) async fn observe(request: ServiceRequest, surface: &'static Surface, next: impl Inner) -> Answer {
    let own = Uuid::now_v7();
    let id = RequestId::assign(&request, own);
    let method = known_method(request.method().as_str());
    let exported = request.app_data::<Data<HttpSettings>>().is_some_and(|settings| settings.traces_exported);
    let trace = RequestTrace::begin(request.request(), method, exported, own);
    let span = tracing::error_span!(
        target: targets::REQUESTS,
        "request",
        request_id = id.0,
        trace_id = trace.id().encode_lower(&mut [0; Simple::LENGTH]),
        method = request.method().as_str(),
        path = request.path(),
        client = tracing::field::Empty,
        user = tracing::field::Empty
    );
    if surface.is_audited(request.method(), routed_path(&request)) {
        let network = client_network(client_address(request.request()));
        request.extensions_mut().insert(Origin(network));
        span.record("client", tracing::field::display(network));
    }
    answer(request, surface, next, &id, &trace, method).instrument(span).await
}

/// Times a request, and writes its metrics and its log line.
async fn answer(
    request: ServiceRequest,
    surface: &'static Surface,
    next: impl Inner,
    id: &RequestId,
    trace: &RequestTrace,
    method: &'static str,
) -> Answer {
    let began = Instant::now();
    let in_flight = InFlight::enter();
    let mut result = next(request).with_context(trace.context()).await;
    drop(in_flight);

    let (status, route, counted) = match &mut result {
        Ok(response) => {
            id.add(response.headers_mut());
            trace.add(response.headers_mut());
            let request = response.request();
            (response.status(), request.match_pattern(), request.extensions().contains::<Counted>())
        }
        Err(error) => (error.as_response_error().status_code(), deadline::route(error), false),
    };
    trace.end(method, route.as_deref(), status);
    let is_quiet = route.is_some() && !surface.has(Layer::Log);
    let route = route.unwrap_or_else(|| "unmatched".to_owned());
    let seconds = began.elapsed().as_secs_f64();
    if !counted {
        let (status, milliseconds) = (status.as_u16(), milliseconds(seconds));
        if is_quiet {
            tracing::debug!(target: targets::REQUESTS, status, route, milliseconds, "answered");
        } else {
            tracing::info!(target: targets::REQUESTS, status, route, milliseconds, "answered");
        }
    }
    record(method, &route, status, seconds);
    result
}

/// Rounded to microseconds; more digits carry no information.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}

/// Unknown methods share one label, so that clients cannot create unbounded metrics.
fn known_method(method: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

type ByRoute = HashMap<String, Histogram>;

thread_local! {
    /// The worker's metric handles, looked up once: the look-up costs more than the counting.
    static IN_FLIGHT_HERE: Gauge = metrics::gauge!(IN_FLIGHT);
    static DURATIONS_HERE: RefCell<HashMap<(&'static str, StatusCode), ByRoute>> = RefCell::default();
}

/// Counts a request as in flight until it is dropped, also when the request is cancelled.
struct InFlight;

impl InFlight {
    fn enter() -> Self {
        IN_FLIGHT_HERE.with(|gauge| gauge.increment(1.0));
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        IN_FLIGHT_HERE.with(|gauge| gauge.decrement(1.0));
    }
}

/// Records the duration of a response.
fn record(method: &'static str, route: &str, status: StatusCode, seconds: f64) {
    DURATIONS_HERE.with_borrow_mut(|durations| {
        let of_kind = durations.entry((method, status)).or_default();
        if let Some(duration) = of_kind.get(route) {
            return duration.record(seconds);
        }
        let labels =
            [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.as_u16().to_string())];
        let duration = metrics::histogram!(DURATION, &labels);
        duration.record(seconds);
        of_kind.insert(route.to_owned(), duration);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_times_to_the_microsecond() {
        for (seconds, written) in [
            (0.000_123_456_789, "0.123"),
            (1.0 / 3.0, "333.333"),
            (12.345_678_9, "12345.679"),
            (0.0, "0"),
            (0.03, "30"),
        ] {
            assert_eq!(milliseconds(seconds).to_string(), written);
        }
    }
}
