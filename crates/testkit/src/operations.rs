//! The operations of the OpenAPI document, and tables with one entry for each of them.
//!
//! Tests derive their lists from the document: every page, every read with an entity tag, every call with a body. What
//! the document cannot say, such as the expected items, is a table, and [`entries`] compares it with the document. A
//! new operation thus fails every test that lacks it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde_json::Value;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// An operation of the document.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its `operationId`.
    pub id: String,
    /// The method in capitals.
    pub method: String,
    /// The path, with parameters in braces.
    pub path: String,
    /// The fields of its JSON body.
    fields: Vec<String>,
    described: Value,
}

impl Operation {
    /// The operations that a document describes.
    ///
    /// # Panics
    /// If an operation has no id, or the document lacks the schema of a body.
    pub fn all_of(document: &Value) -> Vec<Self> {
        let paths = document["paths"].as_object().into_iter().flatten();
        let all = paths.flat_map(|(path, item)| METHODS.map(|method| (path, method, &item[method])));
        all.filter(|(.., described)| described.is_object())
            .map(|(path, method, described)| Self {
                id: described["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                fields: fields(document, &described["requestBody"]),
                described: described.clone(),
            })
            .collect()
    }

    /// Method and path, as in `GET /v1/posts/{id}`.
    pub fn call(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it belongs to the API. The others are documentation, health and metrics.
    pub fn is_api(&self) -> bool {
        self.path.starts_with("/v1/")
    }

    /// Whether it changes nothing.
    pub fn is_read(&self) -> bool {
        self.method == "GET"
    }

    /// Whether it returns a list in pages.
    pub fn is_page(&self) -> bool {
        self.takes("query", "cursor")
    }

    /// Whether its response has an entity tag that `If-None-Match` takes.
    pub fn is_tagged(&self) -> bool {
        self.is_read() && self.has_status(304)
    }

    /// Whether it names a resource in its path.
    pub fn has_resource(&self) -> bool {
        self.path.contains('{')
    }

    /// Whether it needs an access token. The document lists an empty requirement for calls that merely accept one.
    pub fn needs_token(&self) -> bool {
        let ways = self.described["security"].as_array().map(Vec::as_slice).unwrap_or_default();
        !ways.is_empty() && ways.iter().all(|way| way.as_object().is_some_and(|schemes| !schemes.is_empty()))
    }

    /// Whether it takes a body.
    pub fn takes_body(&self) -> bool {
        self.described["requestBody"].is_object()
    }

    /// Whether its body has this field.
    pub fn takes_field(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field == name)
    }

    /// Whether it takes this request header.
    pub fn takes_header(&self, name: &str) -> bool {
        self.takes("header", name)
    }

    /// Whether the document describes a response with this status.
    pub fn has_status(&self, status: u16) -> bool {
        self.described["responses"][status.to_string()].is_object()
    }

    fn takes(&self, place: &str, name: &str) -> bool {
        let mut parameters = self.described["parameters"].as_array().into_iter().flatten();
        parameters.any(|parameter| parameter["in"] == place && parameter["name"] == name)
    }
}

/// The fields of a body, whose schema the document refers to.
fn fields(document: &Value, body: &Value) -> Vec<String> {
    let Some(reference) = body["content"]["application/json"]["schema"]["$ref"].as_str() else {
        return Vec::new();
    };
    let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
    schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys().cloned()).collect()
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({} {})", self.id, self.method, self.path)
    }
}

/// The operations of `openapi.json` in the repository, for tests without a server. A test of the server compares the
/// file with the document that it serves.
///
/// # Panics
/// If the file cannot be read.
pub fn committed_operations() -> Vec<Operation> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    Operation::all_of(&serde_json::from_str(&text).unwrap())
}

/// Each operation with its entry in `table`. The key of an entry is an id (`showPost`) or a call
/// (`GET /v1/posts/{id}`). `wanted` says what an entry holds, for the message.
///
/// # Panics
/// If an operation has no entry, or an entry has no operation or is there twice. The message names all of them.
#[track_caller]
pub fn entries<K: AsRef<str>, T>(
    operations: impl IntoIterator<Item = Operation>,
    table: impl IntoIterator<Item = (K, T)>,
    wanted: &str,
) -> Vec<(Operation, T)> {
    let mut differences = Vec::new();
    let mut known = BTreeMap::new();
    for (key, entry) in table {
        let key = key.as_ref().to_owned();
        if known.insert(key.clone(), entry).is_some() {
            differences.push(format!("`{key}` has two entries: remove one"));
        }
    }
    let mut found = Vec::new();
    for operation in operations {
        match known.remove(&operation.id).or_else(|| known.remove(&operation.call())) {
            Some(entry) => found.push((operation, entry)),
            None => differences.push(format!("{operation} has no entry: add {wanted}")),
        }
    }
    differences.extend(known.into_keys().map(|key| format!("`{key}` is no such operation: remove its entry")));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    found
}

/// Compares operations with the keys of a list, like [`entries`].
///
/// # Panics
/// If they differ.
#[track_caller]
pub fn assert_complete<K: AsRef<str>>(
    operations: impl IntoIterator<Item = Operation>,
    keys: impl IntoIterator<Item = K>,
    wanted: &str,
) {
    entries(operations, keys.into_iter().map(|key| (key, ())), wanted);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn operations() -> Vec<Operation> {
        let words = json!({ "properties": { "content": {} } });
        let body = json!({ "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Words" } } } });
        Operation::all_of(&json!({ "components": { "schemas": { "Words": words } }, "paths": {
            "/v1/posts": {
                "get": {
                    "operationId": "publicFeed",
                    "security": [{}, { "bearer": [] }],
                    "parameters": [{ "name": "cursor", "in": "query" }],
                    "responses": { "200": {}, "304": {} },
                },
                "post": {
                    "operationId": "publishPost",
                    "security": [{ "bearer": [] }],
                    "parameters": [{ "name": "Idempotency-Key", "in": "header" }],
                    "requestBody": body,
                    "responses": { "201": {} },
                },
            },
            "/v1/posts/{id}": {
                "parameters": [],
                "delete": { "operationId": "deletePost", "security": [], "responses": { "204": {} } },
            },
        }}))
    }

    fn ids(of: impl Fn(&Operation) -> bool) -> Vec<String> {
        operations().into_iter().filter(of).map(|operation| operation.id).collect()
    }

    #[test]
    fn are_known_by_what_the_document_says() {
        assert_eq!(ids(|_| true), ["publicFeed", "publishPost", "deletePost"]);
        assert_eq!(ids(Operation::is_page), ["publicFeed"]);
        assert_eq!(ids(Operation::is_tagged), ["publicFeed"]);
        assert_eq!(ids(Operation::needs_token), ["publishPost"]);
        assert_eq!(ids(Operation::takes_body), ["publishPost"]);
        assert_eq!(ids(|operation| operation.takes_field("content")), ["publishPost"]);
        assert_eq!(ids(|operation| operation.takes_header("Idempotency-Key")), ["publishPost"]);
        assert_eq!(ids(Operation::has_resource), ["deletePost"]);
        assert_eq!(ids(|operation| operation.has_status(201)), ["publishPost"]);
    }

    #[test]
    fn have_their_entries_by_id_or_by_call() {
        let table = [("POST /v1/posts", 2), ("deletePost", 3), ("publicFeed", 1)];
        let found: Vec<_> = entries(operations(), table, "a number").into_iter().map(|(_, number)| number).collect();
        assert_eq!(found, [1, 2, 3]);
    }

    #[test]
    #[should_panic(expected = "`publishPost` (POST /v1/posts) has no entry: add a number")]
    fn are_named_if_they_have_no_entry() {
        entries(operations(), [("publicFeed", 1), ("deletePost", 3)], "a number");
    }

    #[test]
    #[should_panic(expected = "`likePost` is no such operation: remove its entry")]
    fn are_missed_by_an_entry_without_one() {
        assert_complete(operations(), ["publicFeed", "publishPost", "deletePost", "likePost"], "it");
    }

    #[test]
    #[should_panic(expected = "`publicFeed` has two entries")]
    fn have_one_entry_each() {
        assert_complete(operations(), ["publicFeed", "publishPost", "deletePost", "publicFeed"], "it");
    }
}
