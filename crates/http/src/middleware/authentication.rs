//! Verifies the access token of a request, if there is one.

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use domain::Principal;

use super::{Answer, Inner, refuse, routed_path};
use crate::identity::Identify;
use crate::problem::Problem;
use crate::surface::{Layer, Surface};

/// The problem of a bad token, kept until the rate limit has counted the request.
struct Refused(Problem);

/// Stores the sender in the request's extensions, or the problem of a bad token. Never rejects.
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

/// Rejects a bad token on every call that reads tokens, including public ones: a client that sends a token is never
/// treated as anonymous. Runs after the rate limit, so that guesses are counted.
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
