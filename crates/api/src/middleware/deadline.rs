//! Bounds the time that a request may take.

use std::fmt;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError};

use super::observe::RequestId;
use super::{problems, security_headers};
use crate::HttpSettings;
use crate::http::problem::Problem;

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
