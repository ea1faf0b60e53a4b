//! What is too much is refused, at once and for little.
//!
//! - [`surplus`]: connections beyond what is served;
//! - [`admit`]: says on whose behalf a call of the API is answered, which every gate further in goes by, and has what writes
//!   pass one here. A write takes part in queues that know no callers (batches, turns of writers); so many are in flight
//!   that these keep short. Reads need no permit here: what the cache answers takes nothing that is scarce, and what it
//!   does not passes the gate of the database.

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

/// How long a write may be expected to wait, unless somebody says otherwise.
const WAIT: Duration = Duration::from_millis(500);
/// Writes that may wait; each keeps a request in memory.
const WAITING: usize = 2048;
/// About what a write takes that shares a transaction with others; what it really takes is measured.
const EACH: Duration = Duration::from_millis(10);

/// What writes pass, of all workers.
pub(crate) struct WriteGate(Gate);

impl WriteGate {
    /// Suits an instance with so many connections to its database. There are four permits for each, as most writes share
    /// transactions: batches that are not full waste what they could carry.
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

/// Answers 503 `overloaded` on a connection that is one too many, and closes it.
pub(crate) async fn surplus(request: ServiceRequest, surface: &'static Surface, next: impl Inner) -> Answer {
    let is_surplus = request.conn_data::<Connection>().is_some_and(Connection::is_surplus);
    if !(is_surplus && is_call(&request, surface)) {
        return next(request).await;
    }
    let mut response = refuse(request, Problem::overloaded(Shed::Connections, Duration::ZERO));
    response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    Ok(response)
}

/// Answers a call of the API on behalf of its client, as soon as there is a permit for it if it writes. What checks a
/// password waits for its turn elsewhere.
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

    /// One permit, and nobody may wait.
    fn narrow() -> Gate {
        let wait = Duration::from_secs(1);
        Gate::new(GateOptions { permits: 1, reserves: false, wait, waiting: 0, held_for: wait })
    }

    #[actix_web::test]
    async fn writes_that_find_no_permit_are_refused_and_nothing_else_is() {
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
    async fn each_network_is_a_caller() {
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
    async fn what_is_not_counted_is_the_servers_own_and_takes_no_permit() {
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
