//! The usual security headers.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::{Answer, Inner};

/// Set on every answer that does not say otherwise. What does not say whether it may be kept may not.
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

/// Adds them.
pub(crate) async fn security_headers(request: ServiceRequest, next: impl Inner) -> Answer {
    let mut response = next(request).await?;
    add(response.headers_mut());
    Ok(response)
}

/// All of them.
pub(crate) fn defaults() -> &'static [(HeaderName, HeaderValue)] {
    &DEFAULTS
}

/// Adds them where others do not stand.
pub(super) fn add(headers: &mut HeaderMap) {
    for (name, value) in &DEFAULTS {
        if !headers.contains_key(name) {
            // `insert` would look for it again.
            headers.append(name.clone(), value.clone());
        }
    }
}
