//! The public feed and the home timeline.

use actix_web::get;
use actix_web::web::Data;
use feed::Feed;
use http_kit::identity::{Reader, SignedIn};
use http_kit::paging::{PageBody, PageParameters, PageQuery};
use http_kit::reply::Reply;

use crate::error::Answer;
use crate::posts::PostBody;

/// The public feed: the posts of everybody, newest first
///
/// To a signed-in reader each item also says whether that reader likes it.
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

/// The home timeline: the posts of those followed and one's own, newest first
///
/// A post appears as soon as its author is followed, whenever it was published.
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
