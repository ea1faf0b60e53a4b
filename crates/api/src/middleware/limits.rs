//! Bounds on what one request may take.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::middleware::Next;
use actix_web::web::{Data, Payload};
use actix_web::{Error, FromRequest};
use futures_util::StreamExt;

use super::refuse;
use crate::HttpSettings;
use crate::http::body::MAX_BODY;
use crate::http::problem::Problem;

/// A body that is too large is read up to this many bytes, so that the client gets to see the answer instead of a
/// broken connection.
const MAX_DRAINED: usize = 16 * 1024 * 1024;

/// Ends a request that takes too long. Dropping it ends its work: transactions are rolled back.
pub(crate) async fn deadline(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some(limit) = request.app_data::<Data<HttpSettings>>().map(|settings| settings.request_timeout) else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let http_request = request.request().clone();
    match tokio::time::timeout(limit, next.call(request)).await {
        Ok(response) => Ok(response?.map_into_left_body()),
        Err(_) => {
            let problem = Problem::unavailable("timeout", "The request took too long.");
            let response = ServiceResponse::new(http_request, actix_web::HttpResponse::from_error(problem));
            Ok(response.map_into_right_body())
        }
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
