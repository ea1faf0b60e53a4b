//! Request bodies: JSON objects of bounded size that have only the fields of the contract.

mod fitting;

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use super::problem::{FieldError, Problem, code};

/// A request body that validates its fields one by one.
pub trait Request: DeserializeOwned {
    /// Validates the fields. Called when the body has other faults already, so that the response lists all of them.
    fn faults(self) -> Vec<FieldError>;
}

/// The field errors of a request that was parsed; empty if it is valid.
pub fn faults_of<T>(parsed: Result<T, Problem>) -> Vec<FieldError> {
    parsed.err().map(Problem::into_errors).unwrap_or_default()
}

/// A request body of the shape `T`.
///
/// Rejects with 415 for another content type, 400 for malformed JSON, and 422 for JSON of another shape. A 422 lists
/// every invalid field.
pub struct Body<T>(pub T);

/// The bytes of a body that the middleware `body` read within its limit.
pub(crate) struct RawBody(pub(crate) Bytes);

impl<T: Request> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if !is_plain_json(request.headers()) {
            return ready(Err(Problem::new(
                code::UNSUPPORTED_MEDIA_TYPE,
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

fn parse<T: Request>(bytes: &[u8]) -> Result<T, Problem> {
    // The bytes that serde skips, such as the value of an unknown field, must be UTF-8 too.
    std::str::from_utf8(bytes).map_err(|_| Problem::malformed_body())?;
    // serde would accept an array as a struct.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        serde_json::from_slice::<IgnoredAny>(bytes).map_err(|_| Problem::malformed_body())?;
        return Err(Problem::invalid(vec![FieldError::new("body", "invalid_type", "must be a JSON object")]));
    }
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        // An error of shape may come before a syntax error further on.
        Category::Data if serde_json::from_slice::<IgnoredAny>(bytes).is_ok() => misshapen::<T>(bytes),
        _ => Problem::malformed_body(),
    })
}

/// The problem of a body of another shape than `T`. It lists every field that does not fit and every invalid value.
fn misshapen<T: Request>(bytes: &[u8]) -> Problem {
    match fitting::read::<T>(bytes) {
        Ok((request, mut errors)) => {
            let of_values = request.faults();
            // A field that does not fit was skipped, so validation would call it missing.
            let is_new = |error: &FieldError| errors.iter().all(|known| known.field != error.field);
            let of_values: Vec<_> = of_values.into_iter().filter(is_new).collect();
            errors.extend(of_values);
            errors.sort();
            Problem::invalid(errors)
        }
        Err(problem) => problem,
    }
}

/// Deserialises an optional field that may be omitted but not null: `#[serde(default, deserialize_with = "given")]`.
pub fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
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
    struct Words {
        #[serde(default, deserialize_with = "given")]
        content: Option<String>,
        #[serde(default, deserialize_with = "given")]
        number: Option<u8>,
    }

    impl Request for Words {
        fn faults(self) -> Vec<FieldError> {
            let required = |field| FieldError::new(field, "required", "is missing");
            [("content", self.content.is_none()), ("number", self.number.is_none())]
                .into_iter()
                .filter(|(_, is_missing)| *is_missing)
                .map(|(field, _)| required(field))
                .collect()
        }
    }

    fn errors(body: &str) -> Vec<String> {
        let errors = parse::<Words>(body.as_bytes()).unwrap_err().into_errors();
        errors.iter().map(|error| format!("{}: {}", error.field, error.code)).collect()
    }

    fn code(body: &str) -> String {
        let problem = parse::<Words>(body.as_bytes()).unwrap_err();
        let document = serde_json::to_value(problem.document("id")).unwrap();
        let of_field = document["errors"][0]["code"].as_str().map(|code| format!("/{code}")).unwrap_or_default();
        format!("{}{of_field}", document["code"].as_str().unwrap())
    }

    mod parse {
        use super::*;

        #[test]
        fn accepts_valid_bodies() {
            assert_eq!(super::super::parse::<Words>(b" {\"content\": \"x\"}").unwrap().content.as_deref(), Some("x"));
            assert_eq!(super::super::parse::<Words>(b"{}").unwrap().content, None);
        }

        #[test]
        fn distinguishes_malformed_json_from_another_shape() {
            for body in
                ["", "{", "{\"content\": \"\\ud800\"}", "{\"content\": 1e999}", "{} x", "nul", "{\"content\": 5"]
            {
                assert_eq!(code(body), "malformed_body", "{body}");
            }
            for body in ["[]", "\"x\"", "null", "[\"x\"]"] {
                assert_eq!(errors(body), ["body: invalid_type"], "{body}");
            }
            // Nested values are skipped without recursion, however deep.
            let deep = format!("{{\"x\": {}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
            assert_eq!(errors(&deep), ["content: required", "number: required", "x: unknown_field"]);
        }

        #[test]
        fn lists_every_field_that_does_not_fit() {
            let cases: [(&str, &[&str]); 8] = [
                (r#"{"content": 5, "number": 1}"#, &["content: invalid_type"]),
                (r#"{"content": null, "number": {}}"#, &["content: invalid_type", "number: invalid_type"]),
                (r#"{"number": 256, "x": 1}"#, &["content: required", "number: invalid_type", "x: unknown_field"]),
                (r#"{"number": 1, "content": "a", "content": 5}"#, &["content: duplicate_field"]),
                (
                    r#"{"content": 5, "number": 1, "content": "a"}"#,
                    &["content: duplicate_field", "content: invalid_type"],
                ),
                (r#"{"y": 1, "content": "a", "y": 2, "number": 1}"#, &["y: unknown_field"]),
                (
                    r#"{"": [[]], "Content": "a", "content": "a", "number": 1}"#,
                    &[": unknown_field", "Content: unknown_field"],
                ),
                (r#"{"content": {"content": "x"}, "number": 1}"#, &["content: invalid_type"]),
            ];
            for (body, expected) in cases {
                assert_eq!(errors(body), expected, "{body}");
            }
            assert_eq!(code(r#"{"x": 1, "content": "a", "number": 1}"#), "unknown_field/unknown_field");
            assert_eq!(code(r#"{"x": 1, "content": "\ud800", "number": 1}"#), "malformed_body");
            let many: Vec<String> = (0..6000).map(|number| format!("\"f{number}\":0")).collect();
            assert_eq!(errors(&format!("{{{}}}", many.join(","))).len(), 34);
        }
    }
}
