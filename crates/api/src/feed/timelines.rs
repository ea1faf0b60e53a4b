//! Handlers of the public feed and the home timeline.

use actix_web::get;
use actix_web::web::Data;
use feed::Feed;
use http_kit::identity::{Reader, SignedIn};
use http_kit::paging::{PageBody, PageParameters, PageQuery};
use http_kit::reply::Reply;

use crate::error::Answer;
use crate::posts::PostBody;

/// Read the public feed, newest first
///
/// Returns the posts of all users. For a signed-in reader, each post carries the reader's own like and bookmark in `viewer`.
#[utoipa::path(
    tag = "feeds",
    operation_id = "publicFeed",
    params(PageParameters),
    security((), ("bearer" = [])),
    responses((status = 200, description = "A page of posts.", body = PageBody<PostBody>)),
)]
#[get("/v1/posts")]
pub(super) async fn public(
    feed: Data<Feed>,
    PageQuery(page): PageQuery,
    Reader(viewer): Reader,
    reply: Reply,
) -> Answer {
    Ok(reply.view_page::<PostBody>(&feed.public.execute(page, viewer).await?)?)
}

/// Read your home timeline, newest first
///
/// Returns your own posts and those of the users you follow. After a follow, the earlier posts of the user appear
/// too.
#[utoipa::path(
    tag = "feeds",
    operation_id = "homeTimeline",
    params(PageParameters),
    security(("bearer" = [])),
    responses((status = 200, description = "A page of posts.", body = PageBody<PostBody>)),
)]
#[get("/v1/feed")]
pub(super) async fn home(feed: Data<Feed>, SignedIn(me): SignedIn, PageQuery(page): PageQuery, reply: Reply) -> Answer {
    Ok(reply.view_page::<PostBody>(&feed.home.execute(me.user_id, page).await?)?)
}
