//! Converts OpenAPI 3.1 to 3.0, which the generator reads.
//!
//! Only what the two versions spell differently is changed. In addition, the content type of problems becomes
//! `application/json`, so that the generator gives it a type. Paths outside `/v1/` are dropped, because they are not
//! for clients.

use serde_json::{Map, Value, json};

/// Converts the document in place.
pub(crate) fn to_3_0(document: &mut Value) {
    document["openapi"] = json!("3.0.3");
    if let Some(license) = document["info"]["license"].as_object_mut() {
        license.remove("identifier");
    }
    if let Some(paths) = document["paths"].as_object_mut() {
        paths.retain(|path, _| path.starts_with("/v1/"));
    }
    respell(document);
}

fn respell(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(respell),
        Value::Object(fields) => {
            fields.values_mut().for_each(respell);
            if let Some(content) = fields.remove("application/problem+json") {
                fields.insert("application/json".to_owned(), content);
            }
            // 3.1 has a list of examples. In 3.0, `examples` is a map of names, so the first one becomes `example`.
            if let Some(example) = fields.get("examples").and_then(|examples| examples.get(0)).cloned() {
                fields.remove("examples");
                fields.insert("example".to_owned(), example);
            }
            nullable_type(fields);
            nullable_choice(fields);
        }
        _ => {}
    }
}

/// `type: [string, null]` becomes `type: string, nullable: true`.
fn nullable_type(fields: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = fields.get("type") else {
        return;
    };
    let known: Vec<_> = types.iter().filter(|kind| *kind != "null").cloned().collect();
    let [known] = known.as_slice() else {
        panic!("3.0 knows no schema of several types: {types:?}");
    };
    let (known, nullable) = (known.clone(), types.len() > 1);
    fields.insert("type".to_owned(), known);
    if nullable {
        fields.insert("nullable".to_owned(), json!(true));
    }
}

/// `oneOf: [{type: null}, schema]` becomes `allOf: [schema], nullable: true`.
fn nullable_choice(fields: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = fields.get("oneOf") else {
        return;
    };
    let other: Vec<_> = choices.iter().filter(|choice| choice["type"] != "null").cloned().collect();
    if other.len() == 1 && choices.len() == 2 {
        fields.remove("oneOf");
        fields.insert("allOf".to_owned(), Value::Array(other));
        fields.insert("nullable".to_owned(), json!(true));
    }
}
