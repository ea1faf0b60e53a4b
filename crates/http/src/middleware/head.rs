//! Supports `HEAD` on every path that supports `GET`.

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;

use super::{Answer, Inner};

/// Routes `HEAD` as `GET`. actix-web's protocol layer still knows the original method. It sends only the head, with
/// the length of the body.
pub(crate) async fn head(mut request: ServiceRequest, next: impl Inner) -> Answer {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    next(request).await
}
