//! Handlers of `/v1/posts`, and of the posts of one user.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post, put};
use http_kit::body::Body;
use http_kit::identity::{Reader, SignedIn};
use http_kit::links::Links;
use http_kit::paging::{PageBody, PageParameters, PageQuery};
use http_kit::paths::{IdParameter, IdPath, UserParameter, UserPath};
use http_kit::preconditions::{Idempotency, IdempotencyParameter, IfMatch, IfMatchParameter};
use http_kit::reply::Reply;
use posts::{EditPostCommand, Posts, PublishPostCommand};

use super::dto::{ContentRequest, PostBody};
use crate::accounts::UserBody;
use crate::error::Answer;

/// Publish a post
///
/// The post appears in the public feed and in the home timelines of followers. Send an `Idempotency-Key` to make
/// retries safe.
#[utoipa::path(
    tag = "posts",
    operation_id = "publishPost",
    params(IdempotencyParameter),
    request_body = ContentRequest,
    security(("bearer" = [])),
    responses((
        status = 201, description = "The post was published.", body = PostBody,
        headers(
            ("Location", description = "Path of the post."),
            ("Idempotency-Replayed", description = "`true` if an earlier request with the same key published it; the body is that request's response."),
        ),
    )),
)]
#[post("/v1/posts")]
pub(super) async fn publish(
    posts: Data<Posts>,
    links: Data<Links>,
    SignedIn(me): SignedIn,
    Idempotency(key): Idempotency,
    Body(request): Body<ContentRequest>,
) -> Answer {
    let command = PublishPostCommand { author: me, content: request.into_content()?, key };
    let written = posts.publish.execute(command).await?;
    let (revision, location) = (written.item.revision, format!("{}/v1/posts/{}", links.base(), written.item.id));
    Ok(Reply::created(&PostBody::just_published(&written.item), revision, &location, written.replayed)?)
}

/// Show a single post
///
/// For a signed-in reader, `viewer` has the reader's own like and bookmark.
#[utoipa::path(
    tag = "posts",
    operation_id = "showPost",
    params(IdParameter),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The post.", body = PostBody)),
)]
#[get("/v1/posts/{id}")]
pub(super) async fn show(
    posts: Data<Posts>,
    IdPath(id): IdPath<domain::Post>,
    Reader(viewer): Reader,
    reply: Reply,
) -> Answer {
    let post = posts.get.execute(id, viewer).await?;
    Ok(reply.view::<PostBody>(&post, post.subject.revision)?)
}

/// Edit your own post
///
/// Without `If-Match`, the last edit wins. Equal content changes nothing: `edited_at` and the entity tag stay.
#[utoipa::path(
    tag = "posts",
    operation_id = "editPost",
    params(IdParameter, IfMatchParameter),
    request_body = ContentRequest,
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The edited post.", body = PostBody),
        (status = 403, description = "`not_the_author`", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[patch("/v1/posts/{id}")]
pub(super) async fn edit(
    posts: Data<Posts>,
    IdPath(id): IdPath<domain::Post>,
    SignedIn(me): SignedIn,
    IfMatch(expected): IfMatch,
    Body(request): Body<ContentRequest>,
    reply: Reply,
) -> Answer {
    let command = EditPostCommand { id, actor: me, content: request.into_content()?, expected };
    let post = posts.edit.execute(command).await?;
    Ok(reply.view::<PostBody>(&post, post.subject.revision)?)
}

/// Delete your own post
///
/// Permanently deletes the post with its comments, likes and bookmarks. With `If-Match`, only that revision is deleted.
#[utoipa::path(
    tag = "posts",
    operation_id = "deletePost",
    params(IdParameter, IfMatchParameter),
    security(("bearer" = [])),
    responses(
        (status = 204, description = "The post was deleted."),
        (status = 403, description = "`not_the_author`", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[delete("/v1/posts/{id}")]
pub(super) async fn delete(
    posts: Data<Posts>,
    IdPath(id): IdPath<domain::Post>,
    SignedIn(me): SignedIn,
    IfMatch(expected): IfMatch,
) -> Answer {
    posts.delete.execute(id, me, expected).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Like a post
///
/// Idempotent: a second like by the same user changes nothing.
#[utoipa::path(
    tag = "posts",
    operation_id = "likePost",
    params(IdParameter),
    security(("bearer" = [])),
    responses((status = 204, description = "The signed-in user likes the post.")),
)]
#[put("/v1/posts/{id}/like")]
pub(super) async fn like(posts: Data<Posts>, IdPath(id): IdPath<domain::Post>, SignedIn(me): SignedIn) -> Answer {
    posts.like.execute(id, me).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Remove your like from a post
///
/// Idempotent: without a like, the call changes nothing.
#[utoipa::path(
    tag = "posts",
    operation_id = "unlikePost",
    params(IdParameter),
    security(("bearer" = [])),
    responses((status = 204, description = "The signed-in user does not like the post.")),
)]
#[delete("/v1/posts/{id}/like")]
pub(super) async fn unlike(posts: Data<Posts>, IdPath(id): IdPath<domain::Post>, SignedIn(me): SignedIn) -> Answer {
    posts.like.undo(id, me).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List users who like a post
///
/// The newest like comes first. Users who erased their account are not listed.
#[utoipa::path(
    tag = "posts",
    operation_id = "listPostLikes",
    params(IdParameter, PageParameters),
    security((), ("bearer" = [])),
    responses((status = 200, description = "A page of users who like the post.", body = PageBody<UserBody>)),
)]
#[get("/v1/posts/{id}/likes")]
pub(super) async fn list_likes(
    posts: Data<Posts>,
    IdPath(id): IdPath<domain::Post>,
    PageQuery(page): PageQuery,
    Reader(viewer): Reader,
    reply: Reply,
) -> Answer {
    Ok(reply.page(posts.list_likes.execute(id, page, viewer).await?, UserBody::from)?)
}

/// List a user's posts, newest first
///
/// Takes a user id, or a user name as `@ada`.
#[utoipa::path(
    tag = "posts",
    operation_id = "listUserPosts",
    params(UserParameter, PageParameters),
    security((), ("bearer" = [])),
    responses((status = 200, description = "A page of posts.", body = PageBody<PostBody>)),
)]
#[get("/v1/users/{user}/posts")]
pub(super) async fn list_by_user(
    posts: Data<Posts>,
    UserPath(user): UserPath,
    PageQuery(page): PageQuery,
    Reader(viewer): Reader,
    reply: Reply,
) -> Answer {
    Ok(reply.view_page::<PostBody>(&posts.list_by_user.execute(&user, page, viewer).await?)?)
}
