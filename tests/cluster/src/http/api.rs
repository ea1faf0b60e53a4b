//! Sends requests to the gateway or to one instance.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{Call, Reply};

/// Client timeout, longer than those of the gateway and the server.
const PATIENCE: Duration = Duration::from_secs(30);

/// The gateway, or one instance directly.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    base: String,
    name: &'static str,
}

/// An HTTP client that uses no proxy of the environment.
pub(crate) fn client() -> Result<reqwest::Client> {
    built(reqwest::Client::builder())
}

fn built(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    builder.no_proxy().timeout(PATIENCE).build().context("no HTTP client can be made")
}

impl Api {
    /// The API at a port of this machine.
    pub(crate) fn new(name: &'static str, port: u16) -> Result<Self> {
        Ok(Self { http: client()?, base: format!("http://127.0.0.1:{port}"), name })
    }

    /// The same API, with a new connection for each request.
    pub(crate) fn without_keep_alive(&self) -> Result<Self> {
        Ok(Self { http: built(reqwest::Client::builder().pool_max_idle_per_host(0))?, ..self.clone() })
    }

    /// The name in messages.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Sends a request. Responses of any status are returned.
    pub(crate) async fn send(&self, call: &Call) -> Result<Reply, reqwest::Error> {
        let mut request = self.http.request(call.method.clone(), format!("{}{}", self.base, call.path));
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        if let Some(token) = &call.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = &call.key {
            request = request.header("Idempotency-Key", key);
        }
        let sent = Instant::now();
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await?;
        let received = Instant::now();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Reply { status, headers, body, sent, received })
    }

    /// Sends a request and returns a response of any status; no response is an error.
    pub(crate) async fn ask(&self, call: &Call) -> Result<Reply> {
        self.send(call).await.with_context(|| format!("{} through {}", call.shown(), self.name))
    }

    /// Sends a request and fails unless the response is a success.
    pub(crate) async fn succeed(&self, call: &Call) -> Result<Reply> {
        let reply = self.ask(call).await?;
        if !reply.succeeded() {
            bail!("{} through {} is answered {}: {}", call.shown(), self.name, reply.status, reply.body);
        }
        Ok(reply)
    }
}
