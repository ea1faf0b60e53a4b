//! Which rows are visible: hidden rows are invisible to every reader until they are removed.
//!
//! A post is hidden on its own or with its author. A comment is hidden with its post. A comment of a hidden author
//! looks deleted.

use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};

use crate::entity::{comment, post, user};

/// The condition that a row of `users` is visible.
pub(crate) fn user() -> SimpleExpr {
    Expr::col((user::Entity, user::Column::Removed)).not()
}

/// The condition that a row of `posts` and its author are visible.
pub(crate) fn post() -> SimpleExpr {
    let hidden_author = hidden_author((post::Entity, post::Column::AuthorId));
    Expr::col((post::Entity, post::Column::Removed)).not().and(Expr::exists(hidden_author).not())
}

/// The condition that a row of `comments` has content, under a visible post.
pub(crate) fn comment() -> SimpleExpr {
    comment_author().and(comment_post())
}

/// The condition that a row of `comments` has a visible author.
pub(crate) fn comment_author() -> SimpleExpr {
    let author = (comment::Entity, comment::Column::AuthorId);
    Expr::col(author).is_not_null().and(Expr::exists(hidden_author(author)).not())
}

/// The condition that the post of a row of `comments` is visible.
pub(crate) fn comment_post() -> SimpleExpr {
    let select = Query::select()
        .expr(Expr::val(1))
        .from(post::Entity)
        .and_where(Expr::col((post::Entity, post::Column::Id)).equals((comment::Entity, comment::Column::PostId)))
        .and_where(post())
        .take();
    Expr::exists(select)
}

fn hidden_author<T, C>(author: (T, C)) -> sea_orm::sea_query::SelectStatement
where
    (T, C): sea_orm::sea_query::IntoColumnRef,
{
    Query::select()
        .expr(Expr::val(1))
        .from(user::Entity)
        .and_where(Expr::col((user::Entity, user::Column::Id)).equals(author))
        .and_where(Expr::col((user::Entity, user::Column::Removed)))
        .take()
}

/// The condition of [`post()`] as text, for statements that are written as text.
macro_rules! post_is_there {
    () => {
        "NOT posts.removed AND NOT EXISTS (SELECT FROM users WHERE users.id = posts.author_id AND users.removed)"
    };
}
pub(crate) use post_is_there;
