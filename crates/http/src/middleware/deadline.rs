//! Limits the time that a request may take.
//!
//! Called for surfaces with [`Layer::Deadline`]. Dropping a request's future ends its work, and open transactions are
//! rolled back. A write that shares a transaction with others is still committed once the shared transaction has
//! begun.
//!
//! On expiry the request is dropped with its future. The error therefore passes through the outer middlewares and
//! writes its complete response itself: 503 `timeout`.

use std::fmt;

use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError};

use super::request_id::RequestId;
use super::{Answer, Inner, problems, routed_path, security_headers};
use crate::problem::{Problem, code};
use crate::routing::MethodTable;
use crate::surface::{Layer, Surface};

/// Ends a request that exceeds its time limit with 503 `timeout`.
pub(crate) async fn deadline(request: ServiceRequest, surface: &'static Surface, next: impl Inner) -> Answer {
    let Some(limit) = surface.time(&request).filter(|_| surface.has(Layer::Deadline)) else {
        return next(request).await;
    };
    let request_id = RequestId::of(request.request());
    let path = routed_path(&request).to_owned();
    let routes = request.app_data::<Data<MethodTable>>().cloned();
    if let Ok(response) = tokio::time::timeout(limit, next(request)).await {
        return response;
    }
    let route = routes.and_then(|routes| routes.pattern(&path).map(ToOwned::to_owned));
    Err(TimedOut { request_id, route }.into())
}

/// The route of a request that exceeded its time limit.
pub(super) fn route(error: &Error) -> Option<String> {
    error.as_error::<TimedOut>()?.route.clone()
}

/// The error of a request that exceeded its time limit.
#[derive(Debug)]
struct TimedOut {
    request_id: RequestId,
    route: Option<String>,
}

impl TimedOut {
    fn problem() -> Problem {
        Problem::unavailable(code::TIMEOUT, "The request took too long.")
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

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App, web};

    use super::super::alone;
    use super::*;
    use crate::settings::HttpSettings;

    #[actix_web::test]
    async fn a_timed_out_request_keeps_its_route() {
        let settings = HttpSettings { request_timeout: Duration::from_millis(1), ..HttpSettings::for_tests() };
        let table = MethodTable::new(&mut crate::routing::tests::document());
        let app =
            App::new().app_data(Data::new(settings)).app_data(Data::new(table)).wrap(alone!(deadline[&Surface::PLAIN]));
        let app = init_service(app.default_service(web::to(pending::<HttpResponse>))).await;
        let route = async |uri: &str| {
            let request = TestRequest::with_uri(uri).to_request();
            let error = try_call_service(&app, request).await.err().unwrap();
            super::route(&error)
        };
        assert_eq!(route("/v1/posts/abc?limit=1").await.as_deref(), Some("/v1/posts/{id}"));
        assert_eq!(route("/v1/nothing").await, None);
    }
}
