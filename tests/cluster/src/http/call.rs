//! A request before it is sent.

use reqwest::Method;
use serde_json::{Value, json};

use super::User;

/// A request that can be sent to any instance, repeatedly.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    pub(super) token: Option<String>,
    pub(super) key: Option<String>,
}

impl Call {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None, token: None, key: None }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn put(path: impl Into<String>) -> Self {
        Self::new(Method::PUT, path)
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub(crate) fn post(path: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::POST, path) }
    }

    pub(crate) fn patch(path: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::PATCH, path) }
    }

    pub(crate) fn publish(content: &str) -> Self {
        Self::post("/v1/posts", json!({ "content": content }))
    }

    /// Adds the user's access token.
    #[must_use]
    pub(crate) fn by(mut self, user: &User) -> Self {
        self.token = Some(user.token.clone());
        self
    }

    /// Adds an idempotency key.
    #[must_use]
    pub(crate) fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Whether it only reads.
    pub(crate) fn reads(&self) -> bool {
        self.method == Method::GET
    }

    /// Whether a gateway may send it a second time.
    pub(crate) fn repeatable(&self) -> bool {
        self.key.is_some() || self.method == Method::PUT || self.method == Method::DELETE || self.reads()
    }

    /// Whether it deletes a post or a comment; a second time gets 404.
    pub(crate) fn deletes_a_post(&self) -> bool {
        let switches = ["/like", "/bookmark", "/follow"];
        self.method == Method::DELETE && !switches.iter().any(|end| self.path.ends_with(end))
    }

    /// Method and path, for messages.
    pub(crate) fn shown(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}
