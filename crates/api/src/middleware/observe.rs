//! Gives every request an id and its place in a trace, and notes how it went.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};
use opentelemetry::trace::FutureExt;
use tracing::Instrument;
use uuid::Uuid;

use crate::http::trace::RequestTrace;

/// Names a request in answers and logs.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Seconds from a request's head to its answer's head, by method, route and status.
const DURATION: &str = "http_request_duration_seconds";
/// Requests that are being answered.
const IN_FLIGHT: &str = "http_requests_in_flight";

impl RequestId {
    /// The id that [`observe`] gave to a request.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_else(|| Self(String::new()))
    }

    /// Tells it to the client.
    pub(super) fn add(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            headers.insert(X_REQUEST_ID, value);
        }
    }
}

/// Runs a request under a span that names it, and counts and times it.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = incoming_id(request.headers()).unwrap_or_else(|| Uuid::now_v7().to_string());
    let id = RequestId(id);
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let known_method = known_method(method.as_str());
    let trace = RequestTrace::begin(request.request(), known_method);
    let path = request.path();
    let span = tracing::error_span!("request", request_id = id.0, trace_id = %trace.id(), %method, path);
    let began = Instant::now();
    let in_flight = InFlight::enter();
    let mut result = next.call(request).with_context(trace.context()).instrument(span.clone()).await;
    drop(in_flight);

    let (status, route) = match &mut result {
        Ok(response) => {
            id.add(response.headers_mut());
            trace.add(response.headers_mut());
            (response.status(), response.request().match_pattern())
        }
        Err(error) => (error.as_response_error().status_code(), None),
    };
    trace.end(known_method, route.as_deref(), status);
    let route = route.unwrap_or_else(|| "unmatched".to_owned());
    let seconds = began.elapsed().as_secs_f64();
    span.in_scope(|| {
        tracing::info!(status = status.as_u16(), route, milliseconds = seconds * 1000.0, "answered");
    });
    metrics::histogram!(
        DURATION,
        "method" => known_method,
        "route" => route,
        "status" => status.as_u16().to_string(),
    )
    .record(seconds);
    result
}

/// A client's own id, if it is fit for headers and logs: 1 to 128 letters, digits and `-_.:`.
fn incoming_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(X_REQUEST_ID)?.to_str().ok()?;
    let sane = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    ((1..=128).contains(&id.len()) && id.bytes().all(sane)).then(|| id.to_owned())
}

/// Invented methods must not grow the metrics without bound.
fn known_method(method: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

/// Counts a request while it is being answered, also when it is given up.
struct InFlight;

impl InFlight {
    fn enter() -> Self {
        metrics::gauge!(IN_FLIGHT).increment(1.0);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics::gauge!(IN_FLIGHT).decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn keeps_only_sane_ids() {
        let id = |raw: &str| {
            let request = TestRequest::default().insert_header((X_REQUEST_ID, raw)).to_http_request();
            incoming_id(request.headers())
        };
        assert_eq!(id("trace-1_a.b:c").as_deref(), Some("trace-1_a.b:c"));
        for insane in ["", "a b", "a\"b", &"x".repeat(129)] {
            assert_eq!(id(insane), None, "{insane}");
        }
    }
}
