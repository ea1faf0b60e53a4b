//! The default security headers.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::{Answer, Inner};

/// Set on every response that does not set them itself. Without a `Cache-Control` of its own, a response must not be
/// stored.
static DEFAULTS: [(HeaderName, HeaderValue); 8] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (header::PERMISSIONS_POLICY, HeaderValue::from_static("camera=(), geolocation=(), microphone=()")),
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Adds the default headers to the response.
pub(crate) async fn security_headers(request: ServiceRequest, next: impl Inner) -> Answer {
    let mut response = next(request).await?;
    add(response.headers_mut());
    Ok(response)
}

/// The default headers, for responses that are written by hand.
pub(crate) fn defaults() -> &'static [(HeaderName, HeaderValue)] {
    &DEFAULTS
}

/// Adds the headers that are missing.
pub(super) fn add(headers: &mut HeaderMap) {
    for (name, value) in &DEFAULTS {
        if !headers.contains_key(name) {
            // `insert` would search for the header again.
            headers.append(name.clone(), value.clone());
        }
    }
}
