//! Requests to a server under test.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::{TestResponse, TestUser};
use crate::operations::Operation;

/// A time limit that no passing test reaches.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client of one server.
#[derive(Clone)]
pub struct Http {
    address: SocketAddr,
    client: Arc<Mutex<Option<reqwest::Client>>>,
}

impl Http {
    /// A client of the server at `address`.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, client: Arc::new(Mutex::new(Some(client()))) }
    }

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Closes all connections.
    pub(super) fn disconnect(&self) {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// A request of any method.
    pub fn request(&self, method: Method, path: &str) -> TestRequest {
        TestRequest { http: self.clone(), method, path: path.to_owned(), headers: Vec::new(), body: None }
    }

    /// A request for an operation, whose path has its parameters filled in.
    ///
    /// # Panics
    /// If its method is none of HTTP.
    pub fn call(&self, operation: &Operation, path: &str) -> TestRequest {
        self.request(Method::from_bytes(operation.method.as_bytes()).unwrap(), path)
    }

    /// Starts a `GET` request.
    pub fn get(&self, path: &str) -> TestRequest {
        self.request(Method::GET, path)
    }

    /// Starts a `HEAD` request.
    pub fn head(&self, path: &str) -> TestRequest {
        self.request(Method::HEAD, path)
    }

    /// Starts a `POST` request.
    pub fn post(&self, path: &str) -> TestRequest {
        self.request(Method::POST, path)
    }

    /// Starts a `PUT` request.
    pub fn put(&self, path: &str) -> TestRequest {
        self.request(Method::PUT, path)
    }

    /// Starts a `PATCH` request.
    pub fn patch(&self, path: &str) -> TestRequest {
        self.request(Method::PATCH, path)
    }

    /// Starts a `DELETE` request.
    pub fn delete(&self, path: &str) -> TestRequest {
        self.request(Method::DELETE, path)
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

/// A request that is not sent yet.
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct TestRequest {
    http: Http,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl TestRequest {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds an access token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Adds the access token of `user`.
    pub fn as_user(self, user: &TestUser) -> Self {
        self.bearer(&user.access_token)
    }

    /// Adds an idempotency key.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Sets a JSON body.
    #[expect(clippy::needless_pass_by_value, reason = "reads well with `json!`")]
    pub fn json(self, body: Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sets a body of any type.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }

    /// Sends the request and checks the response against the OpenAPI document.
    ///
    /// # Panics
    /// If there is no response, or an undocumented one.
    pub async fn send(self) -> TestResponse {
        let what = format!("{} {}", self.method, self.path);
        self.exchange().await.unwrap_or_else(|error| panic!("{what}: no answer: {error:?}"))
    }

    /// Like [`Self::send`], for a server that may stop at any moment; `None` without a response.
    pub async fn try_send(self) -> Option<TestResponse> {
        self.exchange().await.ok()
    }

    async fn exchange(self) -> Result<TestResponse, reqwest::Error> {
        let client = self.http.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let client = client.unwrap_or_else(|| panic!("the server of this client is gone"));
        let mut request = client.request(self.method.clone(), self.http.url(&self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = self.body {
            request = request.body(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let headers: HeaderMap = response.headers().clone();
        let body = response.bytes().await?;
        Ok(TestResponse::new(self.method.as_str(), &self.path, status, headers, body.to_vec()))
    }

    /// Sends the request and expects this status.
    pub async fn expect(self, status: u16) -> TestResponse {
        self.send().await.expect(status)
    }

    /// Sends the request and expects this problem.
    pub async fn problem(self, status: u16, code: &str) -> TestResponse {
        self.send().await.problem(status, code)
    }
}
