//! Comments as readers see them.

use database::{Fields, Row, corrupt};
use domain::{
    Author, Comment, CommentBody, CommentView, CommentViewer, Content, Cursor, DisplayName, UserId, Username, Viewed,
};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, DbErr};

use super::user::AUTHOR_COLUMNS;
use super::{Marks, presence, select_flag};
use crate::entity::{comment, comment_like, user};

/// The columns that order lists of comments.
pub(crate) const POSITION: ((comment::Entity, comment::Column), (comment::Entity, comment::Column)) =
    ((comment::Entity, comment::Column::CreatedAt), (comment::Entity, comment::Column::Id));

/// Comments with their authors, as `viewer` sees them. The join is an outer one: deleted comments, and comments of
/// hidden authors, have no author.
pub(crate) fn select(viewer: Option<UserId>) -> SelectStatement {
    let mut select = Query::select();
    select
        .columns(AUTHOR_COLUMNS.map(|column| (user::Entity, column)))
        .columns(
            [
                comment::Column::Content,
                comment::Column::Id,
                comment::Column::PostId,
                comment::Column::ParentId,
                comment::Column::CreatedAt,
                comment::Column::EditedAt,
                comment::Column::Revision,
                comment::Column::LikeCount,
                comment::Column::ReplyCount,
            ]
            .map(|column| (comment::Entity, column)),
        )
        .from(comment::Entity)
        .left_join(
            user::Entity,
            Expr::col((user::Entity, user::Column::Id))
                .equals((comment::Entity, comment::Column::AuthorId))
                .and(presence::user()),
        );
    select_flag(
        &mut select,
        viewer,
        Marks {
            flag: "liked",
            table: comment_like::Entity,
            marked: comment_like::Column::CommentId.as_column_ref(),
            user: comment_like::Column::UserId.as_column_ref(),
            row: comment::Column::Id.as_column_ref(),
        },
    );
    select
}

/// The condition that a row of [`select`] is shown: it has content or replies. It does not check whether the post is
/// visible.
pub(crate) fn is_shown() -> SimpleExpr {
    let replies = Expr::col((comment::Entity, comment::Column::ReplyCount));
    Expr::col((user::Entity, user::Column::Id)).is_not_null().or(replies.gt(0))
}

/// Reads a row of [`select`]. A deleted comment shows no likes, though some may not be removed yet.
pub(crate) fn read(row: &Row, viewer: Option<UserId>) -> Result<CommentView, DbErr> {
    let mut fields = Fields::of(row);
    let body = read_body(&mut fields)?;
    let mut comment = Comment {
        body,
        id: fields.id()?,
        post_id: fields.id()?,
        parent_id: fields.optional_id()?,
        created_at: fields.time()?,
        edited_at: fields.optional_time()?,
        revision: fields.revision()?,
        like_count: fields.count()?,
        reply_count: fields.count()?,
    };
    let mut viewer = viewer.map(|_| fields.value().map(|liked| CommentViewer { liked })).transpose()?;
    if comment.body == CommentBody::Deleted {
        (comment.edited_at, comment.like_count) = (None, 0);
        viewer = viewer.map(|_| CommentViewer { liked: false });
    }
    Ok(Viewed::new(comment, viewer))
}

fn read_body(fields: &mut Fields<'_>) -> Result<CommentBody, DbErr> {
    let id = fields.optional_id()?;
    let username: Option<String> = fields.value()?;
    let display_name: Option<String> = fields.value()?;
    let content: Option<String> = fields.value()?;
    match (id, username, display_name, content) {
        (Some(id), Some(username), Some(display_name), Some(content)) => Ok(CommentBody::Live {
            author: Author {
                id,
                username: Username::from_stored(username),
                display_name: DisplayName::from_stored(display_name),
            },
            content: Content::from_stored(content),
        }),
        (None, None, None, _) => Ok(CommentBody::Deleted),
        _ => Err(corrupt("comment", "has either an author or words, but not both")),
    }
}

/// The position of a comment in lists.
pub(crate) fn position(comment: &CommentView) -> Cursor {
    Cursor { at: comment.subject.created_at, id: comment.subject.id.cuid() }
}
