//! Checks responses against the OpenAPI document.

use std::sync::LazyLock;

use serde_json::Value;

use super::TestResponse;
use crate::operations::Operation;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(api::openapi::document()).unwrap());

/// Every operation of the document that the server serves.
pub fn operations() -> Vec<Operation> {
    Operation::all_of(&DOCUMENT)
}

/// The operation with this id.
///
/// # Panics
/// If the document has none.
pub fn operation(id: &str) -> Operation {
    operations().into_iter().find(|its| its.id == id).unwrap_or_else(|| panic!("no operation {id:?} in the document"))
}

/// The id of the operation that serves a request, as in `GET /v1/posts?limit=2`.
pub fn operation_id(request: &str) -> Option<&'static str> {
    let (method, path) = request.split_once(' ')?;
    described(method, path)?["operationId"].as_str()
}

/// The names of the document's schemas.
pub fn schema_names() -> Vec<String> {
    DOCUMENT["components"]["schemas"].as_object().unwrap().keys().cloned().collect()
}

/// Fails the test if the document does not describe this response. Requests to undocumented paths are not checked.
pub(super) fn check(method: &str, path: &str, response: &TestResponse) {
    let Some(operation) = described(method, path) else {
        return;
    };
    let TestResponse { request, status, .. } = response;
    let known = resolved(&operation["responses"][status.to_string()]);
    assert!(known.is_object(), "undocumented: {request} → {status} {}", response.text());
    if method == "HEAD" || response.body.is_empty() {
        return;
    }
    let content_type = response.header("content-type").split(';').next().unwrap_or_default().to_owned();
    let content = &known["content"][&content_type];
    assert!(content.is_object(), "undocumented: {request} → {status} as {content_type:?}");
    let readable = !response.headers.contains_key("content-encoding") && content_type.ends_with("json");
    if let Err(difference) = conform(&content["schema"], &response.json, "$")
        && readable
    {
        panic!("undocumented: {request} → {status} {difference}\n{}", response.text());
    }
}

/// Resolves a reference within the document.
fn resolved(described: &'static Value) -> &'static Value {
    let place = described["$ref"].as_str().and_then(|reference| DOCUMENT.pointer(reference.trim_start_matches('#')));
    place.unwrap_or(described)
}

/// The operation that matches the request. Paths without parameters take precedence.
fn described(method: &str, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap_or_default();
    let item = DOCUMENT["paths"].get(path).or_else(|| {
        let paths = DOCUMENT["paths"].as_object().unwrap();
        paths.iter().find(|(template, _)| matches(template, path)).map(|(_, item)| item)
    })?;
    let method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
    item.get(method)
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let fits = |(pattern, part): (&&str, &&str)| pattern == part || (pattern.starts_with('{') && !part.is_empty());
    template.len() == path.len() && template.iter().zip(&path).all(fits)
}

/// Checks the subset of JSON Schema that the document uses. Undocumented fields are errors.
fn conform(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap_or_default();
        return conform(&DOCUMENT["components"]["schemas"][name], value, at);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let differences: Vec<String> = choices.iter().filter_map(|choice| conform(choice, value, at).err()).collect();
        return if differences.len() < choices.len() { Ok(()) } else { Err(differences.join("; or ")) };
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    if !types.iter().any(|kind| is_a(kind, value)) {
        return Err(format!("{at} is {value}, not {types:?}"));
    }
    if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
        return Err(format!("{at} is {value}, which is not in the list"));
    }
    if let (Value::Object(fields), Some(properties)) = (value, schema["properties"].as_object()) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                return Err(format!("{at}.{name} is missing"));
            }
        }
        for (name, field) in fields {
            let property = properties.get(name).ok_or_else(|| format!("{at}.{name} is unknown"))?;
            conform(property, field, &format!("{at}.{name}"))?;
        }
    }
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        conform(&schema["items"], item, &format!("{at}[{number}]"))?;
    }
    Ok(())
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}
