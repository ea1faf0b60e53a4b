//! Answers `HEAD` wherever there is `GET`.

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;

use super::{Answer, Inner};

/// Routes `HEAD` as `GET`. The server's protocol layer knows what was really asked, and sends the head alone, with the
/// length that the body would have.
pub(crate) async fn head(mut request: ServiceRequest, next: impl Inner) -> Answer {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    next(request).await
}
