//! Generates the table of calls in `docs/api.md` from the OpenAPI document.

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Markers around the table.
const BEGIN: &str = "<!-- calls: written by `cargo xtask openapi` -->\n";
const END: &str = "<!-- end of calls -->\n";

/// Methods in the order of the rows of one path.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// `guide` with the table of the calls in `document`.
pub(super) fn put_into(guide: &str, document: &str) -> Result<String> {
    let document: Value = serde_json::from_str(document).context("the OpenAPI document is not JSON")?;
    let (before, rest) =
        guide.split_once(BEGIN).with_context(|| format!("docs/api.md has no line `{}`", BEGIN.trim()))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("docs/api.md has no line `{}`", END.trim()))?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", tables(&document)))
}

/// One table per tag, in the order of the document.
fn tables(document: &Value) -> String {
    let mut tables = Vec::new();
    for tag in list(&document["tags"]).filter_map(|tag| tag["name"].as_str()) {
        let rows: String = operations(document)
            .filter(|(_, _, operation)| list(&operation["tags"]).any(|its| its == tag))
            .map(|(path, method, operation)| row(document, path, method, operation))
            .collect();
        if !rows.is_empty() {
            let head = "| call | | takes | answers |\n|---|---|---|---|\n";
            tables.push(format!("\n**{tag}**\n\n{head}{rows}"));
        }
    }
    tables.push("\n".to_owned());
    tables.concat()
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &'static str, &Value)> {
    document["paths"].as_object().into_iter().flatten().flat_map(|(path, item)| {
        METHODS.into_iter().filter_map(move |method| Some((path.as_str(), method, item.get(method)?)))
    })
}

fn row(document: &Value, path: &str, method: &str, operation: &Value) -> String {
    let call = format!("{} {path}", method.to_uppercase());
    let summary = operation["summary"].as_str().unwrap_or_default();
    let mut takes: Vec<String> = list(&operation["parameters"])
        .filter(|parameter| parameter["in"] != "path")
        .map(|parameter| {
            let is_required = parameter["required"] == true;
            field(document, parameter["name"].as_str().unwrap_or_default(), &parameter["schema"], is_required)
        })
        .collect();
    let body = resolved(document, &operation["requestBody"]["content"]["application/json"]["schema"]);
    let is_required = |name: &str| list(&body["required"]).any(|required| required == name);
    let fields = body["properties"].as_object().into_iter().flatten();
    takes.extend(fields.map(|(name, schema)| field(document, name, schema, is_required(name))));
    let mut ways = list(&operation["security"]);
    let is_open = ways.len() == 0 || ways.any(|way| way.get("bearer").is_none());
    let needs = if is_open { "" } else { " (signed in)" };
    format!("| `{call}` | {summary}{needs} | {} | {} |\n", takes.join(", "), answers(operation))
}

/// The name, a question mark if it is optional, and its bounds.
fn field(document: &Value, name: &str, schema: &Value, is_required: bool) -> String {
    let schema = resolved(document, schema);
    let optional = if is_required { "" } else { "?" };
    let bounds = [("minLength", "maxLength", " characters"), ("minimum", "maximum", "")].into_iter().find_map(
        |(least, most, unit)| match (schema[least].as_u64(), schema[most].as_u64()) {
            (Some(least), Some(most)) => Some(format!(" ({least} to {most}{unit})")),
            (None, Some(most)) => Some(format!(" (up to {most}{unit})")),
            (Some(least), None) => Some(format!(" (from {least}{unit})")),
            (None, None) => None,
        },
    );
    format!("`{name}`{optional}{}", bounds.unwrap_or_default())
}

/// Status and schema of successful responses.
fn answers(operation: &Value) -> String {
    let answers = operation["responses"].as_object().into_iter().flatten();
    let shown = answers.filter(|(status, _)| status.starts_with('2') || *status == "308").map(|(status, answer)| {
        let schema = answer["content"]["application/json"]["schema"]["$ref"].as_str();
        let shape = schema.and_then(|reference| reference.rsplit('/').next()).map(|name| format!(" `{name}`"));
        format!("{status}{}", shape.unwrap_or_default())
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn resolved<'d>(document: &'d Value, described: &'d Value) -> &'d Value {
    let place = described["$ref"].as_str().and_then(|reference| document.pointer(reference.trim_start_matches('#')));
    place.unwrap_or(described)
}

fn list(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> String {
        let words = json!({
            "properties": { "content": { "minLength": 1, "maxLength": 500 }, "parent_id": {} },
            "required": ["content"],
        });
        json!({
            "tags": [{ "name": "posts" }, { "name": "unused" }],
            "paths": { "/v1/posts": {
                "get": {
                    "operationId": "list", "tags": ["posts"], "summary": "List", "security": [{}, { "bearer": [] }],
                    "parameters": [{ "name": "limit", "in": "query", "schema": { "minimum": 1, "maximum": 100 } }],
                    "responses": { "200": { "content": { "application/json": {
                        "schema": { "$ref": "#/components/schemas/Page_Post" } } } }, "304": {} },
                },
                "post": {
                    "operationId": "publish", "tags": ["posts"], "summary": "Publish", "security": [{ "bearer": [] }],
                    "requestBody": { "content": { "application/json": {
                        "schema": { "$ref": "#/components/schemas/Words" } } } },
                    "responses": { "204": {}, "422": {} },
                },
            } },
            "components": { "schemas": { "Words": words } },
        })
        .to_string()
    }

    #[test]
    fn has_a_row_per_call() {
        let guide = format!("before\n{BEGIN}stale\n{END}after\n");
        let expected = format!(
            "before\n{BEGIN}\n**posts**\n\n| call | | takes | answers |\n|---|---|---|---|\n\
             | `GET /v1/posts` | List | `limit`? (1 to 100) | 200 `Page_Post` |\n\
             | `POST /v1/posts` | Publish (signed in) | `content` (1 to 500 characters), `parent_id`? | 204 |\n\n{END}after\n"
        );
        assert_eq!(put_into(&guide, &document()).unwrap(), expected);
    }

    #[test]
    fn a_guide_without_markers_is_an_error() {
        assert!(put_into("before\nafter\n", &document()).is_err());
    }
}
