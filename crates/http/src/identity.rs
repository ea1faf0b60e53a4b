//! Extractors of the request's sender. The middleware `authentication` has verified the token before they run.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::{Principal, UserId};

use super::problem::Problem;

/// Identifies the sender of a request. A port, because access tokens belong to the accounts context.
pub trait Identify: Send + Sync {
    /// The account and the session of `access_token`.
    ///
    /// # Errors
    /// 401 for a malformed, expired or revoked token.
    fn identify(&self, access_token: &str) -> Result<Principal, Problem>;
}

/// The signed-in user of a call that requires one; 401 without a token.
pub struct SignedIn(pub Principal);

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(principal(request).map(Self).ok_or_else(Problem::unauthenticated))
    }
}

/// The signed-in reader of a public call, if there is one.
pub struct Reader(pub Option<UserId>);

impl FromRequest for Reader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(principal(request).map(|principal| principal.user_id))))
    }
}

/// The client's network. The middleware `observe` sets it for audited calls.
#[derive(Debug, Clone, Copy)]
pub struct Origin(pub IpAddr);

impl FromRequest for Origin {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let origin = request.extensions().get::<Self>().copied();
        ready(origin.ok_or_else(|| Problem::internal("no client is known")))
    }
}

pub(crate) fn principal(request: &HttpRequest) -> Option<Principal> {
    request.extensions().get::<Principal>().copied()
}
