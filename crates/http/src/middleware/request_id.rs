//! The id of a request, in its response and in its log lines.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use uuid::Uuid;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request: the client's own if it is safe for headers and logs, else a new one.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

impl RequestId {
    /// Gives a request its id; `new` is for a client that sends none.
    pub(super) fn assign(request: &ServiceRequest, new: Uuid) -> Self {
        let id = Self(incoming_id(request.headers()).unwrap_or_else(|| new.to_string()));
        request.extensions_mut().insert(id.clone());
        id
    }

    /// The id that was assigned to the request.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_else(|| Self(String::new()))
    }

    /// Adds the id to the response.
    pub(super) fn add(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            headers.insert(X_REQUEST_ID, value);
        }
    }
}

/// The client's own id, if it is safe for headers and logs: 1 to 128 letters, digits and `-_.:`.
fn incoming_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(X_REQUEST_ID)?.to_str().ok()?;
    let sane = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    ((1..=128).contains(&id.len()) && id.bytes().all(sane)).then(|| id.to_owned())
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
