//! What every request passes through, from the outside in ([`outside`] up to the fourth, [`inside`] from the sixth):
//!
//! 1. [`observe`]: request id, log line, metrics;
//! 2. [`security_headers`];
//! 3. [`unread_body`]: hangs up on clients that were not heard to their end;
//! 4. [`problems`]: writes the bodies of errors;
//! 5. [`encodings`], which adds to compression, that (of a library), and within it [`cors`];
//! 6. [`body`]: reads it, within bounds of size and time;
//! 7. [`target::length`]: bounds the address;
//! 8. [`drain`]: sends clients elsewhere when the server stops;
//! 9. [`shed::surplus`]: refuses connections that are too many;
//! 10. [`deadline`]: bounds the time of everything further in;
//! 11. [`head`]: answers `HEAD` where there is `GET`;
//! 12. [`authentication::identify`]: who sends the request;
//! 13. [`rate_limit`];
//! 14. [`authentication::refuse_bad_tokens`];
//! 15. [`target::parameters`]: refuses those that a call does not have;
//! 16. [`shed::admit`]: on whose behalf; writes wait for their turn;
//! 17. [`runtime`]: what handlers open outlives their thread.
//!
//! Which of them serve a request its [`Surface`](crate::surface::Surface) says; those that no layer names serve all.

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

/// What a middleware hands on, outwards.
pub(crate) type Answer<B = BoxBody> = Result<ServiceResponse<B>, Error>;

/// What is further in: called once, or not at all.
pub(crate) trait Inner<B = BoxBody>: AsyncFnOnce(ServiceRequest) -> Answer<B> {}

impl<B, F: AsyncFnOnce(ServiceRequest) -> Answer<B>> Inner<B> for F {}

/// Passes a request through one after the other. Those that go by its surface get it, in brackets. Each as a middleware of
/// the framework's would put its future, and that of what is further in, on the heap, and would move the request and the
/// answer once more.
macro_rules! pass {
    ($request:expr, $next:expr) => {
        $next.call($request).await
    };
    ($request:expr, $next:expr, $first:path $([$surface:ident])? $(, $further_in:path $([$its:ident])?)*) => {
        $first($request, $($surface,)? async |request| pass!(request, $next $(, $further_in $([$its])?)*)).await
    };
}

/// What every request passes through outside of compression.
pub(crate) async fn outside(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Answer {
    let surface = Surfaces::of_request(&request);
    pass!(
        request,
        next,
        observe::observe[surface],
        security_headers::security_headers,
        unread_body::hold,
        problems::problems
    )
}

/// What every request passes through inside of compression.
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

/// One of them, as a middleware by itself.
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

/// The path that the router will see: decoded, so that no other way to write it gets around what is judged by it.
fn routed_path(request: &ServiceRequest) -> &str {
    request.match_info().as_str()
}

/// Ends a request with a problem, from within a middleware.
fn refuse(request: ServiceRequest, problem: Problem) -> ServiceResponse<BoxBody> {
    request.error_response(problem)
}
