//! The OpenAPI document: collected from the handlers, completed with what all of them share.

mod links;

use actix_web::http::StatusCode;
use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::{Http, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Object, OpenApi, Ref, RefOr, Type};
use utoipa::{OpenApi as _, ToSchema};
use utoipa_actix_web::AppExt;

use crate::http::problem::ProblemDocument;
use crate::middleware::is_counted;

/// The content type of every error.
const PROBLEM_JSON: &str = "application/problem+json";

/// The schema of every error.
pub(crate) type ProblemSchema = ProblemDocument<'static>;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Thoughts",
        description = "A social feed backend: people post short thoughts, comment, like, follow, and read feeds.\n\n\
            Lists come in pages: `next_cursor` of one page is the `cursor` of the next. `GET` answers carry an `ETag`; \
            send it as `If-None-Match` to save the body, or as `If-Match` to edit only what you saw. Wherever `GET` \
            works, `HEAD` does.",
        contact(name = "The Thoughts contributors"),
    ),
    servers((url = "/", description = "The server that this document comes from.")),
    tags(
        (name = "accounts", description = "Sign up, log in and out, profiles, erasure."),
        (name = "posts", description = "Posts and who likes them."),
        (name = "comments", description = "Comments, replies, and who likes them."),
        (name = "feeds", description = "Follows, the public feed, the home timeline."),
        (name = "operations", description = "Health, metrics, documentation."),
    ),
    components(schemas(ProblemSchema)),
)]
struct Frame;

/// The frame of the document, without routes.
pub(crate) fn frame() -> OpenApi {
    Frame::openapi()
}

/// The whole document. Needs no database.
pub fn document() -> OpenApi {
    let (_, document) =
        actix_web::App::new().into_utoipa_app().openapi(frame()).configure(crate::routes).split_for_parts();
    complete(document)
}

/// Adds security schemes, and to every operation the answers that follow from what it takes.
fn complete(mut document: OpenApi) -> OpenApi {
    let schemas = document.components.take().unwrap_or_default();
    let components = HEADERS
        .iter()
        .fold(ComponentsBuilder::from(schemas), |all, (name, description)| all.header(*name, header(description)));
    document.components = Some(
        components
            .security_scheme(
                "bearer",
                SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build()),
            )
            .security_scheme("basic", SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)))
            .build(),
    );
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            complete_operation(path, method, operation);
            // A public operation says `[]`: without a word, the security of the whole document would hold for it.
            operation.security.get_or_insert_default();
        }
    }
    links::add(&mut document);
    document
}

/// The operations of a path that the API uses.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("GET", item.get.as_mut()),
        ("POST", item.post.as_mut()),
        ("PUT", item.put.as_mut()),
        ("PATCH", item.patch.as_mut()),
        ("DELETE", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

fn complete_operation(path: &str, method: &str, operation: &mut Operation) {
    let parameters: Vec<(ParameterIn, String)> = operation
        .parameters
        .iter()
        .flatten()
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some((parameter.parameter_in.clone(), parameter.name.clone())),
            RefOr::Ref(_) => None,
        })
        .collect();
    let takes = |place: ParameterIn, name: &str| parameters.iter().any(|(at, its)| *at == place && its == name);
    let has_body = operation.request_body.is_some();
    let in_path = parameters.iter().any(|(place, _)| *place == ParameterIn::Path);
    let is_list = takes(ParameterIn::Query, "cursor");
    let (has_key, has_match) = (takes(ParameterIn::Header, "Idempotency-Key"), takes(ParameterIn::Header, "If-Match"));
    let is_api = path.starts_with("/v1/");
    let is_counted = is_counted(path);
    let is_file = matches!(path, "/" | "/openapi.json");
    let is_conditional = (is_api || is_file) && method == "GET";

    let mut answers: Vec<(u16, &str)> = vec![(500, "`internal_error`"), (414, "`uri_too_long`")];
    if is_api {
        answers.push((401, "`unauthenticated`, `invalid_token` or `invalid_credentials`"));
        answers.push((408, "`body_timeout`"));
        answers.push((413, "`body_too_large`"));
        answers.push((503, "`overloaded`, `timeout`, `database_unavailable` or `storage_full`"));
    }
    if is_counted {
        answers.push((429, "`rate_limited`"));
        answers.push((503, "`overloaded`"));
    }
    if has_body {
        answers.push((400, "`malformed_body`"));
        answers.push((415, "`unsupported_media_type`"));
        answers.push((422, "`validation_failed`, `unknown_field` or `unknown_parameter`; more in `errors`"));
    }
    if is_list {
        answers.push((400, "`invalid_cursor`"));
        answers.push((422, "`validation_failed`: a limit out of range; or `unknown_parameter`"));
    }
    if has_key {
        answers.push((
            422,
            "`validation_failed`, `unknown_field`, `unknown_parameter`, `idempotency_key_reused`, \
             `parent_on_other_post` or `thread_too_deep`",
        ));
    }
    if is_api && !(has_body || is_list || has_key) {
        answers.push((422, "`unknown_parameter`"));
    }
    if has_match {
        answers.push((412, "`precondition_failed`: it was changed since"));
    }
    if in_path {
        answers.push((404, "`not_found`"));
    }
    for (status, description) in answers {
        operation
            .responses
            .responses
            .entry(status.to_string())
            .and_modify(|response| {
                if let RefOr::T(response) = response
                    && has_key
                    && status == 422
                {
                    description.clone_into(&mut response.description);
                }
            })
            .or_insert_with(|| problem(status, description).into());
    }
    if is_conditional {
        let not_modified = ResponseBuilder::new().description("The client has it already.").build();
        operation.responses.responses.insert("304".to_owned(), not_modified.into());
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            add_headers(
                response,
                status,
                is_counted,
                is_list,
                (is_api || is_file) && (has_match || has_key || method == "GET"),
            );
        }
    }
}

/// An answer that is a problem; its description begins with the code that the example shows.
fn problem(status: u16, description: &str) -> Response {
    let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let code = description.split('`').nth(1).unwrap_or("error");
    let example = json!({
        "type": format!("urn:thoughts:problem:{code}"),
        "title": title,
        "status": status,
        "detail": format!("{title}."),
        "code": code,
        "request_id": "0199f0a2-6c1e-7d3b-9b1a-5f2d8c4e7a10",
    });
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemSchema::name()))).example(Some(example)).build();
    ResponseBuilder::new().description(description).content(PROBLEM_JSON, content).build()
}

/// Headers that several answers carry, described once.
const HEADERS: [(&str, &str); 7] = [
    ("X-Request-Id", "Finds the request in the server's log."),
    ("RateLimit", "What is left of the client's budget."),
    ("RateLimit-Policy", "The client's budget."),
    ("ETag", "Changes with the answer."),
    ("Link", "Where the next page is, if there is one."),
    ("WWW-Authenticate", "How to authenticate."),
    ("Retry-After", "Seconds."),
];

fn header(description: &str) -> Header {
    HeaderBuilder::new().schema(Some(Object::with_type(Type::String))).description(Some(description)).build()
}

fn add_headers(response: &mut Response, status: &str, is_counted: bool, is_list: bool, has_tag: bool) {
    let mut add = |name: &str| {
        let shared = Ref::new(format!("#/components/headers/{name}"));
        response.headers.insert(name.to_owned(), RefOr::Ref(shared));
    };
    add("X-Request-Id");
    if is_counted {
        add("RateLimit");
        add("RateLimit-Policy");
    }
    match status {
        "200" | "201" | "304" if has_tag => add("ETag"),
        "401" => add("WWW-Authenticate"),
        "429" | "503" => add("Retry-After"),
        _ => {}
    }
    if is_list && status == "200" {
        add("Link");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_says_who_may_call_it_and_what_can_go_wrong() {
        let mut document = document();
        let mut count = 0;
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                count += 1;
                assert!(operation.operation_id.is_some(), "{method} {path}");
                assert!(operation.description.as_ref().is_some_and(|text| !text.is_empty()), "{method} {path}");
                assert!(operation.responses.responses.contains_key("500"), "{method} {path}");
                if path.starts_with("/v1/") {
                    for status in ["401", "429", "503"] {
                        assert!(operation.responses.responses.contains_key(status), "{method} {path} {status}");
                    }
                }
            }
        }
        assert_eq!(count, 37);
    }

    #[test]
    fn public_operations_say_that_they_want_no_credentials() {
        let mut document = document();
        let mut public = Vec::new();
        for item in document.paths.paths.values_mut() {
            for (_, operation) in operations(item) {
                let security = operation.security.as_ref().unwrap();
                if security.is_empty() {
                    public.push(operation.operation_id.clone().unwrap());
                }
            }
        }
        public.sort();
        assert_eq!(public, ["docs", "index", "live", "logIn", "openapi", "ready", "refreshSession", "signUp"]);
    }

    #[test]
    fn nothing_optional_has_a_value_that_a_form_would_be_filled_with() {
        let document = serde_json::to_value(document()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    assert!(
                        parameter["required"] == true || parameter["example"].is_null(),
                        "{method} {path} {parameter}"
                    );
                }
                let schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
                let Some(schema) = schema.and_then(|name| name.rsplit('/').next()) else {
                    continue;
                };
                let schema = &document["components"]["schemas"][schema];
                let example = schema["examples"][0].as_object();
                let example = example.unwrap_or_else(|| panic!("{method} {path}: no example"));
                let required: Vec<_> = schema["required"].as_array().into_iter().flatten().collect();
                assert!(required.iter().all(|name| example.contains_key(name.as_str().unwrap())), "{method} {path}");
                assert!(example.len() == required.len().max(1), "{method} {path} {example:?}");
            }
        }
    }
}
