//! Limits how often a client may send requests: GCRA by user or client network, with separate budgets for
//! credentials, writes and reads.
//!
//! The counters are behind the port [`RateLimiter`]: this process's memory ([`LocalRateLimits`]), or a store that all
//! instances share.

pub(crate) mod budget;
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

/// Counts the requests of clients against their budgets.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Takes one request from a client's budget. It always returns soon: without its store, a shared limiter counts
    /// locally.
    async fn take(&self, budget: Budget, client: &Client) -> Taken;
}

/// Whether a request is within its client's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The request is within the budget.
    Granted {
        /// Requests left in the budget.
        remaining: u32,
    },
    /// The budget is empty.
    Refused {
        /// Time until the next request is granted.
        retry_after: Duration,
    },
}

/// The limiter that all workers share; `None` turns rate limits off.
pub(crate) type Limits = Option<Arc<dyn RateLimiter>>;

/// Counts a request against its client's budget, adds the `RateLimit` headers, and rejects it with 429 if the budget
/// is empty.
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

/// Signed-in users have their own budget wherever they are. Credentials count by network, because guesses come from
/// there.
pub(super) fn client(request: &ServiceRequest, budget: Budget) -> Client {
    match request.extensions().get::<Principal>() {
        Some(principal) if budget != Budget::CREDENTIALS => Client::User(principal.user_id),
        _ => Client::Network(client_network(client_address(request.request()))),
    }
}

/// Adds `RateLimit` and `RateLimit-Policy` as of draft-ietf-httpapi-ratelimit-headers.
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
