//! The problems that operations have in common: each is described once, in `components/responses`, and referred to.

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

/// A problem, or several that have a status in common.
pub(super) struct Answer {
    /// Its name among the components.
    name: &'static str,
    pub(super) status: u16,
    /// What it may be; the first is the example.
    codes: &'static [Code],
    /// What else there is to say.
    more: &'static str,
}

macro_rules! answers {
    ($($constant:ident = $name:literal, [$($code:path),*], $more:literal;)*) => {
        $(pub(super) static $constant: Answer =
            Answer { name: $name, status: [$($code),*][0].status(), codes: &[$($code),*], more: $more };)*

        /// All of them.
        static ALL: &[&Answer] = &[$(&$constant),*];
    };
}

answers! {
    MALFORMED_BODY = "MalformedBody", [code::MALFORMED_BODY], "";
    INVALID_CURSOR = "InvalidCursor", [code::INVALID_CURSOR], "";
    UNAUTHORIZED = "Unauthorized", [code::UNAUTHENTICATED, code::INVALID_TOKEN], "";
    INVALID_CREDENTIALS = "InvalidCredentials", [accounts::INVALID_CREDENTIALS], "";
    INVALID_REFRESH_TOKEN = "InvalidRefreshToken", [accounts::INVALID_REFRESH_TOKEN], "";
    NOT_THE_AUTHOR = "NotTheAuthor", [posts::NOT_THE_AUTHOR], "";
    WRONG_PASSWORD = "WrongPassword", [accounts::WRONG_PASSWORD], "";
    NOT_FOUND = "NotFound", [code::NOT_FOUND], "";
    BODY_TIMEOUT = "BodyTimeout", [code::BODY_TIMEOUT], "";
    STALE = "PreconditionFailed", [code::PRECONDITION_FAILED], ": it was changed since";
    BODY_TOO_LARGE = "BodyTooLarge", [code::BODY_TOO_LARGE], "";
    URI_TOO_LONG = "UriTooLong", [code::URI_TOO_LONG], "";
    UNSUPPORTED_MEDIA_TYPE = "UnsupportedMediaType", [code::UNSUPPORTED_MEDIA_TYPE], "";
    CANNOT_FOLLOW_SELF = "CannotFollowSelf", [social::CANNOT_FOLLOW_SELF], "";
    INVALID_BODY = "InvalidBody", [code::VALIDATION_FAILED, code::UNKNOWN_FIELD, code::UNKNOWN_PARAMETER], "; every bad field is in `errors`";
    INVALID_KEYED_BODY = "InvalidKeyedBody",
        [code::VALIDATION_FAILED, code::UNKNOWN_FIELD, code::UNKNOWN_PARAMETER, code::IDEMPOTENCY_KEY_REUSED, posts::PARENT_ON_OTHER_POST, posts::THREAD_TOO_DEEP], "";
    INVALID_PAGE = "InvalidPage", [code::VALIDATION_FAILED, code::UNKNOWN_PARAMETER], ": a limit out of range, or a parameter that the call does not have";
    UNKNOWN_PARAMETER = "UnknownParameter", [code::UNKNOWN_PARAMETER], "";
    RATE_LIMITED = "RateLimited", [code::RATE_LIMITED], "";
    INTERNAL_ERROR = "InternalError", [code::INTERNAL_ERROR], "";
    OVERLOADED = "Overloaded", [code::OVERLOADED], "";
    UNAVAILABLE = "Unavailable", [code::OVERLOADED, code::TIMEOUT, code::DATABASE_UNAVAILABLE, code::STORAGE_FULL], "";
}

/// Every answer by its name, as those who are counted get it.
pub(super) fn components() -> impl Iterator<Item = (&'static str, Response)> {
    ALL.iter().map(|answer| (answer.name, answer.described(true)))
}

/// The reference to the answer that says the same as `response`, if there is one.
pub(super) fn shared(status: &str, response: &Response) -> Option<Ref> {
    let is_it = |answer: &&&Answer| {
        response.content.contains_key(PROBLEM_JSON)
            && answer.status.to_string() == status
            && answer.description() == response.description
    };
    ALL.iter().find(is_it).map(|answer| answer.reference())
}

impl Answer {
    /// As an operation has it. Of one that is not counted the headers are others than those of the component.
    pub(super) fn of_operation(&self, is_counted: bool) -> RefOr<Response> {
        if is_counted { RefOr::Ref(self.reference()) } else { RefOr::T(self.described(false)) }
    }

    fn reference(&self) -> Ref {
        Ref::from_response_name(self.name)
    }

    /// `a`, `b` or `c`, and what else there is to say.
    fn description(&self) -> String {
        let codes: Vec<String> = self.codes.iter().map(|code| format!("`{code}`")).collect();
        let listed = match codes.as_slice() {
            [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
            codes => codes.concat(),
        };
        format!("{listed}{}", self.more)
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
        let mut response =
            ResponseBuilder::new().description(self.description()).content(PROBLEM_JSON, content).build();
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
    fn every_problem_that_is_described_once_is_referred_to() {
        let document = document().to_string();
        for answer in ALL {
            assert!(document.contains(&format!("\"#/components/responses/{}\"", answer.name)), "{}", answer.name);
        }
    }

    #[test]
    fn no_problem_of_the_api_is_described_twice() {
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
    fn the_code_of_a_problem_is_one_of_a_list() {
        let document = document();
        let schemas = &document["components"]["schemas"];
        let reference = "\"#/components/schemas/ProblemCode\"";
        assert!(schemas["Problem"]["properties"]["code"].to_string().contains(reference), "{}", schemas["Problem"]);
        let known: Vec<_> = crate::contexts::codes().into_iter().map(|code| Value::from(code.as_str())).collect();
        assert_eq!(schemas["ProblemCode"]["enum"].as_array(), Some(&known));
    }

    #[test]
    fn what_has_no_body_has_none_that_is_too_large() {
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

    /// A client that knows the codes of the document understands the gateway as well.
    #[test]
    fn the_codes_of_the_gateway_are_among_them() {
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
    fn each_code_has_a_row_in_the_guide_for_clients() {
        let guide = repository_file("docs/api.md");
        for code in crate::contexts::codes() {
            assert!(guide.contains(&format!("`{code}`")), "{code}");
        }
    }
}
