//! Links of the OpenAPI document: from a response that creates a resource to the operations on it.
//!
//! Links follow from paths: `publishPost` links to every operation at or below `/v1/posts/{id}`. Links that paths do
//! not imply are listed in [`RELATED`].

use http_kit::routing::operations;
use serde_json::{Value, json};
use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::{OpenApi, RefOr};

/// An operation that creates a resource, its status, the path of that resource, and the parameter in the path.
const CREATED: [(&str, &str, &str, &str); 3] = [
    ("signUp", "201", "/v1/users/{user}", "user"),
    ("publishPost", "201", "/v1/posts/{id}", "id"),
    ("addComment", "201", "/v1/comments/{id}", "id"),
];

/// A link: operation and status that it starts from, its name, its target, and the target's parameters and body.
struct Related {
    from: &'static str,
    status: &'static str,
    name: &'static str,
    to: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    body: Option<fn() -> Value>,
}

/// Links that do not follow from paths.
const RELATED: [Related; 10] = [
    related("signUp", "201", "logIn", "logIn", &[], Some(credentials)),
    related("logIn", "201", "refreshSession", "refreshSession", &[], Some(refresh_token)),
    related("logIn", "201", "logOut", "logOut", &[], None),
    related("logIn", "201", "showMe", "showMe", &[], None),
    related("logIn", "201", "listSessions", "listSessions", &[], None),
    related("refreshSession", "200", "refreshSession", "refreshSession", &[], Some(refresh_token)),
    related("refreshSession", "200", "logOut", "logOut", &[], None),
    related("refreshSession", "200", "showMe", "showMe", &[], None),
    related("refreshSession", "200", "listSessions", "listSessions", &[], None),
    related("addComment", "201", "reply", "addComment", &[("id", "$request.path.id")], Some(reply)),
];

const fn related(
    from: &'static str,
    status: &'static str,
    name: &'static str,
    to: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    body: Option<fn() -> Value>,
) -> Related {
    Related { from, status, name, to, parameters, body }
}

fn credentials() -> Value {
    json!({ "username": "$request.body#/username", "password": "$request.body#/password" })
}

fn refresh_token() -> Value {
    json!({ "refresh_token": "$response.body#/refresh_token" })
}

fn reply() -> Value {
    json!({ "content": "Well said.", "parent_id": "$response.body#/id" })
}

/// Adds every link to the document.
pub(super) fn add(document: &mut OpenApi) {
    for (from, status, path, parameter) in CREATED {
        for name in below(document, path) {
            let link = LinkBuilder::new().operation_id(&name).parameter(parameter, "$response.body#/id").build();
            link_to(document, from, status, &name, link);
        }
    }
    for related in RELATED {
        let link = LinkBuilder::new().operation_id(related.to).request_body(related.body.map(|body| body()));
        let link = related.parameters.iter().fold(link, |link, (name, value)| link.parameter(*name, *value));
        link_to(document, related.from, related.status, related.name, link.build());
    }
}

/// Ids of the operations at `path` and below it.
fn below(document: &mut OpenApi, path: &str) -> Vec<String> {
    let is_below = |its: &str| its.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let items = document.paths.paths.iter_mut().filter(|(its, _)| is_below(its));
    items.flat_map(|(_, item)| operations(item)).filter_map(|(_, operation)| operation.operation_id.clone()).collect()
}

fn link_to(document: &mut OpenApi, from: &str, status: &str, name: &str, link: Link) {
    let mut all = document.paths.paths.values_mut().flat_map(operations).map(|(_, operation)| operation);
    let Some(operation) = all.find(|operation| operation.operation_id.as_deref() == Some(from)) else {
        return;
    };
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(status) {
        response.links.insert(name.to_owned(), link.into());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::openapi::document;

    use super::*;

    fn json() -> Value {
        serde_json::to_value(document()).unwrap()
    }

    /// The operations of the document, each with its path.
    fn all(document: &Value) -> Vec<(String, Value)> {
        let paths = document["paths"].as_object().unwrap();
        let operations = |(path, item): (&String, &Value)| {
            let item = item.as_object().unwrap().clone();
            item.into_values().map(|operation| (path.clone(), operation)).collect::<Vec<_>>()
        };
        paths.iter().flat_map(operations).collect()
    }

    /// Names of the links of one response.
    fn links(document: &Value, operation: &str, status: &str) -> BTreeSet<String> {
        let (_, operation) = all(document).into_iter().find(|(_, its)| its["operationId"] == operation).unwrap();
        operation["responses"][status]["links"].as_object().into_iter().flat_map(|all| all.keys().cloned()).collect()
    }

    #[test]
    fn every_created_resource_has_links() {
        for (path, operation) in all(&json()) {
            let created = &operation["responses"]["201"];
            assert!(created.is_null() || created["links"].is_object(), "{path}: add it to `CREATED` or `RELATED`");
        }
    }

    #[test]
    fn created_resources_link_to_every_operation_on_them() {
        let document = json();
        for (from, path) in
            [("signUp", "/v1/users/{user}"), ("publishPost", "/v1/posts/{id}"), ("addComment", "/v1/comments/{id}")]
        {
            let linked = links(&document, from, "201");
            let takes: BTreeSet<_> = all(&document)
                .into_iter()
                .filter(|(its, _)| its.starts_with(path))
                .map(|(_, operation)| operation["operationId"].as_str().unwrap().to_owned())
                .collect();
            assert!(takes.len() >= 6, "{takes:?}");
            assert!(takes.is_subset(&linked), "{from}: {:?}", takes.difference(&linked));
        }
        let session = ["listSessions", "logOut", "refreshSession", "showMe"].map(ToOwned::to_owned).into();
        assert_eq!(links(&document, "logIn", "201"), session);
        assert_eq!(links(&document, "refreshSession", "200"), session);
    }

    #[test]
    fn links_name_an_operation_and_its_required_parameters() {
        let document = json();
        let all = all(&document);
        let mut count = 0;
        for (_, operation) in &all {
            let answers = operation["responses"].as_object().unwrap().values();
            for link in answers.filter_map(|answer| answer["links"].as_object()).flat_map(|links| links.values()) {
                count += 1;
                let (_, target) = all.iter().find(|(_, its)| its["operationId"] == link["operationId"]).unwrap();
                let given = link["parameters"].as_object().into_iter().flat_map(|all| all.keys());
                let given: BTreeSet<_> = given.map(String::as_str).collect();
                let needed = target["parameters"].as_array().into_iter().flatten();
                let needed = needed.filter(|parameter| parameter["required"] == true);
                assert_eq!(needed.filter_map(|its| its["name"].as_str()).collect::<BTreeSet<_>>(), given, "{link}");
            }
        }
        assert!(count >= RELATED.len() + 18, "{count}");
    }
}
