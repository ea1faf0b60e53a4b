//! CORS: admits browsers from the configured origins only, and explains rejected preflights.

use actix_cors::{Cors, CorsError};
use actix_web::http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, ORIGIN,
};

use crate::problem::{Problem, code};
use crate::reply::IDEMPOTENCY_REPLAYED;
use crate::trace::TRACERESPONSE;

/// Request headers that the response to a preflight depends on.
pub(super) const VARY: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
/// Maximum number of characters of a request header that a problem repeats.
const REPEATED: usize = 100;

/// Request headers that scripts may set.
const ALLOWED_HEADERS: [&str; 8] = [
    "authorization",
    "content-type",
    "if-match",
    "if-none-match",
    "idempotency-key",
    "x-request-id",
    "traceparent",
    "tracestate",
];

/// The middleware for `origins`.
pub(crate) fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers(ALLOWED_HEADERS)
        .expose_headers([
            "Link",
            "ETag",
            "Location",
            "Retry-After",
            "X-Request-Id",
            IDEMPOTENCY_REPLAYED,
            "RateLimit",
            "RateLimit-Policy",
            TRACERESPONSE.as_str(),
        ])
        .max_age(3600);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// The problem of a rejected preflight. Its detail names the origin, method or headers that are not allowed.
pub(super) fn refusal(error: &CorsError, headers: &HeaderMap) -> Problem {
    let detail = match error {
        CorsError::OriginNotAllowed => {
            format!("The origin {} is not allowed to call this API from a browser.", sent(headers, &ORIGIN))
        }
        CorsError::MethodNotAllowed | CorsError::BadRequestMethod => {
            format!(
                "The method {} is not allowed in requests from browsers.",
                sent(headers, &ACCESS_CONTROL_REQUEST_METHOD)
            )
        }
        CorsError::HeadersNotAllowed | CorsError::BadRequestHeaders => {
            format!("The headers {} are not allowed in requests from browsers.", refused_headers(headers))
        }
        other => format!("{other}."),
    };
    Problem::new(code::BAD_REQUEST, detail)
}

fn sent(headers: &HeaderMap, name: &HeaderName) -> String {
    let value = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes())).unwrap_or_default();
    shortened(&value)
}

/// The requested headers that are not allowed, sorted and without duplicates.
fn refused_headers(headers: &HeaderMap) -> String {
    let values = headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let mut refused: Vec<String> = values
        .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()).collect::<Vec<_>>())
        .filter(|name| !ALLOWED_HEADERS.contains(&name.as_str()))
        .collect();
    refused.sort();
    refused.dedup();
    shortened(&refused.join(", "))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(REPEATED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
