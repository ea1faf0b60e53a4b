//! A response of the server, to be repeated by static servers.

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::request::Request;

/// Headers that every server generates itself.
const OWN: [&str; 4] = ["date", "content-length", "connection", "transfer-encoding"];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Names and values, without those that every server generates itself.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

/// The response of the server at `host`.
///
/// # Errors
/// If there is no response, or an error status.
pub async fn to(http: &reqwest::Client, host: &str, request: &Request) -> Result<Answer> {
    let method = request.method.parse().context("no method")?;
    let mut call = http.request(method, format!("http://{host}{}", request.path));
    for (name, value) in &request.headers {
        call = call.header(*name, value);
    }
    if let Some(body) = &request.body {
        call = call.body(body.clone());
    }
    let response = call.send().await?;
    let status = response.status().as_u16();
    let headers = response.headers().iter().map(|(name, value)| {
        Ok((name.to_string(), value.to_str().with_context(|| format!("{name} is no text"))?.to_owned()))
    });
    let headers: Vec<_> = headers.collect::<Result<_>>()?;
    let body = response.text().await?;
    ensure!(status < 400, "{} {} is answered by {status}: {body}", request.method, request.path);
    Ok(Answer {
        status,
        headers: headers.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str())).collect(),
        body,
    })
}

impl Answer {
    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// If the body is not JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_str(&self.body).with_context(|| format!("no JSON: {}", self.body))
    }
}
