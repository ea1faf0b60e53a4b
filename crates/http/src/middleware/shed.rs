//! Load shedding: rejects surplus requests at once and at low cost.
//!
//! - [`surplus`] rejects requests on connections beyond the bound.
//! - [`admit`] sets the caller of an API call, by which every gate further in schedules fairly, and makes writes pass
//!   a gate.
//!
//! A write takes part in queues without callers (batches, turns of writers). The gate bounds the writes in flight,
//! which keeps those queues short. Reads need no permit here: responses from the cache use nothing scarce, and other
//! reads pass the gate of the database.
//!
//! On overload the response is 503 `overloaded` with `Retry-After`, and nothing was changed.

use std::time::Duration;

use actix_web::dev::ServiceRequest;
use actix_web::http::{ConnectionType, Method};
use actix_web::web::Data;
use resilience::{Caller, Gate, GateOptions, caller};

use super::connections::Connection;
use super::rate_limit::{Budget, client};
use super::{Answer, Inner, refuse, routed_path};
use crate::problem::{Problem, Shed};
use crate::surface::{Layer, Surface};

/// The longest expected wait of a write that is still admitted, unless configured.
const WAIT: Duration = Duration::from_millis(500);
/// Writes that may wait; each keeps a request in memory.
const WAITING: usize = 2048;
/// Initial estimate of the time that a write in a shared transaction takes. The gate then measures it.
const EACH: Duration = Duration::from_millis(10);

/// The gate that the writes of all workers pass.
pub(crate) struct WriteGate(Gate);

impl WriteGate {
    /// The gate of an instance with `connections` database connections. Each connection has four permits, because
    /// most writes share transactions, and batches that are not full waste capacity.
    pub(crate) fn new(connections: u32, wait: Option<Duration>) -> Self {
        Self(Gate::new(GateOptions {
            permits: usize::try_from(connections).unwrap_or(usize::MAX).saturating_mul(4),
            reserves: true,
            wait: wait.unwrap_or(WAIT),
            waiting: WAITING,
            held_for: EACH,
        }))
    }
}

/// Rejects a request on a surplus connection with 503 `overloaded`, and closes the connection.
pub(crate) async fn surplus(request: ServiceRequest, surface: &'static Surface, next: impl Inner) -> Answer {
    let is_surplus = request.conn_data::<Connection>().is_some_and(Connection::is_surplus);
    if !(is_surplus && is_call(&request, surface)) {
        return next(request).await;
    }
    let mut response = refuse(request, Problem::overloaded(Shed::Connections, Duration::ZERO));
    response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    Ok(response)
}

/// Runs an API call on behalf of its client. Writes wait for a permit first. Calls that check a password queue
/// elsewhere.
pub(crate) async fn admit(request: ServiceRequest, surface: &'static Surface, next: impl Inner) -> Answer {
    if !is_call(&request, surface) {
        return next(request).await;
    }
    let budget = surface.budget(request.method(), routed_path(&request));
    let caller = Caller::of(&client(&request, budget));
    if budget != Budget::WRITES {
        return caller::scope(caller, next(request)).await;
    }
    let gate = request.app_data::<Data<WriteGate>>().cloned();
    caller::scope(caller, async {
        let entered = match &gate {
            Some(gate) => gate.0.enter().await.map(Some),
            None => Ok(None),
        };
        match entered {
            Ok(_permit) => next(request).await,
            Err(refused) => Ok(refuse(request, Problem::overloaded(Shed::Writes, refused.retry_after))),
        }
    })
    .await
}

fn is_call(request: &ServiceRequest, surface: &Surface) -> bool {
    surface.has(Layer::Budgets) && request.method() != Method::OPTIONS
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, web};

    use super::super::alone;
    use super::*;

    async fn who() -> HttpResponse {
        HttpResponse::Ok().body(format!("{:?}", caller::current()))
    }

    static SURFACE: Surface = Surface {
        stack: &[Layer::Budgets],
        budgets: &[(Method::POST, "/v1/sessions", Budget::CREDENTIALS)],
        ..Surface::PLAIN
    };

    /// A gate with one permit and no queue.
    fn narrow() -> Gate {
        let wait = Duration::from_secs(1);
        Gate::new(GateOptions { permits: 1, reserves: false, wait, waiting: 0, held_for: wait })
    }

    #[actix_web::test]
    async fn only_writes_without_a_permit_are_rejected() {
        let gate = narrow();
        let app = App::new().app_data(Data::new(WriteGate(gate.clone()))).wrap(alone!(admit[&SURFACE]));
        let app = init_service(app.default_service(web::to(who))).await;
        let status = async |request: TestRequest| call_service(&app, request.to_request()).await.status().as_u16();
        let held = gate.enter().await.unwrap();
        assert_eq!(status(TestRequest::post().uri("/v1/posts")).await, 503);
        assert_eq!(status(TestRequest::get().uri("/v1/posts")).await, 200);
        assert_eq!(status(TestRequest::post().uri("/v1/sessions")).await, 200);
        drop(held);
        assert_eq!(status(TestRequest::post().uri("/v1/posts")).await, 200);
    }

    #[actix_web::test]
    async fn each_client_network_is_one_caller() {
        let app = init_service(App::new().wrap(alone!(admit[&SURFACE])).default_service(web::to(who))).await;
        let caller = async |peer: &str, path: &str| {
            let request = TestRequest::get().uri(path).peer_addr(format!("{peer}:1").parse().unwrap());
            let body = call_service(&app, request.to_request()).await.into_body();
            actix_web::body::to_bytes(body).await.unwrap()
        };
        assert_eq!(caller("192.0.2.1", "/v1/posts").await, caller("192.0.2.1", "/v1/users").await);
        assert_ne!(caller("192.0.2.1", "/v1/posts").await, caller("192.0.2.2", "/v1/posts").await);
    }

    #[actix_web::test]
    async fn operational_requests_run_as_the_server_without_a_permit() {
        let gate = narrow();
        let app = App::new().app_data(Data::new(WriteGate(gate.clone()))).wrap(alone!(admit[&Surface::PLAIN]));
        let app = init_service(app.default_service(web::to(who))).await;
        let _held = gate.enter().await.unwrap();
        let response = call_service(&app, TestRequest::post().uri("/health/live").to_request()).await;
        assert_eq!(response.status(), 200);
        let body = actix_web::body::to_bytes(response.into_body()).await.unwrap();
        assert_eq!(body, format!("{:?}", Caller::SERVER));
    }
}
