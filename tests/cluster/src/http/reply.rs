//! A response.

use std::time::Instant;

use reqwest::header::HeaderMap;
use serde_json::Value;

/// A response, and when it was received.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) sent: Instant,
    pub(crate) received: Instant,
}

impl Reply {
    pub(crate) fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's text; empty if it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A field of the body, by JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// A text field by JSON pointer; empty if it is missing.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap_or_default()
    }

    /// A number field by JSON pointer.
    pub(crate) fn count(&self, pointer: &str) -> Option<u64> {
        self.at(pointer).as_u64()
    }
}
