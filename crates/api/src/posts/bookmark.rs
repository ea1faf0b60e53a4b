//! Handlers of bookmarks.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, put};
use http_kit::identity::SignedIn;
use http_kit::paging::{PageBody, PageParameters, PageQuery};
use http_kit::paths::{IdParameter, IdPath};
use http_kit::reply::Reply;
use posts::Posts;

use super::dto::BookmarkBody;
use crate::error::Answer;

/// Bookmark a post
///
/// Idempotent: a second bookmark by the same user changes nothing. Other users never see your bookmarks.
#[utoipa::path(
    tag = "posts",
    operation_id = "bookmarkPost",
    params(IdParameter),
    security(("bearer" = [])),
    responses((status = 204, description = "The signed-in user bookmarked the post.")),
)]
#[put("/v1/posts/{id}/bookmark")]
pub(super) async fn add(posts: Data<Posts>, IdPath(id): IdPath<domain::Post>, SignedIn(me): SignedIn) -> Answer {
    posts.bookmark.execute(id, me).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Remove your bookmark from a post
///
/// Idempotent: without a bookmark, the call changes nothing.
#[utoipa::path(
    tag = "posts",
    operation_id = "unbookmarkPost",
    params(IdParameter),
    security(("bearer" = [])),
    responses((status = 204, description = "The signed-in user has no bookmark of the post.")),
)]
#[delete("/v1/posts/{id}/bookmark")]
pub(super) async fn remove(posts: Data<Posts>, IdPath(id): IdPath<domain::Post>, SignedIn(me): SignedIn) -> Answer {
    posts.bookmark.undo(id, me).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List your bookmarks, newest bookmark first
///
/// Deleted posts, and posts of erased accounts, are not listed.
#[utoipa::path(
    tag = "posts",
    operation_id = "listBookmarks",
    params(PageParameters),
    security(("bearer" = [])),
    responses((status = 200, description = "A page of bookmarks.", body = PageBody<BookmarkBody>)),
)]
#[get("/v1/bookmarks")]
pub(super) async fn list(
    posts: Data<Posts>,
    SignedIn(me): SignedIn,
    PageQuery(page): PageQuery,
    reply: Reply,
) -> Answer {
    Ok(reply.page(posts.list_bookmarks.execute(me.user_id, page).await?, BookmarkBody::from)?)
}
