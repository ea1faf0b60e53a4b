//! The parts of the URL space that this shell serves.

use http_kit::surface::{Layer, Surface, Surfaces};

use crate::accounts;

/// All surfaces. Operational paths use [`Surface::PLAIN`]. Health checks come every few seconds and are not logged.
pub(crate) static SURFACES: &[Surface] = &[
    Surface {
        prefix: "/v1/",
        budgets: accounts::BUDGETS,
        stack: &[
            Layer::Log,
            Layer::Compression,
            Layer::Body,
            Layer::Deadline,
            Layer::Tokens,
            Layer::Budgets,
            Layer::Parameters,
        ],
        opens_session: accounts::OPENS_SESSION,
        audited: accounts::AUDITED,
        ..Surface::PLAIN
    },
    documentation("/openapi.json"),
    documentation("/docs"),
    documentation("/docs/"),
    Surface { prefix: "/health/", stack: &[Layer::Compression, Layer::Body, Layer::Deadline], ..Surface::PLAIN },
];

/// Documentation counts against the rate limits as the API does, and needs no token.
const fn documentation(prefix: &'static str) -> Surface {
    let stack = &[Layer::Log, Layer::Compression, Layer::Body, Layer::Deadline, Layer::Budgets];
    Surface { prefix, stack, ..Surface::PLAIN }
}

/// The surface that covers a path.
pub(crate) fn of(path: &str) -> &'static Surface {
    Surfaces::new(SURFACES).of(path)
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use serde_json::Value;

    use super::*;
    use http_kit::rate_limit::Budget;

    fn has(path: &str) -> [bool; 4] {
        [Layer::Log, Layer::Tokens, Layer::Budgets, Layer::Parameters].map(|layer| of(path).has(layer))
    }

    #[test]
    fn each_surface_has_its_layers() {
        assert_eq!(has("/v1/posts"), [true, true, true, true]);
        for path in ["/openapi.json", "/docs", "/docs/", "/docs/index.css"] {
            assert_eq!(has(path), [true, false, true, false], "{path}");
        }
        for path in ["/", "/metrics", "/v1", "/openapi.json/", "/docsx", "/nothing"] {
            assert_eq!(has(path), [true, false, false, false], "{path}");
        }
        assert_eq!(has("/health/live"), [false; 4]);
    }

    /// Every operation of the API: its method, its path, and the description.
    fn operations(document: &Value) -> Vec<(Method, String, Value)> {
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/v1/")) {
            for (method, operation) in item.as_object().unwrap().iter().filter(|(_, it)| it.is_object()) {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                operations.push((method, path.clone(), operation.clone()));
            }
        }
        assert!(!operations.is_empty());
        operations
    }

    /// Whether the JSON that `described` has contains this field.
    fn has_field(document: &Value, described: &Value, name: &str) -> bool {
        let schema = described["content"]["application/json"]["schema"]["$ref"].as_str().unwrap_or_default();
        let schema = document.pointer(schema.trim_start_matches('#'));
        schema.is_some_and(|schema| schema["properties"].get(name).is_some())
    }

    #[test]
    fn calls_that_check_a_password_use_the_credentials_budget() {
        let document = serde_json::to_value(crate::openapi::document()).unwrap();
        let mut checking = Vec::new();
        for (method, path, operation) in operations(&document) {
            let expected = if has_field(&document, &operation["requestBody"], "password") {
                Budget::CREDENTIALS
            } else if method == Method::GET {
                Budget::READS
            } else {
                Budget::WRITES
            };
            assert_eq!(of(&path).budget(&method, &path), expected, "{method} {path}");
            if expected == Budget::CREDENTIALS {
                checking.push((method, path));
            }
        }
        assert_eq!(checking.len(), accounts::BUDGETS.len(), "{checking:?}");
        for (method, path) in [(Method::POST, "/v1/sessions"), (Method::PATCH, "/v1/users/me")] {
            assert!(checking.contains(&(method, path.to_owned())), "{path}");
        }
    }

    #[test]
    fn calls_that_issue_tokens_open_a_session() {
        let document = serde_json::to_value(crate::openapi::document()).unwrap();
        let mut issuing = 0;
        for (method, path, operation) in operations(&document) {
            let responses = operation["responses"].as_object().unwrap();
            let issues = responses.values().any(|response| has_field(&document, response, "access_token"));
            assert_eq!(of(&path).opens_session(&method, &path), issues, "{method} {path}");
            issuing += usize::from(issues);
        }
        assert_eq!(issuing, accounts::OPENS_SESSION.len());
    }
}
