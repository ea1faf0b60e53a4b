//! Turns away at once what could not be answered in time.

mod bounds;
mod places;

use std::time::Instant;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};

pub use bounds::{Bounds, Concurrency};

use super::connections::Connection;
use super::rate_limit::Budget;
use super::{Inner, is_counted, refuse, routed_path};
use crate::http::problem::Problem;
use places::Places;

/// Notes on a request that it was turned away: there may be too many of them for a line in the log each.
pub(super) struct Shed;

/// The places of all workers.
pub(crate) struct PlacesByKind {
    reads: Places,
    writes: Places,
    credentials: Places,
}

impl PlacesByKind {
    pub(crate) fn new(concurrency: Concurrency) -> Self {
        Self {
            reads: Places::new(concurrency.reads),
            writes: Places::new(concurrency.writes),
            credentials: Places::new(concurrency.credentials),
        }
    }

    fn of(&self, kind: Budget) -> &Places {
        match kind {
            Budget::CREDENTIALS => &self.credentials,
            Budget::WRITES => &self.writes,
            _ => &self.reads,
        }
    }
}

/// Lets a call of the API in if there is a place for one of its kind, and else answers 503 `overloaded` at once: what
/// waited in a queue would be answered when nobody waits for it any more. Also on a connection that is one too many,
/// which is closed then.
///
/// It comes after [`body`](super::body), so that a client that sends slowly takes nobody's place, and a connection is
/// of further use after it was turned away.
pub(crate) async fn shed(request: ServiceRequest, next: impl Inner) -> Result<ServiceResponse, Error> {
    let places = request.app_data::<Data<PlacesByKind>>().cloned();
    let Some(places) = places.filter(|_| is_counted(routed_path(&request))) else {
        return next(request).await;
    };
    if request.conn_data::<Connection>().is_some_and(Connection::is_surplus) {
        let mut response = turn_away(request, "connections");
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
        return Ok(response);
    }
    let kind = Budget::of(request.method(), routed_path(&request));
    let Some(_place) = places.of(kind).try_take(Instant::now()) else {
        return Ok(turn_away(request, kind.name()));
    };
    next(request).await
}

fn turn_away(request: ServiceRequest, reason: &'static str) -> ServiceResponse {
    note_shed(&request, reason);
    refuse(request, Problem::overloaded())
}

/// Counts a request that is turned away.
pub(super) fn note_shed(request: &ServiceRequest, reason: &'static str) {
    metrics::counter!("http_requests_shed_total", "reason" => reason).increment(1);
    request.extensions_mut().insert(Shed);
}
