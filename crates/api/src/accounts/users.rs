//! Handlers of `/v1/users`.

use accounts::Accounts;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch, post};
use domain::{FindError, UserRef};
use http_kit::body::Body;
use http_kit::encoded::Representation;
use http_kit::identity::{Reader, SignedIn};
use http_kit::links::Links;
use http_kit::paging::{PageBody, PageParameters, PageQuery};
use http_kit::paths::{UserParameter, UserPath};
use http_kit::preconditions::{IfMatch, IfMatchParameter};
use http_kit::problem::Problem;
use http_kit::reply::Reply;

use super::dto::{ErasureRequest, ProfileEditRequest, SignUpRequest, UserBody};
use crate::error::Answer;

/// Create an account
///
/// Creates an account without a session. Log in afterwards to get tokens.
#[utoipa::path(
    tag = "accounts",
    operation_id = "signUp",
    request_body = SignUpRequest,
    responses(
        (status = 201, description = "The account was created.", body = UserBody, headers(("Location", description = "Path of the account."))),
        (status = 409, description = "`username_taken`: the user name belongs to another account, or to one that was erased within the last 30 days.", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[post("/v1/users")]
pub(super) async fn sign_up(
    accounts: Data<Accounts>,
    links: Data<Links>,
    Body(request): Body<SignUpRequest>,
) -> Answer {
    let user = accounts.sign_up.execute(request.try_into()?).await?;
    let (revision, location) = (user.revision, format!("{}/v1/users/{}", links.base(), user.id));
    Ok(Reply::created(&UserBody::of(&user), revision, &location, false)?)
}

/// List users, newest first
///
/// For a signed-in reader, each user carries the relationship to the reader in `viewer`.
#[utoipa::path(
    tag = "accounts",
    operation_id = "listUsers",
    params(PageParameters),
    security((), ("bearer" = [])),
    responses((status = 200, description = "A page of users.", body = PageBody<UserBody>)),
)]
#[get("/v1/users")]
pub(super) async fn list(
    accounts: Data<Accounts>,
    PageQuery(page): PageQuery,
    Reader(viewer): Reader,
    reply: Reply,
) -> Answer {
    Ok(reply.page(accounts.list_users.execute(page, viewer).await?, UserBody::from)?)
}

/// Show your own account
///
/// Returns the account of the access token.
#[utoipa::path(
    tag = "accounts",
    operation_id = "showMe",
    security(("bearer" = [])),
    responses((status = 200, description = "The account of the signed-in user.", body = UserBody)),
)]
#[get("/v1/users/me")]
pub(super) async fn show_me(accounts: Data<Accounts>, SignedIn(me): SignedIn, reply: Reply) -> Answer {
    // The access token can outlive the account.
    let gone = |error| match error {
        FindError::NotFound(_) => Problem::invalid_token("the account no longer exists"),
        FindError::Repository(error) => error.into(),
    };
    let user = accounts.get_user.execute(&UserRef::Id(me.user_id), Some(me.user_id)).await.map_err(gone)?;
    Ok(reply.view::<UserBody>(&user, user.subject.revision)?)
}

/// Change your profile or password
///
/// Changes only the fields in the body. A new password ends all other sessions. Without `If-Match`, the last edit wins.
#[utoipa::path(
    tag = "accounts",
    operation_id = "editMe",
    params(IfMatchParameter),
    request_body = ProfileEditRequest,
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The changed account.", body = UserBody),
        (status = 403, description = "`wrong_password`", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[patch("/v1/users/me")]
pub(super) async fn edit_me(
    accounts: Data<Accounts>,
    SignedIn(me): SignedIn,
    IfMatch(expected): IfMatch,
    Body(request): Body<ProfileEditRequest>,
    reply: Reply,
) -> Answer {
    let user = accounts.edit_profile.execute(me, request.into_edit(expected)?).await?;
    let revision = user.revision;
    Ok(reply.resource(&UserBody::of_oneself(&user), revision)?)
}

/// Erase your own account
///
/// Permanently erases the account with its posts, comments, likes, follows and bookmarks. All of it is hidden at once
/// and deleted in the background, so counters of other resources may take minutes to follow. Comments with replies by
/// other users stay, without content and author. The user name stays reserved for 30 days.
#[utoipa::path(
    tag = "accounts",
    operation_id = "eraseMe",
    request_body = ErasureRequest,
    security(("bearer" = [])),
    responses(
        (status = 204, description = "The account was erased."),
        (status = 403, description = "`wrong_password`", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[post("/v1/users/me/erasure")]
pub(super) async fn erase_me(
    accounts: Data<Accounts>,
    SignedIn(me): SignedIn,
    Body(request): Body<ErasureRequest>,
) -> Answer {
    accounts.erase_account.execute(me, request.into_password()?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Show a user
///
/// Takes a user id, or a user name as `@ada`.
#[utoipa::path(
    tag = "accounts",
    operation_id = "showUser",
    params(UserParameter),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The account of the user.", body = UserBody)),
)]
#[get("/v1/users/{user}")]
pub(super) async fn show(
    accounts: Data<Accounts>,
    UserPath(user): UserPath,
    Reader(viewer): Reader,
    reply: Reply,
) -> Answer {
    let user = accounts.get_user.execute(&user, viewer).await?;
    Ok(reply.view::<UserBody>(&user, user.subject.revision)?)
}
