//! Problem responses that operations share. Each is described once in `components/responses` and referenced.

use actix_web::http::StatusCode;
use http_kit::problem::{Code, code};
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{Ref, RefOr};

use super::{PROBLEM_JSON, ProblemSchema, add_headers};
use crate::accounts::problems as accounts;
use crate::posts::problems as posts;
use crate::social::problems as social;

/// A problem response of one status, with one or several codes.
pub(super) struct Answer {
    /// Name in `components/responses`.
    name: &'static str,
    pub(super) status: u16,
    /// Codes that the response may have; the first one is used in the example.
    codes: &'static [Code],
    /// What happened, as a sentence after the codes.
    meaning: &'static str,
}

macro_rules! answers {
    ($($constant:ident = $name:literal, [$($code:path),*], $meaning:literal;)*) => {
        $(pub(super) static $constant: Answer =
            Answer { name: $name, status: [$($code),*][0].status(), codes: &[$($code),*], meaning: $meaning };)*

        /// Every shared response.
        static ALL: &[&Answer] = &[$(&$constant),*];
    };
}

answers! {
    MALFORMED_BODY = "MalformedBody", [code::MALFORMED_BODY], "the body is not well-formed JSON.";
    INVALID_CURSOR = "InvalidCursor", [code::INVALID_CURSOR],
        "the cursor was not issued for this list. Start again without a cursor.";
    UNAUTHORIZED = "Unauthorized", [code::UNAUTHENTICATED, code::INVALID_TOKEN],
        "the call needs an access token, or the token is malformed or expired, or its session has ended.";
    INVALID_CREDENTIALS = "InvalidCredentials", [accounts::INVALID_CREDENTIALS],
        "the user name or the password is wrong.";
    INVALID_REFRESH_TOKEN = "InvalidRefreshToken", [accounts::INVALID_REFRESH_TOKEN],
        "the refresh token is unknown, used or expired, or its session has ended. Log in again.";
    NOT_THE_AUTHOR = "NotTheAuthor", [posts::NOT_THE_AUTHOR],
        "the signed-in user may not change or delete this resource.";
    WRONG_PASSWORD = "WrongPassword", [accounts::WRONG_PASSWORD], "the current password in the body is wrong.";
    NOT_FOUND = "NotFound", [code::NOT_FOUND], "the resource does not exist, or was deleted.";
    BODY_TIMEOUT = "BodyTimeout", [code::BODY_TIMEOUT], "the body did not arrive in time. Nothing was changed.";
    STALE = "PreconditionFailed", [code::PRECONDITION_FAILED],
        "the resource was edited after the revision in `If-Match`.";
    BODY_TOO_LARGE = "BodyTooLarge", [code::BODY_TOO_LARGE], "the body exceeds 64 KiB.";
    URI_TOO_LONG = "UriTooLong", [code::URI_TOO_LONG], "path and query together exceed 2,048 bytes.";
    UNSUPPORTED_MEDIA_TYPE = "UnsupportedMediaType", [code::UNSUPPORTED_MEDIA_TYPE],
        "the body is not uncompressed `application/json` in UTF-8.";
    CANNOT_FOLLOW_SELF = "CannotFollowSelf", [social::CANNOT_FOLLOW_SELF],
        "users cannot follow or unfollow themselves.";
    INVALID_BODY = "InvalidBody", [code::VALIDATION_FAILED, code::UNKNOWN_FIELD, code::UNKNOWN_PARAMETER],
        "`errors` lists every invalid field or parameter.";
    INVALID_KEYED_BODY = "InvalidKeyedBody",
        [code::VALIDATION_FAILED, code::UNKNOWN_FIELD, code::UNKNOWN_PARAMETER, code::IDEMPOTENCY_KEY_REUSED, posts::PARENT_ON_OTHER_POST, posts::THREAD_TOO_DEEP],
        "`errors` lists every invalid field, parameter or header.";
    INVALID_PAGE = "InvalidPage", [code::VALIDATION_FAILED, code::UNKNOWN_PARAMETER],
        "`limit` is out of range, or a query parameter is unknown or repeated.";
    UNKNOWN_PARAMETER = "UnknownParameter", [code::UNKNOWN_PARAMETER], "the call does not have this query parameter.";
    RATE_LIMITED = "RateLimited", [code::RATE_LIMITED],
        "the client sent too many requests or too many wrong passwords. Wait `Retry-After` seconds.";
    INTERNAL_ERROR = "InternalError", [code::INTERNAL_ERROR], "the server failed. Report the `request_id`.";
    OVERLOADED = "Overloaded", [code::OVERLOADED],
        "the server is overloaded. Nothing was changed. Wait `Retry-After` seconds.";
    UNAVAILABLE = "Unavailable", [code::OVERLOADED, code::TIMEOUT, code::DATABASE_UNAVAILABLE, code::STORAGE_FULL],
        "the server cannot serve the request now. Wait `Retry-After` seconds. After `timeout` or `database_unavailable`, a write may have been applied.";
}

/// Every shared response by its name, with the headers of rate-limited operations.
pub(super) fn components() -> impl Iterator<Item = (&'static str, Response)> {
    ALL.iter().map(|answer| (answer.name, answer.described(true)))
}

/// The reference that replaces `response`. A handler describes a shared problem by its codes alone.
pub(super) fn shared(status: &str, response: &Response) -> Option<Ref> {
    let is_it = |answer: &&&Answer| {
        response.content.contains_key(PROBLEM_JSON)
            && answer.status.to_string() == status
            && answer.listed_codes() == response.description
    };
    ALL.iter().find(is_it).map(|answer| answer.reference())
}

impl Answer {
    /// The response of one operation. Operations without rate limits have other headers than the component, so theirs
    /// is inline.
    pub(super) fn of_operation(&self, is_counted: bool) -> RefOr<Response> {
        if is_counted { RefOr::Ref(self.reference()) } else { RefOr::T(self.described(false)) }
    }

    fn reference(&self) -> Ref {
        Ref::from_response_name(self.name)
    }

    /// The codes as a handler names them: `a`, `b` or `c`.
    fn listed_codes(&self) -> String {
        let codes: Vec<String> = self.codes.iter().map(|code| format!("`{code}`")).collect();
        match codes.as_slice() {
            [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
            codes => codes.concat(),
        }
    }

    fn described(&self, is_counted: bool) -> Response {
        let title = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        let title = title.unwrap_or("Error");
        let example = self.codes.first().map(|code| {
            json!({
                "type": format!("urn:thoughts:problem:{code}"),
                "title": title,
                "status": self.status,
                "detail": format!("{title}."),
                "code": code,
                "request_id": "0199f0a2-6c1e-7d3b-9b1a-5f2d8c4e7a10",
            })
        });
        let schema = Ref::from_schema_name(ProblemSchema::name());
        let content = ContentBuilder::new().schema(Some(schema)).example(example).build();
        let mut response = ResponseBuilder::new()
            .description(format!("{}: {}", self.listed_codes(), self.meaning))
            .content(PROBLEM_JSON, content)
            .build();
        add_headers(&mut response, &self.status.to_string(), is_counted, false, false);
        response
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn document() -> Value {
        serde_json::to_value(crate::openapi::document()).unwrap()
    }

    #[test]
    fn every_shared_response_is_referenced() {
        let document = document().to_string();
        for answer in ALL {
            assert!(document.contains(&format!("\"#/components/responses/{}\"", answer.name)), "{}", answer.name);
        }
    }

    #[test]
    fn no_api_problem_is_repeated_inline() {
        let document = document();
        let mut described = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/v1/")) {
            for (method, operation) in item.as_object().unwrap() {
                for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                    let is_problem = response["content"].get(PROBLEM_JSON).is_some();
                    assert!(!is_problem || !described.contains(response), "{method} {path} {status}");
                    described.extend(is_problem.then(|| response.clone()));
                }
            }
        }
    }

    #[test]
    fn the_problem_code_is_an_enum_of_all_codes() {
        let document = document();
        let schemas = &document["components"]["schemas"];
        let reference = "\"#/components/schemas/ProblemCode\"";
        assert!(schemas["Problem"]["properties"]["code"].to_string().contains(reference), "{}", schemas["Problem"]);
        let known: Vec<_> = crate::contexts::codes().into_iter().map(|code| Value::from(code.as_str())).collect();
        assert_eq!(schemas["ProblemCode"]["enum"].as_array(), Some(&known));
    }

    #[test]
    fn get_operations_document_no_body_errors() {
        for (path, item) in document()["paths"].as_object().unwrap() {
            for status in ["408", "413", "415"] {
                assert!(item["get"]["responses"].get(status).is_none(), "{path} {status}");
            }
        }
    }

    fn repository_file(path: &str) -> String {
        let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Clients that know the codes of the document also understand the gateway's problems.
    #[test]
    fn every_code_of_the_gateway_is_in_the_document() {
        let gateway = repository_file("nginx/snippets/problems.conf");
        let codes: Vec<_> = gateway
            .split("urn:thoughts:problem:")
            .skip(1)
            .map(|rest| rest.split(|c: char| c != '_' && !c.is_ascii_lowercase()).next().unwrap_or_default())
            .filter(|code| !code.is_empty())
            .collect();
        assert!(codes.len() >= 5, "{codes:?}");
        for code in codes {
            assert!(crate::contexts::codes().iter().any(|known| known.as_str() == code), "{code}");
        }
    }

    #[test]
    fn every_code_is_in_the_client_guide() {
        let guide = repository_file("docs/api.md");
        for code in crate::contexts::codes() {
            assert!(guide.contains(&format!("`{code}`")), "{code}");
        }
    }
}
