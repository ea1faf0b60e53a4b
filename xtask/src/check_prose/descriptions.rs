//! The prose of an OpenAPI document: what it gives as summaries and descriptions.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{Passage, markdown};

/// The passages of every summary and description. Their lines are not known: the document is one value.
pub(super) fn passages(document: &str) -> Result<Vec<Passage>> {
    let mut passages = Vec::new();
    collect(&serde_json::from_str(document).context("the document is not JSON")?, &mut passages);
    Ok(passages)
}

fn collect(value: &Value, passages: &mut Vec<Passage>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "description" || name == "summary" => {
                        passages.extend(markdown::passages(text, 1));
                    }
                    _ => collect(member, passages),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, passages)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_descriptions_at_any_depth() {
        let document = r#"{"info": {"summary": "One."}, "list": [{"description": "Two.\n\nThree.", "title": "no"}]}"#;
        let mut texts: Vec<_> = passages(document).unwrap().into_iter().map(|passage| passage.text).collect();
        texts.sort();
        assert_eq!(texts, ["One.", "Three.", "Two."]);
    }
}
