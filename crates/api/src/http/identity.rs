//! Who sends a request. The middleware has checked the token by then.

use std::future::{Ready, ready};

use accounts::{ClientNetwork, Principal};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::UserId;

use super::problem::Problem;

/// A call that needs a signed-in user; 401 without one.
pub(crate) struct SignedIn(pub(crate) Principal);

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(principal(request).map(Self).ok_or_else(Problem::unauthenticated))
    }
}

/// A call that anybody may make, and that shows a signed-in reader more.
pub(crate) struct Reader(pub(crate) Option<UserId>);

impl FromRequest for Reader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(principal(request).map(|principal| principal.user_id))))
    }
}

/// Where a request about accounts comes from, as the middleware has found out.
pub(crate) struct Origin(pub(crate) ClientNetwork);

impl FromRequest for Origin {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let network = request.extensions().get::<ClientNetwork>().copied();
        ready(network.map(Self).ok_or_else(|| Problem::internal("no client is known")))
    }
}

pub(crate) fn principal(request: &HttpRequest) -> Option<Principal> {
    request.extensions().get::<Principal>().copied()
}
