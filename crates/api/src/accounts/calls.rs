//! Calls of this context that the middlewares treat specially.

use actix_web::http::Method;
use http_kit::rate_limit::Budget;

/// Calls that check a password. They are expensive to serve and worth guessing, so they have a budget of their own.
pub(crate) const BUDGETS: &[(Method, &str, Budget)] = &[
    (Method::POST, "/v1/sessions", Budget::CREDENTIALS),
    (Method::POST, "/v1/users", Budget::CREDENTIALS),
    (Method::PATCH, "/v1/users/me", Budget::CREDENTIALS),
    (Method::POST, "/v1/users/me/erasure", Budget::CREDENTIALS),
];

/// Calls that issue tokens.
pub(crate) const OPENS_SESSION: &[(Method, &str)] =
    &[(Method::POST, "/v1/sessions"), (Method::POST, "/v1/sessions/refresh")];

/// Path prefixes under which changes concern accounts and sessions.
pub(crate) const AUDITED: &[&str] = &["/v1/sessions", "/v1/users"];
