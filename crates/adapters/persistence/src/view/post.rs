//! Posts as readers see them.

use database::{Fields, Row};
use domain::{Content, Cursor, Page, PageRequest, Post, PostId, PostPage, PostViewer, Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, IntoIden, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, DbErr};

use super::user::{AUTHOR_COLUMNS, read_author};
use super::{Kind, Marks, select_flag, select_marked};
use crate::entity::{bookmark, post, post_like, user};

/// The columns that order lists of posts.
pub(crate) const POSITION: ((post::Entity, post::Column), (post::Entity, post::Column)) =
    ((post::Entity, post::Column::CreatedAt), (post::Entity, post::Column::Id));

/// Posts with their authors, as `viewer` sees them.
///
/// Every post has an author, so the outer join returns the same rows as an inner join. It forces the databases to go
/// from posts to authors. The other direction, which SQLite may choose, loses the order of the posts.
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
    select_flags(&mut select, viewer);
    select
}

/// The flags of `viewer` on those of `posts` that have one. There must be a post.
pub(crate) fn select_viewers(viewer: UserId, posts: &[PostId]) -> SelectStatement {
    let likes = Kind::new(post_like::Entity, post_like::Column::PostId, post_like::Column::UserId);
    let bookmarks = Kind::new(bookmark::Entity, bookmark::Column::PostId, bookmark::Column::UserId);
    select_marked(viewer, posts, [likes, bookmarks])
}

/// Reads a row of [`select_viewers`].
pub(crate) fn read_viewer(row: &Row) -> Result<(PostId, PostViewer), DbErr> {
    let mut fields = Fields::of(row);
    Ok((fields.id()?, read_flags(&mut fields)?))
}

/// Adds the columns of a [`PostViewer`], in the order in which [`read_flags`] reads them.
fn select_flags(select: &mut SelectStatement, viewer: Option<UserId>) {
    select_flag(
        select,
        viewer,
        Marks {
            flag: "liked",
            table: post_like::Entity,
            marked: post_like::Column::PostId.as_column_ref(),
            user: post_like::Column::UserId.as_column_ref(),
            row: post::Column::Id.as_column_ref(),
        },
    );
    select_flag(
        select,
        viewer,
        Marks {
            flag: "bookmarked",
            table: bookmark::Entity,
            marked: bookmark::Column::PostId.as_column_ref(),
            user: bookmark::Column::UserId.as_column_ref(),
            row: post::Column::Id.as_column_ref(),
        },
    );
}

fn read_flags(fields: &mut Fields<'_>) -> Result<PostViewer, DbErr> {
    Ok(PostViewer { liked: fields.value()?, bookmarked: fields.value()? })
}

/// The condition that the post and its author are visible.
///
/// A missing author would meet the condition too: otherwise the planner could turn the outer join into an inner one.
pub(crate) fn is_there() -> SimpleExpr {
    Expr::col((post::Entity, post::Column::Removed)).not().and(Expr::cust(r#""users"."removed" IS NOT TRUE"#))
}

/// Reads a row of [`select`].
pub(crate) fn read(row: &Row, viewer: Option<UserId>) -> Result<Shown, DbErr> {
    read_from(&mut Fields::of(row), viewer)
}

fn read_from(fields: &mut Fields<'_>, viewer: Option<UserId>) -> Result<Shown, DbErr> {
    let author = read_author(fields)?;
    let post = Post {
        author,
        id: fields.id()?,
        content: Content::from_stored(fields.value()?),
        created_at: fields.time()?,
        edited_at: fields.optional_time()?,
        revision: fields.revision()?,
        like_count: fields.count()?,
        comment_count: fields.count()?,
    };
    Ok((post, viewer.map(|_| read_flags(fields)).transpose()?))
}

/// Reads a row of [`select`] with one more column: the time of a bookmark, which orders that list.
pub(crate) fn read_with_time(row: &Row, viewer: Option<UserId>) -> Result<(Shown, Timestamp), DbErr> {
    let mut fields = Fields::of(row);
    Ok((read_from(&mut fields, viewer)?, fields.time()?))
}

/// Reads the rows of a page of [`select`], with the additional row that shows whether another page follows.
pub(crate) fn read_page(rows: &[Row], page: PageRequest, viewer: Option<UserId>) -> Result<PostPage, DbErr> {
    let posts = rows.iter().map(|row| read(row, viewer)).collect::<Result<_, _>>()?;
    let Page { items, next } = Page::from_lookahead(posts, page.size, |(post, _)| position(post));
    Ok(PostPage::of(items, next))
}

/// Adds whether the post or its author is hidden, as the last column.
pub(crate) fn select_hidden(select: &mut SelectStatement) {
    let hidden = Expr::col((post::Entity, post::Column::Removed)).or(Expr::col((user::Entity, user::Column::Removed)));
    select.expr_as(hidden, "hidden".into_iden());
}

/// A post as one reader sees it.
pub(crate) type Shown = (Post, Option<PostViewer>);

/// Reads the rows of a page without those that [`select_hidden`] marks. The next page begins where it would begin
/// with them.
pub(crate) fn read_shown(
    rows: &[Row],
    page: PageRequest,
    viewer: Option<UserId>,
) -> Result<(Vec<Shown>, Option<Cursor>), DbErr> {
    let mut posts = Vec::with_capacity(rows.len());
    for row in rows {
        let mut fields = Fields::of(row);
        let post = read_from(&mut fields, viewer)?;
        posts.push((post, fields.value::<bool>()?));
    }
    let Page { items, next } = Page::from_lookahead(posts, page.size, |((post, _), _)| position(post));
    Ok((items.into_iter().filter(|(_, hidden)| !hidden).map(|(post, _)| post).collect(), next))
}

/// The position of a post in lists.
pub(crate) fn position(post: &Post) -> Cursor {
    Cursor { at: post.created_at, id: post.id.cuid() }
}
