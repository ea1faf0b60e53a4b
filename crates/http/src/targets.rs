//! Targets of log lines. Operators filter by them (`RUST_LOG`), so they stay when code moves.

/// The log line of a request, and its span.
pub(crate) const REQUESTS: &str = "api::middleware::observe";
/// Causes of failed requests.
pub(crate) const PROBLEMS: &str = "api::http::problem";
/// Received bytes that are not a request.
pub(crate) const REFUSALS: &str = "api::http::refusal";
/// Proxies whose forwarding headers cannot be parsed.
pub(crate) const CLIENTS: &str = "api::middleware::client_address";
/// Changes of the health status.
pub(crate) const HEALTH: &str = "api::operations::health";
