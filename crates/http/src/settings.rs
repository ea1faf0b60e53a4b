//! What an operator decides of HTTP.

use std::time::Duration;

use ipnet::IpNet;

/// How the server behaves towards its clients.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Requests that take longer are ended with 503.
    pub request_timeout: Duration,
    /// Networks whose `X-Forwarded-For`, or `Forwarded`, is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Connections to the database: how many writes may be in flight follows from it.
    pub database_connections: u32,
    /// How long a write may be expected to wait for its turn before it is refused; `None` for what suits people.
    pub write_wait: Option<Duration>,
    /// Origins that browsers may call from.
    pub cors_allowed_origins: Vec<String>,
    /// The path that a gateway strips from addresses: empty, or beginning and not ending with `/`.
    pub base_path: String,
    /// Whether anybody gets the spans of requests.
    pub traces_exported: bool,
}

#[cfg(test)]
impl HttpSettings {
    /// What suits most tests.
    pub fn for_tests() -> Self {
        Self {
            request_timeout: Duration::from_secs(10),
            trusted_proxies: Vec::new(),
            database_connections: 20,
            write_wait: None,
            cors_allowed_origins: Vec::new(),
            base_path: String::new(),
            traces_exported: false,
        }
    }
}
