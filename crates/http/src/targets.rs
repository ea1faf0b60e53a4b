//! Targets of log lines. Operators choose lines by them (`RUST_LOG`), so they stay when code moves.

/// The line of a request, and its span.
pub(crate) const REQUESTS: &str = "api::middleware::observe";
/// Why a request failed.
pub(crate) const PROBLEMS: &str = "api::http::problem";
/// What is no request.
pub(crate) const REFUSALS: &str = "api::http::refusal";
/// Whom proxies forward for.
pub(crate) const CLIENTS: &str = "api::middleware::client_address";
/// Whether the server can serve.
pub(crate) const HEALTH: &str = "api::operations::health";
