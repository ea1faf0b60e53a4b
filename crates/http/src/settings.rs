//! HTTP settings that the operator configures.

use std::time::Duration;

use ipnet::IpNet;

/// Limits and addresses of the HTTP server.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Time limit of a request; longer ones end with 503.
    pub request_timeout: Duration,
    /// Networks whose `X-Forwarded-For` or `Forwarded` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Connections to the database. The number of writes in flight is derived from it.
    pub database_connections: u32,
    /// Longest expected wait of a write that is still admitted; `None` for the default.
    pub write_wait: Option<Duration>,
    /// Origins that browsers may call from.
    pub cors_allowed_origins: Vec<String>,
    /// The path that a gateway strips: empty, or starting with `/` and not ending with it.
    pub base_path: String,
    /// Whether spans of requests are exported.
    pub traces_exported: bool,
}

#[cfg(test)]
impl HttpSettings {
    /// Settings that suit most tests.
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
