//! Handlers of follows.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, put};
use http_kit::identity::{Reader, SignedIn};
use http_kit::paging::{PageBody, PageParameters, PageQuery};
use http_kit::paths::{UserParameter, UserPath};
use http_kit::reply::Reply;
use social::Social;
use social::ports::Relation;

use crate::accounts::UserBody;
use crate::error::Answer;

/// Follow a user
///
/// Idempotent: following the same user again changes nothing.
#[utoipa::path(
    tag = "feeds",
    operation_id = "followUser",
    params(UserParameter),
    security(("bearer" = [])),
    responses(
        (status = 204, description = "The signed-in user follows the user."),
        (status = 422, description = "`cannot_follow_self`", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[put("/v1/users/{user}/follow")]
pub(super) async fn follow(social: Data<Social>, UserPath(user): UserPath, SignedIn(me): SignedIn) -> Answer {
    social.follow.execute(me, &user).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Stop following a user
///
/// Idempotent: if the user is not followed, the call changes nothing.
#[utoipa::path(
    tag = "feeds",
    operation_id = "unfollowUser",
    params(UserParameter),
    security(("bearer" = [])),
    responses(
        (status = 204, description = "The signed-in user does not follow the user."),
        (status = 422, description = "`cannot_follow_self`", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[delete("/v1/users/{user}/follow")]
pub(super) async fn unfollow(social: Data<Social>, UserPath(user): UserPath, SignedIn(me): SignedIn) -> Answer {
    social.follow.undo(me, &user).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List a user's followers, newest follow first
///
/// Takes a user id, or a user name as `@ada`.
#[utoipa::path(
    tag = "feeds",
    operation_id = "listFollowers",
    params(UserParameter, PageParameters),
    security((), ("bearer" = [])),
    responses((status = 200, description = "A page of followers.", body = PageBody<UserBody>)),
)]
#[get("/v1/users/{user}/followers")]
pub(super) async fn followers(
    social: Data<Social>,
    UserPath(user): UserPath,
    PageQuery(page): PageQuery,
    Reader(viewer): Reader,
    reply: Reply,
) -> Answer {
    Ok(reply.page(social.list_follows.execute(&user, Relation::Followers, page, viewer).await?, UserBody::from)?)
}

/// List users followed by a user
///
/// The newest follow comes first. Takes a user id, or a user name as `@ada`.
#[utoipa::path(
    tag = "feeds",
    operation_id = "listFollowing",
    params(UserParameter, PageParameters),
    security((), ("bearer" = [])),
    responses((status = 200, description = "A page of followed users.", body = PageBody<UserBody>)),
)]
#[get("/v1/users/{user}/following")]
pub(super) async fn following(
    social: Data<Social>,
    UserPath(user): UserPath,
    PageQuery(page): PageQuery,
    Reader(viewer): Reader,
    reply: Reply,
) -> Answer {
    Ok(reply.page(social.list_follows.execute(&user, Relation::Following, page, viewer).await?, UserBody::from)?)
}
