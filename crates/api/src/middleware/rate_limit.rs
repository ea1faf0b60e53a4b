//! Bounds how often one client may ask: GCRA, by user or by address, with a budget each for log-ins, writes and reads.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use accounts::Principal;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use domain::UserId;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota};

use super::client_address::{client_address, client_network};
use super::{refuse, routed_path};
use crate::http::problem::Problem;

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What a request counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Budget {
    name: &'static str,
    /// Requests at once.
    burst: u32,
    /// How long one request takes to be given back.
    refill: Duration,
}

/// Sign-ups, log-ins and whatever else checks a password: slow to serve, and worth guessing.
const CREDENTIALS: Budget = Budget { name: "credentials", burst: 60, refill: Duration::from_secs(2) };
const WRITES: Budget = Budget { name: "writes", burst: 200, refill: Duration::from_millis(50) };
const READS: Budget = Budget { name: "reads", burst: 600, refill: Duration::from_millis(10) };

/// Who is held to a budget.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Client {
    User(UserId),
    Network(IpAddr),
}

type Limiter = DefaultKeyedRateLimiter<Client>;
type InformingLimiter = governor::RateLimiter<
    Client,
    governor::state::keyed::DefaultKeyedStateStore<Client>,
    DefaultClock,
    StateInformationMiddleware,
>;

/// The budgets of all clients of this instance.
pub struct RateLimits {
    credentials: InformingLimiter,
    writes: InformingLimiter,
    reads: InformingLimiter,
    clock: DefaultClock,
}

impl RateLimits {
    /// Full budgets for everybody.
    pub fn new() -> Self {
        Self {
            credentials: CREDENTIALS.limiter(),
            writes: WRITES.limiter(),
            reads: READS.limiter(),
            clock: DefaultClock::default(),
        }
    }

    /// Forgets clients whose budgets are full again; to be called now and then, so that memory stays bounded.
    pub fn forget_idle_clients(&self) {
        for limiter in [&self.credentials, &self.writes, &self.reads] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    fn limiter(&self, budget: Budget) -> &InformingLimiter {
        match budget.name {
            "credentials" => &self.credentials,
            "writes" => &self.writes,
            _ => &self.reads,
        }
    }

    /// Takes one request from the budget: what is left, or how long to wait.
    fn take(&self, budget: Budget, client: &Client) -> Result<u32, Duration> {
        match self.limiter(budget).check_key(client) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(not_until) => Err(not_until.wait_time_from(self.clock.now())),
        }
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl Budget {
    fn limiter(self) -> InformingLimiter {
        let burst = NonZeroU32::new(self.burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(self.refill).unwrap_or(Quota::per_second(burst)).allow_burst(burst);
        Limiter::keyed(quota).with_middleware()
    }

    /// Seconds until an empty budget is full again.
    fn window(self) -> u64 {
        (self.refill * self.burst).as_secs().max(1)
    }
}

/// Counts calls of the API against the budget of their client, says what is left, and refuses what is too much.
pub(crate) async fn rate_limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let limits = request.app_data::<Data<RateLimits>>().cloned();
    let Some(limits) = limits.filter(|_| routed_path(&request).starts_with("/v1/")) else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let budget = budget(request.method(), routed_path(&request));
    match limits.take(budget, &client(&request, budget)) {
        Ok(remaining) => {
            let mut response = next.call(request).await?;
            describe(response.headers_mut(), budget, remaining, budget.refill);
            Ok(response.map_into_left_body())
        }
        Err(wait) => {
            metrics::counter!("rate_limited_total", "budget" => budget.name).increment(1);
            let mut response = refuse(request, Problem::rate_limited(whole_seconds(wait)));
            describe(response.headers_mut(), budget, 0, wait);
            Ok(response.map_into_right_body())
        }
    }
}

fn budget(method: &Method, path: &str) -> Budget {
    let checks_password =
        matches!(path, "/v1/sessions" | "/v1/users" | "/v1/users/me/erasure") && method == Method::POST;
    if checks_password || (method == Method::PATCH && path == "/v1/users/me") {
        CREDENTIALS
    } else if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        READS
    } else {
        WRITES
    }
}

/// Signed-in users are held to their own budget wherever they are; guessing passwords is bound to where it comes from.
fn client(request: &ServiceRequest, budget: Budget) -> Client {
    match request.extensions().get::<Principal>() {
        Some(principal) if budget != CREDENTIALS => Client::User(principal.user_id),
        _ => Client::Network(client_network(client_address(request))),
    }
}

/// `RateLimit` and `RateLimit-Policy` as of draft-ietf-httpapi-ratelimit-headers.
fn describe(headers: &mut HeaderMap, budget: Budget, remaining: u32, next: Duration) {
    let name = budget.name;
    let policy = format!("\"{name}\";q={};w={}", budget.burst, budget.window());
    let state = format!("\"{name}\";r={remaining};t={}", whole_seconds(next));
    for (header, value) in [(RATELIMIT_POLICY, policy), (RATELIMIT, state)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(header, value);
        }
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(last: u8) -> Client {
        Client::Network(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn a_burst_is_let_through_and_then_no_more() {
        let limits = RateLimits::new();
        for left in (0..CREDENTIALS.burst).rev() {
            assert_eq!(limits.take(CREDENTIALS, &network(1)), Ok(left));
        }
        let wait = limits.take(CREDENTIALS, &network(1)).unwrap_err();
        assert!(wait <= CREDENTIALS.refill, "{wait:?}");
    }

    #[test]
    fn clients_and_budgets_are_apart() {
        let limits = RateLimits::new();
        for _ in 0..CREDENTIALS.burst {
            limits.take(CREDENTIALS, &network(1)).unwrap();
        }
        assert!(limits.take(CREDENTIALS, &network(1)).is_err());
        assert!(limits.take(CREDENTIALS, &network(2)).is_ok());
        assert!(limits.take(READS, &network(1)).is_ok());
    }

    #[test]
    fn whatever_checks_a_password_is_dear() {
        assert_eq!(budget(&Method::POST, "/v1/sessions"), CREDENTIALS);
        assert_eq!(budget(&Method::PATCH, "/v1/users/me"), CREDENTIALS);
        assert_eq!(budget(&Method::GET, "/v1/users"), READS);
        assert_eq!(budget(&Method::POST, "/v1/posts"), WRITES);
        assert_eq!(budget(&Method::DELETE, "/v1/sessions/current"), WRITES);
    }
}
