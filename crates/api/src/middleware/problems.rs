//! Writes the bodies of errors, which name the request.

use actix_web::body::{BodySize, BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};

use super::observe::RequestId;
use crate::http::problem::Problem;

/// Turns every error into problem details, also those of libraries, which come as a bare status.
pub(crate) async fn problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = next.call(request).await?;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return Ok(response.map_into_left_body());
    }
    let by_status;
    let problem = match response.response().error().and_then(|error| error.as_error::<Problem>()) {
        Some(problem) => problem,
        // An answer with a body of its own, such as a health report, stays as it is.
        None if response.response().error().is_none()
            && response.response().body().size() != BodySize::None
            && response.response().body().size() != BodySize::Sized(0) =>
        {
            return Ok(response.map_into_left_body());
        }
        None => {
            by_status = Problem::of_status(status);
            &by_status
        }
    };
    problem.log();
    let id = response.request().extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let json = serde_json::to_vec(&problem.document(&id))?;
    let mut response = response.map_body(|_, _| EitherBody::right(BoxBody::new(json)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response.headers_mut().remove(CONTENT_LENGTH);
    Ok(response)
}
