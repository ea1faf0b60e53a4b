//! The one `SELECT` of each thing that readers see, and how its rows become domain values.

pub(crate) mod comment;
pub(crate) mod post;
pub(crate) mod presence;
pub(crate) mod user;

use database::Fields;
use domain::{ContentViewer, UserId};
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, IntoIden, IntoTableRef, Query, SelectStatement};

/// Adds whether `viewer` likes the row: the last column, there only for a signed-in reader.
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

/// Whether there is a row that `select` finds, looked up for each row of the page.
///
/// PostgreSQL would otherwise think of collecting all that the reader likes or follows first, which costs those most who
/// like and follow most. It does not where there is an offset.
pub(crate) fn exists(mut select: SelectStatement) -> Expr {
    Expr::exists(select.limit(1).offset(0).take())
}

/// How likes refer to what is liked.
pub(crate) struct LikeColumns<C> {
    /// In the table of likes: what is liked.
    pub(crate) liked: C,
    /// In the table of likes: who likes it.
    pub(crate) user: C,
    /// In the liked table: its id.
    pub(crate) row: C,
}

/// Reads what [`select_liked`] added.
pub(crate) fn read_liked(fields: &mut Fields<'_>, viewer: Option<UserId>) -> Result<Option<ContentViewer>, DbErr> {
    viewer.map(|_| fields.value().map(|liked| ContentViewer { liked })).transpose()
}
