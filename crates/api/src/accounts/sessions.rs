//! Handlers of `/v1/sessions`.

use accounts::{Accounts, ClientNetwork};
use actix_web::guard::GuardContext;
use actix_web::http::StatusCode;
use actix_web::http::header::USER_AGENT;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use domain::{Session, UserAgent};
use http_kit::body::Body;
use http_kit::identity::{Origin, SignedIn};
use http_kit::paging::{PageBody, PageParameters, PageQuery};
use http_kit::paths::{IdParameter, IdPath};
use http_kit::reply::{Reply, secret, status_with_secret};

use super::dto::{LogInRequest, RefreshRequest, SessionBody};
use super::open_session::OpenSessionBody;
use crate::error::Answer;

/// Log in with user name and password
///
/// Opens a session and returns its tokens. A wrong password and an unknown user name get the same response after the
/// same time. After ten wrong passwords for one name, the client may try once a minute; earlier attempts get 429. The
/// `Authorization` header is ignored.
#[utoipa::path(
    tag = "accounts",
    operation_id = "logIn",
    request_body = LogInRequest,
    responses(
        (status = 201, description = "The session is open; the body has its tokens.", body = SessionBody),
        (status = 401, description = "`invalid_credentials`", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[post("/v1/sessions")]
pub(super) async fn log_in(
    accounts: Data<Accounts>,
    Origin(network): Origin,
    http: HttpRequest,
    Body(request): Body<LogInRequest>,
) -> Answer {
    let (username, password) = request.into_credentials()?;
    let signed_in = accounts.log_in.execute(username, password, ClientNetwork(network), user_agent(&http)).await?;
    Ok(status_with_secret(StatusCode::CREATED, &SessionBody::from(signed_in))?)
}

fn user_agent(request: &HttpRequest) -> Option<UserAgent> {
    let name = request.headers().get(USER_AGENT)?;
    UserAgent::clean(&String::from_utf8_lossy(name.as_bytes()))
}

/// Exchange a refresh token for new tokens
///
/// A refresh token can be exchanged once. If the response is lost, send the same token again. Within 30 seconds it
/// gets another pair, as long as no newer refresh token of the session was used. After that, reuse of the token ends
/// the session, because the token may have been stolen. The `Authorization` header is ignored.
#[utoipa::path(
    tag = "accounts",
    operation_id = "refreshSession",
    request_body = RefreshRequest,
    responses(
        (status = 200, description = "The refresh token was exchanged; the body has the new tokens.", body = SessionBody),
        (status = 401, description = "`invalid_refresh_token`", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[post("/v1/sessions/refresh")]
pub(super) async fn refresh(accounts: Data<Accounts>, Body(request): Body<RefreshRequest>) -> Answer {
    let signed_in = accounts.refresh_session.execute(&request.into_token()?).await?;
    Ok(secret(&SessionBody::from(signed_in))?)
}

/// Log out of the current session
///
/// Ends the session of the access token. Its refresh token and writes with its access token are rejected at once,
/// reads within one second.
#[utoipa::path(
    tag = "accounts",
    operation_id = "logOut",
    security(("bearer" = [])),
    responses((status = 204, description = "The session was ended.")),
)]
#[delete("/v1/sessions/current")]
pub(super) async fn log_out(accounts: Data<Accounts>, SignedIn(me): SignedIn) -> Answer {
    accounts.log_out.execute(me).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List your open sessions, newest first
///
/// Each log-in opens a session. Ended sessions are not listed; an expired one may be listed for up to an hour.
#[utoipa::path(
    tag = "accounts",
    operation_id = "listSessions",
    params(PageParameters),
    security(("bearer" = [])),
    responses((status = 200, description = "A page of open sessions.", body = PageBody<OpenSessionBody>)),
)]
#[get("/v1/sessions")]
pub(super) async fn list(
    accounts: Data<Accounts>,
    SignedIn(me): SignedIn,
    PageQuery(page): PageQuery,
    reply: Reply,
) -> Answer {
    let sessions = accounts.list_sessions.execute(me.user_id, page).await?;
    Ok(reply.page(sessions, |view| OpenSessionBody::of(view, me.session_id))?)
}

/// End one of your sessions
///
/// Logs out one device, for example a lost phone; the current session may be ended too. The refresh token of the
/// session and writes with its access token are rejected at once, reads within one second.
#[utoipa::path(
    tag = "accounts",
    operation_id = "endSession",
    params(IdParameter),
    security(("bearer" = [])),
    responses((status = 204, description = "The session was ended.")),
)]
#[delete("/v1/sessions/{id}", guard = "is_not_refresh")]
pub(super) async fn end(accounts: Data<Accounts>, SignedIn(me): SignedIn, IdPath(id): IdPath<Session>) -> Answer {
    accounts.end_session.execute(me, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Keeps `DELETE /v1/sessions/refresh` a 405: `refresh` is a fixed path, never a session id.
fn is_not_refresh(request: &GuardContext<'_>) -> bool {
    !request.head().uri.path().ends_with("/refresh")
}

/// End all your other sessions
///
/// Logs out every other device. The session of this request stays open. The tokens of the other sessions are rejected
/// as after a log-out.
#[utoipa::path(
    tag = "accounts",
    operation_id = "endOtherSessions",
    security(("bearer" = [])),
    responses((status = 204, description = "All other sessions were ended.")),
)]
#[delete("/v1/sessions")]
pub(super) async fn end_others(accounts: Data<Accounts>, SignedIn(me): SignedIn) -> Answer {
    accounts.end_session.execute_on_others(me).await?;
    Ok(HttpResponse::NoContent().finish())
}
