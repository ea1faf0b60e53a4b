//! Who sends a request. The middleware has checked the token by then.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::{Principal, UserId};

use super::problem::Problem;

/// Recognises the sender of a request. A port: access tokens are the business of a context.
pub trait Identify: Send + Sync {
    /// The account and the session that `access_token` proves.
    ///
    /// # Errors
    /// 401 for a token that proves none.
    fn identify(&self, access_token: &str) -> Result<Principal, Problem>;
}

/// A call that needs a signed-in user; 401 without one.
pub struct SignedIn(pub Principal);

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(principal(request).map(Self).ok_or_else(Problem::unauthenticated))
    }
}

/// A call that anybody may make, and that shows a signed-in reader more.
pub struct Reader(pub Option<UserId>);

impl FromRequest for Reader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(principal(request).map(|principal| principal.user_id))))
    }
}

/// The client's network of a request about accounts, as the middleware has found out.
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
