//! Sends clients elsewhere when the server stops.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderName;
use actix_web::http::{ConnectionType, Method};
use actix_web::web::Data;

use super::client_address::comes_by_trusted_proxy;
use super::{Answer, Inner, refuse};
use crate::health::Health;
use crate::preconditions::IDEMPOTENCY_KEY;
use crate::problem::Problem;

/// Says on which answer the proxy in front asks another instance, in the words of nginx' `proxy_next_upstream`.
const X_NEXT_UPSTREAM: HeaderName = HeaderName::from_static("x-next-upstream");

/// While the server stops, lets every connection go with its next answer, and sends away at once what another instance
/// can answer as well.
///
/// A proxy such as nginx learns only from its own requests that an instance goes. If they were all served until the
/// listener closes, the last of them would meet connections that close under them, and what is not safe to repeat would
/// fail. So a proxy that says `X-Next-Upstream: http_502` gets one 502 for something that is safe to repeat, asks
/// another instance and leaves this one alone from then on; by the time the connections close, nobody uses them. All
/// else is served: what is not safe to repeat, and whoever has nowhere else to go. Only a trusted proxy is believed,
/// for whoever else sent the header would get that 502 to see.
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

/// Whether a proxy is there to ask another instance, and would.
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
    fn what_is_safe_to_repeat_goes_elsewhere() {
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
    fn only_a_trusted_proxy_can_send_it_there() {
        assert!(!goes(Method::GET, "192.0.2.1", &[("x-next-upstream", "http_502")]));
        assert!(!goes(Method::GET, "10.1.2.3", &[]));
        assert!(!goes(Method::GET, "10.1.2.3", &[("x-next-upstream", "error timeout")]));
        assert!(goes(Method::GET, "10.1.2.3", &[("x-next-upstream", "error timeout http_502")]));
    }

    #[actix_web::test]
    async fn a_server_that_stops_lets_its_connections_go() {
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
