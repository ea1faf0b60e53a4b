//! Writes the bodies of errors, which contain the request id.

use actix_cors::CorsError;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, VARY};
use actix_web::{HttpMessage, HttpResponse};

use super::cors::{self, refusal};
use super::request_id::RequestId;
use super::{Answer, Inner};
use crate::problem::Problem;

/// Marks a request whose rejection is counted instead of logged, because there may be too many of them.
pub(super) struct Counted;

/// Turns every error response into problem details, including those of libraries, which have a status only.
pub(crate) async fn problems<B: MessageBody + 'static>(request: ServiceRequest, next: impl Inner<B>) -> Answer {
    let response = next(request).await?;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || says_it_itself(response.response()) {
        return Ok(response.map_into_boxed_body());
    }
    let id = RequestId::of(response.request());
    let (request, mut response) = response.into_parts();
    let refused = response.error().and_then(|error| error.as_error::<CorsError>());
    if let Some(problem) = refused.map(|error| refusal(error, request.headers())) {
        response.headers_mut().insert(VARY, HeaderValue::from_static(cors::VARY));
        let response = with_body(response, log_and_write(&problem, &id));
        return Ok(ServiceResponse::new(request, response));
    }
    let json = match response.error().and_then(|error| error.as_error::<Problem>()) {
        Some(problem) => {
            if problem.is_counted() {
                request.extensions_mut().insert(Counted);
            }
            log_and_write(problem, &id)
        }
        None => log_and_write(&Problem::of_status(status), &id),
    };
    let response = with_body(response, json);
    Ok(ServiceResponse::new(request, response))
}

/// A response that has its own body, such as a health report, is kept.
fn says_it_itself(response: &HttpResponse<impl MessageBody>) -> bool {
    response.error().is_none() && !matches!(response.body().size(), BodySize::None | BodySize::Sized(0))
}

/// Writes `problem` as the body of `response`, and logs or counts it.
pub(super) fn write(response: HttpResponse, problem: &Problem, id: &RequestId) -> HttpResponse {
    with_body(response, log_and_write(problem, id))
}

fn log_and_write(problem: &Problem, id: &RequestId) -> Vec<u8> {
    problem.log();
    serde_json::to_vec(&problem.document(&id.0)).unwrap_or_default()
}

fn with_body<B>(response: HttpResponse<B>, json: Vec<u8>) -> HttpResponse {
    let mut response = response.set_body(BoxBody::new(json));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    // They describe the replaced body of a library, which may have been compressed.
    response.headers_mut().remove(CONTENT_LENGTH);
    response.headers_mut().remove(CONTENT_ENCODING);
    response
}
