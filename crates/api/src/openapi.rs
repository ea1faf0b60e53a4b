//! Builds the OpenAPI document: collects the operations of the handlers and adds what all of them share.

mod links;
mod problems;

use std::collections::BTreeMap;

use http_kit::problem::{Code, ProblemDocument};
use http_kit::routing::operations;
use http_kit::surface::Layer;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::security::{Http, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Object, OpenApi, Ref, RefOr, Schema, Type};
use utoipa::{OpenApi as _, ToSchema as _};
use utoipa_actix_web::AppExt;

use crate::{contexts, operations, surfaces};

/// Content type of every problem.
const PROBLEM_JSON: &str = "application/problem+json";

/// Schema of every problem.
pub(crate) type ProblemSchema = ProblemDocument<'static>;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Thoughts",
        description = "A social feed backend: users publish short posts, comment, like, follow, and read feeds.\n\n\
            Lists are paginated: pass `next_cursor` of a page as `cursor` to get the next page.\n\n\
            Responses to `GET` below `/v1/` carry an `ETag`. Send it as `If-None-Match` to get 304 without a body if \
            nothing changed. Send it as `If-Match` with an edit or a deletion to get 412 if the resource was edited since.\n\n\
            Errors are problem details (RFC 9457). Decide by `code`, which is stable; `detail` is for people.",
        contact(name = "The Thoughts contributors"),
    ),
    servers((url = "/", description = "The server that this document comes from.")),
    tags(
        (name = "accounts", description = "Sign-up, sessions, profiles and erasure."),
        (name = "posts", description = "Posts, their likes and bookmarks."),
        (name = "comments", description = "Comments, replies and their likes."),
        (name = "feeds", description = "Follows, the public feed and the home timeline."),
        (name = "operations", description = "Health, metrics and documentation."),
    ),
    components(schemas(ProblemSchema)),
)]
struct Frame;

/// The document without operations: info, servers, tags.
pub(crate) fn frame() -> OpenApi {
    Frame::openapi()
}

/// The complete document. Needs no database and no services.
pub fn document() -> OpenApi {
    let (_, document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(frame())
        .configure(|config| {
            contexts::configure(config, None);
            operations::routes(config);
        })
        .split_for_parts();
    complete(document)
}

/// Adds the security schemes, and to every operation the responses that follow from its inputs.
fn complete(mut document: OpenApi) -> OpenApi {
    let mut schemas = document.components.take().unwrap_or_default();
    refer_to_items(&mut schemas.schemas);
    schemas.schemas.insert(Code::name().into_owned(), Code::one_of(&crate::contexts::codes()));
    let components = HEADERS
        .iter()
        .fold(ComponentsBuilder::from(schemas), |all, (name, description)| all.header(*name, header(description)));
    let components = problems::components().fold(components, |all, (name, response)| all.response(name, response));
    document.components = Some(
        components
            .security_scheme(
                "bearer",
                SecurityScheme::Http(
                    HttpBuilder::new()
                        .scheme(HttpAuthScheme::Bearer)
                        .bearer_format("JWT")
                        .description(Some(
                            "Access token of a session: get one with `logIn`, and the next one with `refreshSession`.",
                        ))
                        .build(),
                ),
            )
            .security_scheme("basic", SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)))
            .build(),
    );
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            complete_operation(path, method, operation);
            // A public operation says `[]`. Without it, clients would apply the document's global security.
            operation.security.get_or_insert_default();
        }
    }
    links::add(&mut document);
    document
}

/// Makes each page schema reference its item schema, which the derive would inline in every page.
fn refer_to_items(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    for (name, schema) in schemas {
        if let Some(item) = name.strip_prefix("Page_")
            && let RefOr::T(Schema::Object(page)) = schema
            && let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items")
        {
            items.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(item).into()));
        }
    }
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
    let surface = surfaces::of(path);
    let (is_api, is_counted) = (surface.has(Layer::Tokens), surface.has(Layer::Budgets));
    let is_conditional = (is_api && method == "GET") || operation.responses.responses.contains_key("304");

    let mut answers = vec![&problems::INTERNAL_ERROR, &problems::URI_TOO_LONG];
    if is_api {
        answers.extend([&problems::UNAUTHORIZED, &problems::UNAVAILABLE]);
    }
    if is_api && method != "GET" {
        answers.extend([&problems::BODY_TIMEOUT, &problems::BODY_TOO_LARGE]);
    }
    if is_counted {
        answers.extend([&problems::RATE_LIMITED, &problems::OVERLOADED]);
    }
    if has_body {
        answers.extend([&problems::MALFORMED_BODY, &problems::UNSUPPORTED_MEDIA_TYPE]);
    }
    if is_list {
        answers.push(&problems::INVALID_CURSOR);
    }
    if is_api {
        answers.push(match (has_key, has_body, is_list) {
            (true, _, _) => &problems::INVALID_KEYED_BODY,
            (_, true, _) => &problems::INVALID_BODY,
            (_, _, true) => &problems::INVALID_PAGE,
            _ => &problems::UNKNOWN_PARAMETER,
        });
    }
    if has_match {
        answers.push(&problems::STALE);
    }
    if in_path {
        answers.push(&problems::NOT_FOUND);
    }
    let responses = &mut operation.responses.responses;
    for answer in answers {
        responses.entry(answer.status.to_string()).or_insert_with(|| answer.of_operation(is_counted));
    }
    if is_counted {
        for (status, response) in responses {
            if let RefOr::T(described) = response
                && let Some(shared) = problems::shared(status, described)
            {
                *response = RefOr::Ref(shared);
            }
        }
    }
    if is_conditional {
        let not_modified = ResponseBuilder::new()
            .description("Not modified: the entity tag in `If-None-Match` still matches.")
            .build();
        operation.responses.responses.insert("304".to_owned(), not_modified.into());
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            let has_tag = is_conditional || (is_api && (has_match || has_key));
            add_headers(response, status, is_counted, is_list, has_tag);
        }
    }
}

/// Response headers that several responses share, described once.
const HEADERS: [(&str, &str); 7] = [
    ("X-Request-Id", "Id of the request in the server's log. A well-formed id sent by the client is kept."),
    ("RateLimit", "Requests left in the client's budget (`r`), and seconds until one more is available (`t`)."),
    ("RateLimit-Policy", "The client's budget: requests (`q`) in a window of seconds (`w`)."),
    ("ETag", "Entity tag of the response: strong for one resource, weak for a page."),
    ("Link", "Path of the next page, with `rel=\"next\"`. Absent on the last page."),
    ("WWW-Authenticate", "Authentication scheme that the server expects, and the error of the token."),
    ("Retry-After", "Seconds to wait before the next attempt."),
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
    fn every_operation_documents_itself_and_its_errors() {
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
        assert!(count > 40, "{count} operations");
    }

    #[test]
    fn public_operations_declare_no_security() {
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
    fn examples_hold_only_required_parameters_and_fields() {
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
