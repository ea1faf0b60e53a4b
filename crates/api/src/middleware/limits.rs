//! Bounds on what one request may take.

use std::fmt;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::middleware::Next;
use actix_web::web::{Data, Payload};
use actix_web::{Error, FromRequest, HttpResponse, ResponseError};
use futures_util::StreamExt;

use super::observe::RequestId;
use super::{problems, refuse, security_headers};
use crate::HttpSettings;
use crate::http::body::MAX_BODY;
use crate::http::problem::Problem;

/// A body that is too large is read up to this many bytes, so that the client gets to see the answer instead of a
/// broken connection.
const MAX_DRAINED: usize = 16 * 1024 * 1024;

/// Ends a request that takes too long. Dropping it ends its work: transactions are rolled back.
///
/// The request itself is gone with its work, so this ends as an error that the outer middlewares hand on, and that
/// writes its answer all by itself.
pub(crate) async fn deadline(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some(limit) = request.app_data::<Data<HttpSettings>>().map(|settings| settings.request_timeout) else {
        return next.call(request).await;
    };
    let request_id = RequestId::of(request.request());
    match tokio::time::timeout(limit, next.call(request)).await {
        Ok(response) => response,
        Err(_) => Err(TimedOut { request_id }.into()),
    }
}

/// A request that took too long.
#[derive(Debug)]
struct TimedOut {
    request_id: RequestId,
}

impl TimedOut {
    fn problem() -> Problem {
        Problem::unavailable("timeout", "The request took too long.")
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request took too long")
    }
}

impl ResponseError for TimedOut {
    fn status_code(&self) -> StatusCode {
        Self::problem().status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let problem = Self::problem();
        let mut response = problem.error_response();
        security_headers::add(response.headers_mut());
        self.request_id.add(response.headers_mut());
        problems::write(response, &problem, &self.request_id)
    }
}

/// Refuses a body that says itself that it is too large. One that does not say is bounded while it is read.
pub(crate) async fn body_size(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let declared = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if declared.is_some_and(|length| length > MAX_BODY) {
        let (http_request, payload) = request.parts_mut();
        if let Ok(payload) = Payload::from_request(http_request, payload).await {
            drain(payload).await;
        }
        return Ok(refuse(request, Problem::body_too_large(MAX_BODY)).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

async fn drain(mut payload: Payload) {
    let mut drained = 0;
    while let Some(Ok(chunk)) = payload.next().await {
        drained += chunk.len();
        if drained > MAX_DRAINED {
            break;
        }
    }
}
