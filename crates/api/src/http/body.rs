//! Request bodies: JSON objects, bounded in size, with no fields but those of the contract.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::problem::{FieldError, Problem};

/// Most bytes of a request body.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// A request body of the shape `T`.
///
/// Answers 415 for another content type, 400 for what is not JSON, and 422 for JSON of another shape.
pub(crate) struct Body<T>(pub(crate) T);

/// The bytes of a body, read and bounded by the middleware `body`.
pub(crate) struct RawBody(pub(crate) Bytes);

impl<T: DeserializeOwned> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if !is_plain_json(request.headers()) {
            return ready(Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The body must be sent as application/json, in UTF-8 and not compressed.",
            )));
        }
        let extensions = request.extensions();
        let bytes = extensions.get::<RawBody>().map_or(&[][..], |body| &body.0);
        ready(parse(bytes).map(Self))
    }
}

fn is_plain_json(headers: &HeaderMap) -> bool {
    let encoded = headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity");
    let mut types = headers.get_all(CONTENT_TYPE);
    let (Some(value), None) = (types.next(), types.next()) else {
        return false;
    };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.eq_ignore_ascii_case("charset"))
        .all(|(_, charset)| charset.trim_matches('"').eq_ignore_ascii_case("utf-8"));
    is_json && is_utf8 && !encoded
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // What nobody looks at, such as the value of an unknown field, must be text as well.
    std::str::from_utf8(bytes).map_err(|_| Problem::malformed_body())?;
    // A struct would be taken from an array, too.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        serde_json::from_slice::<IgnoredAny>(bytes).map_err(|_| Problem::malformed_body())?;
        return Err(wrong_type("body", "must be a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        match error.inner().classify() {
            // A wrong shape may hide that the rest is not JSON.
            serde_json::error::Category::Data if serde_json::from_slice::<IgnoredAny>(bytes).is_ok() => {
                wrong_shape(&field, &error.inner().to_string())
            }
            _ => Problem::malformed_body(),
        }
    })?;
    deserializer.end().map_err(|_| Problem::malformed_body())?;
    Ok(value)
}

fn wrong_type(field: &str, detail: &str) -> Problem {
    Problem::invalid(vec![FieldError::new(field, "invalid_type", detail)])
}

/// What serde says of a shape is known only by its message, which may repeat what was sent: only names of fields are
/// taken from it.
fn wrong_shape(field: &str, message: &str) -> Problem {
    let named = |prefix: &str| message.strip_prefix(prefix)?.split_once('`').map(|(name, _)| name.to_owned());
    if let Some(name) = named("unknown field `") {
        return Problem::invalid(vec![FieldError::new(name, "unknown_field", "is not part of this request")]);
    }
    if let Some(name) = named("duplicate field `") {
        return Problem::invalid(vec![FieldError::new(name, "duplicate_field", "is there more than once")]);
    }
    wrong_type(field, "has the wrong type")
}

/// For optional fields that may be left out but not be null: `#[serde(default, deserialize_with = "given")]`.
pub(crate) fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        #[serde(default, deserialize_with = "given")]
        content: Option<String>,
    }

    fn code(body: &str) -> String {
        let problem = parse::<Request>(body.as_bytes()).unwrap_err();
        let document = serde_json::to_value(problem.document("id")).unwrap();
        let of_field = document["errors"][0]["code"].as_str().map(|code| format!("/{code}")).unwrap_or_default();
        format!("{}{of_field}", document["code"].as_str().unwrap())
    }

    mod parse {
        use super::*;

        #[test]
        fn takes_what_is_there() {
            assert_eq!(super::super::parse::<Request>(b" {\"content\": \"x\"}").unwrap().content.as_deref(), Some("x"));
            assert_eq!(super::super::parse::<Request>(b"{}").unwrap().content, None);
        }

        #[test]
        fn tells_malformed_from_misshapen() {
            for body in
                ["", "{", "{\"content\": \"\\ud800\"}", "{\"content\": 1e999}", "{} x", "nul", "{\"content\": 5"]
            {
                assert_eq!(code(body), "malformed_body", "{body}");
            }
            for body in
                ["[]", "\"x\"", "null", "[\"x\"]", "{\"content\": 5}", "{\"content\": null}", "{\"content\": {}}"]
            {
                assert_eq!(code(body), "validation_failed/invalid_type", "{body}");
            }
            assert_eq!(code("{\"contents\": 1}"), "unknown_field/unknown_field");
            assert_eq!(code("{\"content\": \"a\", \"content\": \"b\"}"), "validation_failed/duplicate_field");
            // However deep, it is JSON, and read without recursion.
            let deep = format!("{{\"x\": {}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
            assert_eq!(code(&deep), "unknown_field/unknown_field");
        }
    }
}
