//! `/v1/sessions`.

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

/// Log in
///
/// The answer to a wrong password and to an unknown name is the same, and takes as long. After ten wrong passwords for a
/// name, a client may try once a minute (429). An `Authorization` header is not looked at.
#[utoipa::path(
    tag = "accounts",
    operation_id = "logIn",
    request_body = LogInRequest,
    responses(
        (status = 201, description = "The session's tokens.", body = SessionBody),
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
/// A refresh token is good once. A client that got no answer sends the same token again: within 30 seconds, and as long as
/// no newer token was used, it gets another pair. Later, or after a newer token, a used token ends its session, because
/// somebody has a copy. An `Authorization` header is not looked at.
#[utoipa::path(
    tag = "accounts",
    operation_id = "refreshSession",
    request_body = RefreshRequest,
    responses(
        (status = 200, description = "The session's next tokens.", body = SessionBody),
        (status = 401, description = "`invalid_refresh_token`", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[post("/v1/sessions/refresh")]
pub(super) async fn refresh(accounts: Data<Accounts>, Body(request): Body<RefreshRequest>) -> Answer {
    let signed_in = accounts.refresh_session.execute(&request.into_token()?).await?;
    Ok(secret(&SessionBody::from(signed_in))?)
}

/// Log out
///
/// The session's refresh token stops working at once, and so do writes with its access token. Reads with it stop within a
/// second.
#[utoipa::path(
    tag = "accounts",
    operation_id = "logOut",
    security(("bearer" = [])),
    responses((status = 204, description = "The session has ended.")),
)]
#[delete("/v1/sessions/current")]
pub(super) async fn log_out(accounts: Data<Accounts>, SignedIn(me): SignedIn) -> Answer {
    accounts.log_out.execute(me).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List one's own sessions, newest first
///
/// One for each log-in that has not ended.
#[utoipa::path(
    tag = "accounts",
    operation_id = "listSessions",
    params(PageParameters),
    security(("bearer" = [])),
    responses((status = 200, description = "A page of sessions.", body = PageBody<OpenSessionBody>)),
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

/// End one of one's own sessions
///
/// As a log-out on that device: for a lost phone. The current one may be ended too.
#[utoipa::path(
    tag = "accounts",
    operation_id = "endSession",
    params(IdParameter),
    security(("bearer" = [])),
    responses((status = 204, description = "The session has ended.")),
)]
#[delete("/v1/sessions/{id}", guard = "is_not_refresh")]
pub(super) async fn end(accounts: Data<Accounts>, SignedIn(me): SignedIn, IdPath(id): IdPath<Session>) -> Answer {
    accounts.end_session.execute(me, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `/v1/sessions/refresh` is a path of its own, which does not know `DELETE`.
fn is_not_refresh(request: &GuardContext<'_>) -> bool {
    !request.head().uri.path().ends_with("/refresh")
}

/// End all of one's own sessions but the current one
///
/// As a log-out on every other device: for somebody who does not know where they are logged in.
#[utoipa::path(
    tag = "accounts",
    operation_id = "endOtherSessions",
    security(("bearer" = [])),
    responses((status = 204, description = "All other sessions have ended.")),
)]
#[delete("/v1/sessions")]
pub(super) async fn end_others(accounts: Data<Accounts>, SignedIn(me): SignedIn) -> Answer {
    accounts.end_session.execute_on_others(me).await?;
    Ok(HttpResponse::NoContent().finish())
}
