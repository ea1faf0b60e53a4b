//! Handlers of comments: below posts, and `/v1/comments`.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post, put};
use http_kit::body::Body;
use http_kit::identity::{Reader, SignedIn};
use http_kit::links::Links;
use http_kit::paging::{PageBody, PageParameters, PageQuery};
use http_kit::paths::{IdParameter, IdPath};
use http_kit::preconditions::{Idempotency, IdempotencyParameter, IfMatch, IfMatchParameter};
use http_kit::reply::Reply;
use posts::ports::Thread;
use posts::{AddCommentCommand, EditCommentCommand, Posts};

use super::dto::{CommentBody, CommentRequest, ContentRequest};
use crate::error::Answer;

/// Add a comment or a reply
///
/// Comments on a post. With `parent_id` the comment is a reply to another comment on the same post. Send an
/// `Idempotency-Key` to make retries safe.
#[utoipa::path(
    tag = "comments",
    operation_id = "addComment",
    params(IdParameter, IdempotencyParameter),
    request_body = CommentRequest,
    security(("bearer" = [])),
    responses((
        status = 201, description = "The comment was stored.", body = CommentBody,
        headers(
            ("Location", description = "Path of the comment."),
            ("Idempotency-Replayed", description = "`true` if an earlier request with the same key stored it; the body is that request's response."),
        ),
    )),
)]
#[post("/v1/posts/{id}/comments")]
pub(super) async fn add(
    posts: Data<Posts>,
    links: Data<Links>,
    IdPath(post): IdPath<domain::Post>,
    SignedIn(me): SignedIn,
    Idempotency(key): Idempotency,
    Body(request): Body<CommentRequest>,
) -> Answer {
    let (content, parent) = request.into_words()?;
    let command = AddCommentCommand { post, parent, author: me, content, key };
    let written = posts.add_comment.execute(command).await?;
    let (revision, location) = (written.item.revision, format!("{}/v1/comments/{}", links.base(), written.item.id));
    Ok(Reply::created(&CommentBody::just_written(written.item), revision, &location, written.replayed)?)
}

/// List a post's top-level comments, oldest first
///
/// Replies are not included; `reply_count` of a comment tells whether it has some. A deleted comment stays in the
/// list as long as it has replies.
#[utoipa::path(
    tag = "comments",
    operation_id = "listComments",
    params(IdParameter, PageParameters),
    security((), ("bearer" = [])),
    responses((status = 200, description = "A page of comments.", body = PageBody<CommentBody>)),
)]
#[get("/v1/posts/{id}/comments")]
pub(super) async fn list(
    posts: Data<Posts>,
    IdPath(post): IdPath<domain::Post>,
    PageQuery(page): PageQuery,
    Reader(viewer): Reader,
    reply: Reply,
) -> Answer {
    Ok(reply.page(posts.list_comments.execute(Thread::Post(post), page, viewer).await?, CommentBody::from)?)
}

/// Show a single comment
///
/// A deleted comment with replies is shown with null `content` and `author`.
#[utoipa::path(
    tag = "comments",
    operation_id = "showComment",
    params(IdParameter),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The comment.", body = CommentBody)),
)]
#[get("/v1/comments/{id}")]
pub(super) async fn show(
    posts: Data<Posts>,
    IdPath(id): IdPath<domain::Comment>,
    Reader(viewer): Reader,
    reply: Reply,
) -> Answer {
    let comment = posts.get_comment.execute(id, viewer).await?;
    let revision = comment.subject.revision;
    Ok(reply.resource(&CommentBody::from(comment), revision)?)
}

/// List direct replies to a comment, oldest first
///
/// Replies to these replies are not included: each comment has a list of its own.
#[utoipa::path(
    tag = "comments",
    operation_id = "listReplies",
    params(IdParameter, PageParameters),
    security((), ("bearer" = [])),
    responses((status = 200, description = "A page of replies.", body = PageBody<CommentBody>)),
)]
#[get("/v1/comments/{id}/replies")]
pub(super) async fn list_replies(
    posts: Data<Posts>,
    IdPath(id): IdPath<domain::Comment>,
    PageQuery(page): PageQuery,
    Reader(viewer): Reader,
    reply: Reply,
) -> Answer {
    Ok(reply.page(posts.list_comments.execute(Thread::Replies(id), page, viewer).await?, CommentBody::from)?)
}

/// Edit your own comment
///
/// Without `If-Match`, the last edit wins. Equal content changes nothing: `edited_at` and the entity tag stay.
#[utoipa::path(
    tag = "comments",
    operation_id = "editComment",
    params(IdParameter, IfMatchParameter),
    request_body = ContentRequest,
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The edited comment.", body = CommentBody),
        (status = 403, description = "`not_the_author`", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[patch("/v1/comments/{id}")]
pub(super) async fn edit(
    posts: Data<Posts>,
    IdPath(id): IdPath<domain::Comment>,
    SignedIn(me): SignedIn,
    IfMatch(expected): IfMatch,
    Body(request): Body<ContentRequest>,
    reply: Reply,
) -> Answer {
    let command = EditCommentCommand { id, actor: me, content: request.into_content()?, expected };
    let comment = posts.edit_comment.execute(command).await?;
    let revision = comment.subject.revision;
    Ok(reply.resource(&CommentBody::from(comment), revision)?)
}

/// Delete a comment
///
/// Allowed for the author of the comment and the author of the post. A comment with replies stays in its list,
/// without content and author. With `If-Match`, only that revision is deleted.
#[utoipa::path(
    tag = "comments",
    operation_id = "deleteComment",
    params(IdParameter, IfMatchParameter),
    security(("bearer" = [])),
    responses(
        (status = 204, description = "The comment was deleted."),
        (status = 403, description = "`not_the_author`", body = crate::openapi::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[delete("/v1/comments/{id}")]
pub(super) async fn delete(
    posts: Data<Posts>,
    IdPath(id): IdPath<domain::Comment>,
    SignedIn(me): SignedIn,
    IfMatch(expected): IfMatch,
) -> Answer {
    posts.delete_comment.execute(id, me, expected).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Like a comment
///
/// Idempotent: a second like by the same user changes nothing.
#[utoipa::path(
    tag = "comments",
    operation_id = "likeComment",
    params(IdParameter),
    security(("bearer" = [])),
    responses((status = 204, description = "The signed-in user likes the comment.")),
)]
#[put("/v1/comments/{id}/like")]
pub(super) async fn like(posts: Data<Posts>, IdPath(id): IdPath<domain::Comment>, SignedIn(me): SignedIn) -> Answer {
    posts.like_comment.execute(id, me).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Remove your like from a comment
///
/// Idempotent: without a like, the call changes nothing.
#[utoipa::path(
    tag = "comments",
    operation_id = "unlikeComment",
    params(IdParameter),
    security(("bearer" = [])),
    responses((status = 204, description = "The signed-in user does not like the comment.")),
)]
#[delete("/v1/comments/{id}/like")]
pub(super) async fn unlike(posts: Data<Posts>, IdPath(id): IdPath<domain::Comment>, SignedIn(me): SignedIn) -> Answer {
    posts.like_comment.undo(id, me).await?;
    Ok(HttpResponse::NoContent().finish())
}
