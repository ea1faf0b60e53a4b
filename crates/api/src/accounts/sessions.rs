//! `/v1/sessions`.

use accounts::Accounts;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, post};

use super::dto::{LogInRequest, RefreshRequest, SessionBody};
use crate::http::body::Body;
use crate::http::identity::{Origin, SignedIn};
use crate::http::problem::Problem;
use crate::http::reply::{secret, status_with_secret};

/// Log in
///
/// The answer to a wrong password and to an unknown name is the same, and takes as long. After ten wrong passwords for a
/// name, a client may try once a minute (429).
#[utoipa::path(
    tag = "accounts",
    operation_id = "logIn",
    request_body = LogInRequest,
    responses((status = 201, description = "The session's tokens.", body = SessionBody)),
)]
#[post("/v1/sessions")]
pub(super) async fn log_in(
    accounts: Data<Accounts>,
    Origin(network): Origin,
    Body(request): Body<LogInRequest>,
) -> Result<HttpResponse, Problem> {
    let (username, password) = request.into_credentials()?;
    let signed_in = accounts.log_in.execute(username, password, network).await?;
    status_with_secret(StatusCode::CREATED, &SessionBody::from(signed_in))
}

/// Exchange a refresh token for new tokens
///
/// A refresh token is good once. One that comes a second time ends its session, for somebody has a copy.
#[utoipa::path(
    tag = "accounts",
    operation_id = "refreshSession",
    request_body = RefreshRequest,
    responses((status = 200, description = "The session's next tokens.", body = SessionBody)),
)]
#[post("/v1/sessions/refresh")]
pub(super) async fn refresh(
    accounts: Data<Accounts>,
    Body(request): Body<RefreshRequest>,
) -> Result<HttpResponse, Problem> {
    let signed_in = accounts.refresh_session.execute(&request.into_token()?).await?;
    secret(&SessionBody::from(signed_in))
}

/// Log out
///
/// The session's refresh token stops working; its access token expires by itself, within minutes.
#[utoipa::path(
    tag = "accounts",
    operation_id = "logOut",
    security(("bearer" = [])),
    responses((status = 204, description = "The session has ended.")),
)]
#[delete("/v1/sessions/current")]
pub(super) async fn log_out(accounts: Data<Accounts>, SignedIn(me): SignedIn) -> Result<HttpResponse, Problem> {
    accounts.log_out.execute(me).await?;
    Ok(HttpResponse::NoContent().finish())
}
