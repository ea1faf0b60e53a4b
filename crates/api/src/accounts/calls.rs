//! The calls of this context that middlewares treat in a way of their own.

use actix_web::http::Method;
use http_kit::rate_limit::Budget;

/// Calls that check a password are slow to serve, and worth guessing.
pub(crate) const BUDGETS: &[(Method, &str, Budget)] = &[
    (Method::POST, "/v1/sessions", Budget::CREDENTIALS),
    (Method::POST, "/v1/users", Budget::CREDENTIALS),
    (Method::PATCH, "/v1/users/me", Budget::CREDENTIALS),
    (Method::POST, "/v1/users/me/erasure", Budget::CREDENTIALS),
];

/// Calls that get new tokens.
pub(crate) const OPENS_SESSION: &[(Method, &str)] =
    &[(Method::POST, "/v1/sessions"), (Method::POST, "/v1/sessions/refresh")];

/// Where changes concern accounts and sessions.
pub(crate) const AUDITED: &[&str] = &["/v1/sessions", "/v1/users"];
