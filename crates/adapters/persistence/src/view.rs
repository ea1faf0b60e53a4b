//! The one `SELECT` for each thing that readers see, and how its rows become domain values.

pub(crate) mod comment;
pub(crate) mod post;
pub(crate) mod presence;
pub(crate) mod user;

use database::Fields;
use domain::{ContentViewer, UserId};
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, IntoIden, IntoTableRef, Query, SelectStatement};

/// Adds the last column: whether `viewer` likes the row. Left out without a signed-in reader.
pub(crate) fn select_liked<T, C>(
    select: &mut SelectStatement,
    viewer: Option<UserId>,
    likes: T,
    columns: LikeColumns<C>,
) where
    T: IntoTableRef,
    C: IntoColumnRef,
{
    if let Some(viewer) = viewer {
        let like = Query::select()
            .expr(Expr::val(1))
            .from(likes)
            .and_where(Expr::col(columns.liked).equals(columns.row))
            .and_where(Expr::col(columns.user).eq(viewer.as_str()))
            .take();
        select.expr_as(exists(like), "liked".into_iden());
    }
}

/// Whether `select` finds a row, evaluated for each row of the page.
///
/// The `OFFSET` keeps PostgreSQL from collecting all likes or follows of the reader first. That plan costs most for
/// readers who like or follow most.
pub(crate) fn exists(mut select: SelectStatement) -> Expr {
    Expr::exists(select.limit(1).offset(0).take())
}

/// The columns that join a table of likes to the table of liked things.
pub(crate) struct LikeColumns<C> {
    /// In the table of likes: the liked thing.
    pub(crate) liked: C,
    /// In the table of likes: the user.
    pub(crate) user: C,
    /// In the table of liked things: the id.
    pub(crate) row: C,
}

/// Reads the column that [`select_liked`] added.
pub(crate) fn read_liked(fields: &mut Fields<'_>, viewer: Option<UserId>) -> Result<Option<ContentViewer>, DbErr> {
    viewer.map(|_| fields.value().map(|liked| ContentViewer { liked })).transpose()
}
