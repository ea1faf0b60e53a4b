//! Who sends a request: checks the access token, if there is one.

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use domain::Principal;

use super::{Answer, Inner, refuse, routed_path};
use crate::identity::Identify;
use crate::problem::Problem;
use crate::surface::{Layer, Surface};

/// A token that was refused, until the request has been counted.
struct Refused(Problem);

/// Notes who sends the request, or that the token is bad.
pub(crate) async fn identify(request: ServiceRequest, surface: &'static Surface, next: impl Inner) -> Answer {
    if surface.has(Layer::Tokens) && !surface.opens_session(request.method(), routed_path(&request)) {
        match principal(&request) {
            Ok(Some(principal)) => {
                if surface.is_audited(request.method(), routed_path(&request)) {
                    tracing::Span::current().record("user", principal.user_id.as_str());
                }
                request.extensions_mut().insert(principal);
            }
            Ok(None) => {}
            Err(problem) => {
                request.extensions_mut().insert(Refused(problem));
            }
        }
    }
    next(request).await
}

/// Refuses a bad token wherever one is read, also on calls that need none: nobody is taken for anonymous who means to be
/// somebody. Comes after the limits of rates, so that guessing is counted.
pub(crate) async fn refuse_bad_tokens(request: ServiceRequest, next: impl Inner) -> Answer {
    let refused = request.extensions_mut().remove::<Refused>();
    match refused {
        Some(Refused(problem)) => Ok(refuse(request, problem)),
        None => next(request).await,
    }
}

fn principal(request: &ServiceRequest) -> Result<Option<Principal>, Problem> {
    let foreign = || Problem::invalid_token("the Authorization header must be `Bearer` and an access token");
    let mut values = request.headers().get_all(AUTHORIZATION);
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value,
        (Some(_), Some(_)) => return Err(foreign()),
    };
    let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(foreign)?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(foreign());
    }
    let callers = request.app_data::<Data<dyn Identify>>();
    let callers = callers.ok_or_else(|| Problem::internal("nothing recognises callers"))?;
    callers.identify(token.trim()).map(Some)
}
