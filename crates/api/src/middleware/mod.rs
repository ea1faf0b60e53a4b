//! What every request passes through, from the outside in:
//!
//! 1. [`observe`]: request id, log line, metrics;
//! 2. [`security_headers`];
//! 3. [`problems`]: writes the bodies of errors;
//! 4. CORS and compression (of libraries), and [`encodings`], which adds to the latter;
//! 5. [`body`]: reads it, within bounds of size and time;
//! 6. [`deadline`]: bounds the time of everything further in;
//! 7. [`head`]: answers `HEAD` where there is `GET`;
//! 8. [`authentication::identify`]: who sends the request;
//! 9. [`rate_limit`];
//! 10. [`authentication::refuse_bad_tokens`];
//! 11. [`runtime`]: what handlers open outlives their thread.

pub(crate) mod authentication;
pub(crate) mod body;
pub(crate) mod client_address;
pub(crate) mod deadline;
pub(crate) mod encodings;
pub(crate) mod head;
pub(crate) mod observe;
pub(crate) mod problems;
pub(crate) mod rate_limit;
pub(crate) mod runtime;
pub(crate) mod security_headers;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};

use crate::http::problem::Problem;

/// The path that the router will see: decoded, so that no other way to write it gets around what is judged by it.
fn routed_path(request: &ServiceRequest) -> &str {
    request.match_info().as_str()
}

/// Ends a request with a problem, from within a middleware.
fn refuse(request: ServiceRequest, problem: Problem) -> ServiceResponse<BoxBody> {
    request.error_response(problem)
}
