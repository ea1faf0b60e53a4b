//! Drains connections while the server stops.
//!
//! While the server stops, every response closes its connection. Requests that another instance can serve get 502 at
//! once, under these conditions:
//!
//! 1. The request is safe to repeat: not a `POST` without an idempotency key, and not a `PATCH`.
//! 2. The proxy in front announced with `X-Next-Upstream: http_502` that it retries a 502 on another instance.
//! 3. The proxy is trusted. Any other sender of the header would see the 502.
//!
//! All other requests are served.
//!
//! The 502 exists because a proxy such as nginx learns only from its own requests that an instance stops. Without it,
//! the last requests before the listener closes would meet closing connections, and those that are not safe to repeat
//! would fail. After one 502 the proxy avoids this instance, so its connections are idle when they close.
//!
//! Tested in `tests/tests/e2e/operations/shutdown.rs` and by the rolling restart of `tests/cluster`.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderName;
use actix_web::http::{ConnectionType, Method};
use actix_web::web::Data;

use super::client_address::comes_by_trusted_proxy;
use super::{Answer, Inner, refuse};
use crate::health::Health;
use crate::preconditions::IDEMPOTENCY_KEY;
use crate::problem::Problem;

/// Names the conditions under which the proxy retries on another instance, in the terms of nginx'
/// `proxy_next_upstream`.
const X_NEXT_UPSTREAM: HeaderName = HeaderName::from_static("x-next-upstream");

/// Closes connections while the server stops, and sends repeatable requests to another instance.
pub(crate) async fn drain(request: ServiceRequest, next: impl Inner) -> Answer {
    let Some(health) = request.app_data::<Data<Health>>().cloned() else {
        return next(request).await;
    };
    let mut response = if health.is_stopping() && can_go_elsewhere(&request) {
        refuse(request, Problem::draining())
    } else {
        next(request).await?
    };
    if health.is_stopping() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

/// Whether the request is safe to repeat and a trusted proxy would retry a 502 on another instance.
fn can_go_elsewhere(request: &ServiceRequest) -> bool {
    let is_repeatable = match *request.method() {
        Method::GET | Method::HEAD | Method::PUT | Method::DELETE | Method::OPTIONS => true,
        Method::POST => request.headers().contains_key(IDEMPOTENCY_KEY),
        _ => false,
    };
    let asks = |value: &str| value.split_ascii_whitespace().any(|condition| condition == "http_502");
    let has_another = request.headers().get_all(X_NEXT_UPSTREAM).any(|value| value.to_str().is_ok_and(asks));
    is_repeatable && has_another && comes_by_trusted_proxy(request)
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, web};

    use super::super::alone;
    use super::*;
    use crate::settings::HttpSettings;

    fn settings() -> Data<HttpSettings> {
        let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        Data::new(HttpSettings { trusted_proxies, ..HttpSettings::for_tests() })
    }

    fn goes(method: Method, peer: &str, headers: &[(&'static str, &'static str)]) -> bool {
        let request = TestRequest::with_uri("/v1/posts").method(method).app_data(settings());
        let request = request.peer_addr(format!("{peer}:1").parse().unwrap());
        let request = headers.iter().fold(request, |request, header| request.append_header(*header));
        can_go_elsewhere(&request.to_srv_request())
    }

    #[test]
    fn repeatable_requests_get_a_502() {
        let asking = [("x-next-upstream", "http_502")];
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS] {
            assert!(goes(method.clone(), "10.1.2.3", &asking), "{method}");
        }
        assert!(goes(Method::POST, "10.1.2.3", &[asking[0], ("idempotency-key", "key")]));
        for method in [Method::POST, Method::PATCH] {
            assert!(!goes(method.clone(), "10.1.2.3", &asking), "{method}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_that_retries_gets_a_502() {
        assert!(!goes(Method::GET, "192.0.2.1", &[("x-next-upstream", "http_502")]));
        assert!(!goes(Method::GET, "10.1.2.3", &[]));
        assert!(!goes(Method::GET, "10.1.2.3", &[("x-next-upstream", "error timeout")]));
        assert!(goes(Method::GET, "10.1.2.3", &[("x-next-upstream", "error timeout http_502")]));
    }

    #[actix_web::test]
    async fn a_stopping_server_closes_its_connections() {
        let health = Data::new(Health::new(Vec::new()));
        let app = App::new().app_data(settings()).app_data(health.clone()).wrap(alone!(drain));
        let app = init_service(app.route("/", web::to(HttpResponse::Ok))).await;
        let call = async |asking: &'static str| {
            let request = TestRequest::default().peer_addr("10.1.2.3:1".parse().unwrap());
            let response = call_service(&app, request.insert_header((X_NEXT_UPSTREAM, asking)).to_request()).await;
            let closes = response.response().head().connection_type() == ConnectionType::Close;
            (response.status().as_u16(), closes)
        };
        health.serving();
        assert_eq!(call("http_502").await, (200, false));
        health.stopping();
        assert_eq!(call("http_502").await, (502, true));
        assert_eq!(call("").await, (200, true));
    }
}
