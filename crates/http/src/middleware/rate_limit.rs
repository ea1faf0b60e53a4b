//! Bounds how often one client may ask: GCRA, by user or by address, with a budget each for log-ins, writes and reads.
//!
//! What counts is behind a port, [`RateLimiter`]: the memory of this process ([`LocalRateLimits`]), or a store that
//! all instances share.

mod budget;
mod local;

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Data;
use async_trait::async_trait;
use domain::Principal;

pub use budget::{Budget, Client};
pub use local::LocalRateLimits;

use super::client_address::{client_address, client_network};
use super::{Answer, Inner, refuse, routed_path};
use crate::problem::{Problem, whole_seconds};
use crate::surface::{Layer, Surface};

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Keeps the budgets of clients.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Takes one request from a client's budget. Answers soon and always: a limiter whose store is out of reach counts
    /// by itself meanwhile.
    async fn take(&self, budget: Budget, client: &Client) -> Taken;
}

/// Whether a request is within its client's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is.
    Granted {
        /// Requests that are left.
        remaining: u32,
    },
    /// It is not.
    Refused {
        /// When the next one will be.
        retry_after: Duration,
    },
}

/// The limiter that all workers share; `None` lets everybody ask as often as they like.
pub(crate) type Limits = Option<Arc<dyn RateLimiter>>;

/// Counts requests against the budget of their client, says what is left, and refuses what is too much.
pub(crate) async fn rate_limit(request: ServiceRequest, surface: &'static Surface, next: impl Inner) -> Answer {
    let limiter = request.app_data::<Data<Limits>>().and_then(|limits| limits.as_ref().clone());
    let Some(limiter) = limiter.filter(|_| surface.has(Layer::Budgets)) else {
        return next(request).await;
    };
    let budget = surface.budget(request.method(), routed_path(&request));
    match limiter.take(budget, &client(&request, budget)).await {
        Taken::Granted { remaining } => {
            let mut response = next(request).await?;
            describe(response.headers_mut(), budget, remaining, budget.refill());
            Ok(response)
        }
        Taken::Refused { retry_after } => {
            metrics::counter!("rate_limited_total", "budget" => budget.name()).increment(1);
            let mut response = refuse(request, Problem::rate_limited(retry_after));
            describe(response.headers_mut(), budget, 0, retry_after);
            Ok(response)
        }
    }
}

/// Signed-in users are held to their own budget wherever they are; guessing passwords is bound to where it comes from.
pub(super) fn client(request: &ServiceRequest, budget: Budget) -> Client {
    match request.extensions().get::<Principal>() {
        Some(principal) if budget != Budget::CREDENTIALS => Client::User(principal.user_id),
        _ => Client::Network(client_network(client_address(request.request()))),
    }
}

/// `RateLimit` and `RateLimit-Policy` as of draft-ietf-httpapi-ratelimit-headers.
fn describe(headers: &mut HeaderMap, budget: Budget, remaining: u32, next: Duration) {
    let name = budget.name();
    let policy = format!("\"{name}\";q={};w={}", budget.burst(), budget.window());
    let state = format!("\"{name}\";r={remaining};t={}", whole_seconds(next));
    for (header, value) in [(RATELIMIT_POLICY, policy), (RATELIMIT, state)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(header, value);
        }
    }
}
