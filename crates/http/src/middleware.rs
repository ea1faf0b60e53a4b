//! The middlewares, and the order in which every request passes through them.
//!
//! From the outside in ([`outside`] is 1 to 5, [`inside`] starts at 6):
//!
//! 1. [`observe`]: assigns the request id, writes the log line, records metrics;
//! 2. [`security_headers`]: adds the default security headers;
//! 3. [`unread_body`]: closes the connection of a request whose body was not read to its end;
//! 4. [`problems`]: writes the bodies of errors;
//! 5. [`encodings`]: corrects the headers of compression; within it the compression of actix-web and [`cors`];
//! 6. [`body`]: reads the body within its size limit and timeout (413, 408);
//! 7. [`target::length`]: limits the length of path and query (414);
//! 8. [`drain`]: sends clients to other instances while the server stops (502);
//! 9. [`shed::surplus`]: rejects requests on surplus connections (503);
//! 10. [`deadline`]: limits the time of everything further in (503);
//! 11. [`head`]: routes `HEAD` as `GET`;
//! 12. [`authentication::identify`]: verifies the access token;
//! 13. [`rate_limit`]: counts the request against the client's budget (429);
//! 14. [`authentication::refuse_bad_tokens`]: rejects bad tokens (401);
//! 15. [`target::parameters`]: rejects unknown query parameters (422);
//! 16. [`shed::admit`]: sets the caller for fair queues, and admits writes (503);
//! 17. [`runtime`]: runs the handler in the context of the server's runtime.
//!
//! The request's [`Surface`] selects its layers.
//!
//! Invariants:
//! - Every error, including those of libraries, passes through [`problems`] and leaves as problem details. A timeout
//!   writes its own, because its request is gone.
//! - A bad token is counted by the rate limit before it is rejected.
//! - Layers are chosen by the path that the router matches, after decoding. Middlewares without a [`Layer`] serve
//!   every request.
//!
//! [`Layer`]: crate::surface::Layer
//! [`Surface`]: crate::surface::Surface

pub(crate) mod authentication;
pub(crate) mod body;
pub mod client_address;
pub mod connections;
pub(crate) mod cors;
pub(crate) mod deadline;
pub(crate) mod drain;
pub(crate) mod encodings;
mod forwarded;
pub(crate) mod head;
pub(crate) mod observe;
pub(crate) mod problems;
pub mod rate_limit;
pub(crate) mod request_id;
pub(crate) mod runtime;
pub(crate) mod security_headers;
pub(crate) mod shed;
pub(crate) mod target;
pub(crate) mod unread_body;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use crate::problem::Problem;
use crate::surface::Surfaces;

/// The result of a middleware.
pub(crate) type Answer<B = BoxBody> = Result<ServiceResponse<B>, Error>;

/// The rest of the stack further in. Called once or not at all.
pub(crate) trait Inner<B = BoxBody>: AsyncFnOnce(ServiceRequest) -> Answer<B> {}

impl<B, F: AsyncFnOnce(ServiceRequest) -> Answer<B>> Inner<B> for F {}

/// Passes a request through the listed middlewares in order. Those followed by `[surface]` also receive the surface.
/// As actix-web middlewares, each would allocate its future on the heap and move request and response once more.
macro_rules! pass {
    ($request:expr, $next:expr) => {
        $next.call($request).await
    };
    ($request:expr, $next:expr, $first:path $([$surface:ident])? $(, $further_in:path $([$its:ident])?)*) => {
        $first($request, $($surface,)? async |request| pass!(request, $next $(, $further_in $([$its])?)*)).await
    };
}

/// The middlewares outside of compression.
pub(crate) async fn outside(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Answer {
    let surface = Surfaces::of_request(&request);
    pass!(
        request,
        next,
        observe::observe[surface],
        security_headers::security_headers,
        unread_body::hold,
        problems::problems,
        encodings::encodings[surface]
    )
}

/// The middlewares inside of compression.
pub(crate) async fn inside(request: ServiceRequest, next: Next<BoxBody>) -> Answer {
    let surface = Surfaces::of_request(&request);
    pass!(
        request,
        next,
        body::body[surface],
        target::length,
        drain::drain,
        shed::surplus[surface],
        deadline::deadline[surface],
        head::head,
        authentication::identify[surface],
        rate_limit::rate_limit[surface],
        authentication::refuse_bad_tokens,
        target::parameters,
        shed::admit[surface],
        runtime::shared_runtime
    )
}

/// Wraps one of them as a middleware of actix-web, for tests.
#[cfg(test)]
macro_rules! alone {
    ($middleware:path $([$surface:expr])?) => {
        actix_web::middleware::from_fn(
            async |request: ServiceRequest, next: actix_web::middleware::Next<actix_web::body::BoxBody>| {
                $middleware(request, $($surface,)? async |request| next.call(request).await).await
            },
        )
    };
}
#[cfg(test)]
use alone;

/// The decoded path that the router matches. Decisions by path use it, so that no other spelling circumvents them.
fn routed_path(request: &ServiceRequest) -> &str {
    request.match_info().as_str()
}

/// Ends a request with a problem from within a middleware.
fn refuse(request: ServiceRequest, problem: Problem) -> ServiceResponse<BoxBody> {
    request.error_response(problem)
}
