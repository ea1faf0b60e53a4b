//! Posts as readers see them.

use domain::{Content, ContentViewer, Cursor, Page, PageRequest, Post, PostPage, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, DbErr};

use super::user::{AUTHOR_COLUMNS, read_author};
use super::{LikeColumns, read_liked, select_liked};
use crate::entity::{post, post_like, user};
use crate::fields::{Fields, Row};

/// The columns by which lists of posts are ordered.
pub(crate) const POSITION: ((post::Entity, post::Column), (post::Entity, post::Column)) =
    ((post::Entity, post::Column::CreatedAt), (post::Entity, post::Column::Id));

/// Posts with their authors, as `viewer` sees them.
///
/// Every post has an author, so that the outer join finds the same as an inner one would; but it makes the databases go
/// from posts to authors. The other way round, which SQLite may choose, loses the order of the posts.
pub(crate) fn select(viewer: Option<UserId>) -> SelectStatement {
    let mut select = Query::select();
    select
        .columns(AUTHOR_COLUMNS.map(|column| (user::Entity, column)))
        .columns(
            [
                post::Column::Id,
                post::Column::Content,
                post::Column::CreatedAt,
                post::Column::EditedAt,
                post::Column::Revision,
                post::Column::LikeCount,
                post::Column::CommentCount,
            ]
            .map(|column| (post::Entity, column)),
        )
        .from(post::Entity)
        .left_join(
            user::Entity,
            Expr::col((user::Entity, user::Column::Id)).equals((post::Entity, post::Column::AuthorId)),
        );
    select_liked(
        &mut select,
        viewer,
        post_like::Entity,
        LikeColumns {
            liked: post_like::Column::PostId.as_column_ref(),
            user: post_like::Column::UserId.as_column_ref(),
            row: post::Column::Id.as_column_ref(),
        },
    );
    select
}

/// Reads a row of [`select`].
pub(crate) fn read(row: &Row, viewer: Option<UserId>) -> Result<(Post, Option<ContentViewer>), DbErr> {
    let mut fields = Fields::of(row);
    let author = read_author(&mut fields)?;
    let post = Post {
        author,
        id: fields.id()?,
        content: Content::from_stored(fields.next()?),
        created_at: fields.time()?,
        edited_at: fields.optional_time()?,
        revision: fields.revision()?,
        like_count: fields.count()?,
        comment_count: fields.count()?,
    };
    Ok((post, read_liked(&mut fields, viewer)?))
}

/// Reads the rows of a page of [`select`], the one too many included.
pub(crate) fn read_page(rows: &[Row], page: PageRequest, viewer: Option<UserId>) -> Result<PostPage, DbErr> {
    let posts = rows.iter().map(|row| read(row, viewer)).collect::<Result<_, _>>()?;
    let Page { items, next } = Page::from_lookahead(posts, page.size, |(post, _)| position(post));
    Ok(PostPage::of(items, next))
}

/// Where a post stands in every list of posts.
fn position(post: &Post) -> Cursor {
    Cursor { at: post.created_at, id: post.id.cuid() }
}
