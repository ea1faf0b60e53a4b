//! What every request passes through, from the outside in:
//!
//! 1. [`observe`]: request id, log line, metrics;
//! 2. [`security_headers`];
//! 3. [`problems`]: writes the bodies of errors;
//! 4. CORS and compression (of libraries), and [`encodings`], which adds to the latter;
//! 5. [`limits`]: time, size of the body;
//! 6. [`head`]: answers `HEAD` where there is `GET`;
//! 7. [`authentication::identify`]: who sends the request;
//! 8. [`rate_limit`];
//! 9. [`authentication::refuse_bad_tokens`].

pub(crate) mod authentication;
pub(crate) mod client_address;
pub(crate) mod encodings;
pub(crate) mod head;
pub(crate) mod limits;
pub(crate) mod observe;
pub(crate) mod problems;
pub(crate) mod rate_limit;
pub(crate) mod security_headers;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};

use crate::http::problem::Problem;

/// Ends a request with a problem, from within a middleware.
fn refuse(request: ServiceRequest, problem: Problem) -> ServiceResponse<BoxBody> {
    request.error_response(problem)
}
