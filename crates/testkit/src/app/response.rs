//! Responses of a server under test.

use std::ops::Index;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::{document, invariants};

/// A response that the OpenAPI document describes.
#[derive(Debug, Clone)]
pub struct TestResponse {
    /// Method and path of the request.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// HTTP headers.
    pub headers: HeaderMap,
    /// The body in bytes.
    pub body: Vec<u8>,
    /// The body as JSON; null if it is not JSON.
    pub json: Value,
}

impl TestResponse {
    /// Checks the invariants of every response.
    pub(super) fn new(method: &str, path: &str, status: u16, headers: HeaderMap, body: Vec<u8>) -> Self {
        let json = serde_json::from_slice(&body).unwrap_or_default();
        let response = Self { request: format!("{method} {path}"), status, headers, body, json };
        invariants::check(method, &response);
        document::check(method, path, &response);
        response
    }

    /// The response, if it has this status.
    ///
    /// # Panics
    /// If it has another one; the message shows the body.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "often only the status matters")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
        self
    }

    /// The response, if it is this problem.
    ///
    /// # Panics
    /// If it is another one; the message shows the body.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "often only the status matters")]
    pub fn problem(self, status: u16, code: &str) -> Self {
        let response = self.expect(status);
        assert_eq!(response.json["code"], code, "{}: {}", response.request, response.text());
        response
    }

    /// The body as text; invalid UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// All values of a header, joined with commas.
    pub fn joined_header(&self, name: &str) -> String {
        let values: Vec<&str> = self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        values.join(", ")
    }

    /// A text field of the JSON body.
    ///
    /// # Panics
    /// If it is missing.
    #[track_caller]
    pub fn str(&self, field: &str) -> &str {
        self.json[field].as_str().unwrap_or_else(|| panic!("no text {field:?} in {}", self.text()))
    }

    /// The `id` of the JSON body.
    #[track_caller]
    pub fn id(&self) -> String {
        self.str("id").to_owned()
    }

    /// The items of a page.
    ///
    /// # Panics
    /// If the body is not a page.
    #[track_caller]
    pub fn items(&self) -> &[Value] {
        self.json["items"].as_array().unwrap_or_else(|| panic!("no items in {}", self.text()))
    }

    /// A text field of each item of a page, such as `id`, or `post.id` inside another field.
    #[track_caller]
    pub fn each(&self, field: &str) -> Vec<&str> {
        let mut texts = Vec::new();
        for item in self.items() {
            let value = field.split('.').fold(item, |value, name| &value[name]);
            texts.push(value.as_str().unwrap_or("null"));
        }
        texts
    }

    /// The cursor of the next page.
    pub fn next_cursor(&self) -> Option<&str> {
        self.json["next_cursor"].as_str()
    }

    /// The field errors as `field: code`, in the order of the response.
    pub fn field_errors(&self) -> Vec<String> {
        let errors = self.json["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
        errors.iter().map(|error| format!("{}: {}", text(error, "field"), text(error, "code"))).collect()
    }
}

impl Index<&str> for TestResponse {
    type Output = Value;

    fn index(&self, field: &str) -> &Value {
        &self.json[field]
    }
}
