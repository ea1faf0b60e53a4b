//! Extractors of conditional requests: `If-Match` and `Idempotency-Key`.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, IF_MATCH};
use actix_web::{FromRequest, HttpRequest};
use domain::{IdempotencyKey, ParseIdempotencyKeyError, Revision};
use utoipa::IntoParams;

use super::check::Coded;
use super::problem::{FieldError, Problem};
use super::reply::revision_of;

/// The header that carries the idempotency key.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The revision that `If-Match` requires, if any.
///
/// Of an entity tag only the revision counts. A like changes the tag but not the revision, so it does not prevent an
/// edit. A weak tag, or one that this server did not issue, matches nothing.
pub struct IfMatch(pub Option<Revision>);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(if_match(request.headers()))))
    }
}

fn if_match(headers: &HeaderMap) -> Option<Revision> {
    let mut expected = None;
    for value in headers.get_all(IF_MATCH) {
        for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
            if tag == "*" {
                return None;
            }
            // Revisions only grow, so of several tags only the newest can still match.
            expected = match (expected, revision_of(tag)) {
                (None | Some(Revision::NEVER), revision) => Some(revision.unwrap_or(Revision::NEVER)),
                (known, revision) => known.max(revision),
            };
        }
    }
    expected
}

/// The idempotency key of a request, if it has one; 422 if it is malformed or repeated.
pub struct Idempotency(pub Option<IdempotencyKey>);

impl FromRequest for Idempotency {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(idempotency_key(request.headers()).map(Self))
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY);
    let Some(first) = values.next() else {
        return Ok(None);
    };
    let key = match values.next() {
        None => first.to_str().ok().and_then(|raw| IdempotencyKey::parse(raw).ok()),
        Some(_) => None,
    };
    let error = ParseIdempotencyKeyError;
    key.map(Some).ok_or_else(|| Problem::invalid(vec![FieldError::new(IDEMPOTENCY_KEY, error.code(), error)]))
}

/// `If-Match`, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents what `IfMatch` reads")]
pub struct IfMatchParameter {
    /// `ETag` of the revision that the client has, with its quotes. 412 if the resource was edited since; likes are
    /// no edits. `*` matches every revision.
    #[param(rename = "If-Match", required = false, value_type = String)]
    if_match: String,
}

/// `Idempotency-Key`, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents what `Idempotency` reads")]
pub struct IdempotencyParameter {
    /// Key that the client generates for this write, for example a UUID: 1 to 255 visible ASCII characters. A
    /// repeated request with the same key and body within 24 hours writes nothing and returns the first response
    /// again.
    #[param(
        rename = "Idempotency-Key", required = false, value_type = String,
        min_length = 1, max_length = 255, pattern = "^[!-~]+$"
    )]
    idempotency_key: String,
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn required(values: &[&str]) -> Option<Revision> {
        let mut request = TestRequest::default();
        for value in values {
            request = request.append_header((IF_MATCH, *value));
        }
        if_match(request.to_http_request().headers())
    }

    #[test]
    fn only_the_revision_of_a_strong_tag_counts() {
        assert_eq!(required(&[]), None);
        assert_eq!(required(&["*"]), None);
        assert_eq!(required(&["\"3-00000000000000aa\""]), Some(Revision(3)));
        assert_eq!(required(&["\"1-00000000000000aa\", \"3-00000000000000aa\", \"x\""]), Some(Revision(3)));
        assert_eq!(required(&["\"x\"", "\"0-00000000000000aa\""]), Some(Revision(0)));
        for foreign in ["\"abc\"", "W/\"3-00000000000000aa\"", "3", ""] {
            assert_eq!(required(&[foreign]), Some(Revision::NEVER), "{foreign}");
        }
    }
}
