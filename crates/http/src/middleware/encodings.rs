//! Corrects the caching headers of compressed responses.

use actix_web::body::MessageBody;
use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderMap, HeaderValue, VARY};

use super::{Answer, Inner};
use crate::reply::tag_of_packed;
use crate::surface::{Layer, Surface};

/// Adds three things to actix-web's compression:
///
/// - `Vary: accept-encoding` on uncompressed responses and on 304. Without it, a shared cache would serve one form to
///   all clients.
/// - A strong entity tag of its own for each compressed form, because other bytes need another strong tag (RFC 9110,
///   8.8.3). `reply` understands both tags.
/// - An uncompressed response to a client that accepts no coding at all (RFC 9110, 12.5.3).
pub(crate) async fn encodings<B: MessageBody>(
    mut request: ServiceRequest,
    surface: &Surface,
    next: impl Inner<B>,
) -> Answer<B> {
    let compresses = surface.has(Layer::Compression);
    if !compresses || refuses_unpacked(request.headers()) {
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
    let mut response = next(request).await?;
    let may_vary = compresses && matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED);
    let headers = response.headers_mut();
    if may_vary && !headers.get_all(VARY).any(|value| value == ACCEPT_ENCODING.as_str()) {
        headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    }
    let coding = headers.get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok());
    if let Some(tag) = headers.get(ETAG).zip(coding).and_then(|(tag, coding)| tag_of_packed(tag, coding)) {
        headers.insert(ETAG, tag);
    }
    Ok(response)
}

fn refuses_unpacked(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT_ENCODING).filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(
        |preference| {
            let mut parts = preference.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default();
            let is_zero = |weight: &str| weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0);
            matches!(coding, "identity" | "*") && parts.any(|part| part.strip_prefix("q=").is_some_and(is_zero))
        },
    )
}
