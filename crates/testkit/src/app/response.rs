//! What a server under test answered.

use std::ops::Index;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::{document, invariants};

/// An answer, which the OpenAPI document knows.
#[derive(Debug, Clone)]
pub struct TestResponse {
    /// What was asked: method and path.
    pub request: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
    /// The body as JSON; null if it is none.
    pub json: Value,
}

impl TestResponse {
    /// Checks what must hold of every answer.
    pub(super) fn new(method: &str, path: &str, status: u16, headers: HeaderMap, body: Vec<u8>) -> Self {
        let json = serde_json::from_slice(&body).unwrap_or_default();
        let response = Self { request: format!("{method} {path}"), status, headers, body, json };
        invariants::check(method, &response);
        document::check(method, path, &response);
        response
    }

    /// The answer, if it has this status.
    ///
    /// # Panics
    /// When it has another; shows what it says.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "often only the status matters")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
        self
    }

    /// The answer, if it is this problem.
    ///
    /// # Panics
    /// When it is another; shows what it says.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "often only the status matters")]
    pub fn problem(self, status: u16, code: &str) -> Self {
        let response = self.expect(status);
        assert_eq!(response.json["code"], code, "{}: {}", response.request, response.text());
        response
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// All values of a header, joined.
    pub fn joined_header(&self, name: &str) -> String {
        let values: Vec<&str> = self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        values.join(", ")
    }

    /// A text of the JSON body.
    ///
    /// # Panics
    /// When there is none of this name.
    #[track_caller]
    pub fn str(&self, field: &str) -> &str {
        self.json[field].as_str().unwrap_or_else(|| panic!("no text {field:?} in {}", self.text()))
    }

    /// The id in the JSON body.
    #[track_caller]
    pub fn id(&self) -> String {
        self.str("id").to_owned()
    }

    /// The items of a page.
    ///
    /// # Panics
    /// When it is no page.
    #[track_caller]
    pub fn items(&self) -> &[Value] {
        self.json["items"].as_array().unwrap_or_else(|| panic!("no items in {}", self.text()))
    }

    /// One text of each item of a page.
    #[track_caller]
    pub fn each(&self, field: &str) -> Vec<&str> {
        self.items().iter().map(|item| item[field].as_str().unwrap_or("null")).collect()
    }

    /// Where the next page begins.
    pub fn next_cursor(&self) -> Option<&str> {
        self.json["next_cursor"].as_str()
    }

    /// What is wrong with which field: `field: code`, in the order of the answer.
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
