//! The one `SELECT` for each thing that readers see, and how its rows become domain values.

pub(crate) mod comment;
pub(crate) mod post;
pub(crate) mod presence;
pub(crate) mod user;

use domain::{Id, UserId};
use sea_orm::sea_query::{DynIden, Expr, ExprTrait, IntoColumnRef, IntoIden, IntoTableRef, Query, SelectStatement};

/// Adds a column: whether `viewer` marked the row, such as with a like. Left out without a signed-in reader.
pub(crate) fn select_flag<T, C>(select: &mut SelectStatement, viewer: Option<UserId>, marks: Marks<T, C>)
where
    T: IntoTableRef,
    C: IntoColumnRef,
{
    if let Some(viewer) = viewer {
        let mark = Query::select()
            .expr(Expr::val(1))
            .from(marks.table)
            .and_where(Expr::col(marks.marked).equals(marks.row))
            .and_where(Expr::col(marks.user).eq(viewer.as_str()))
            .take();
        select.expr_as(exists(mark), marks.flag.into_iden());
    }
}

/// A `SELECT` of ids that the caller has, one a row. Its column is [`known_id`]; there must be an id.
///
/// With [`exists`] for each row, it costs the same for every reader. A condition `IN (…)` on a table of marks does not:
/// PostgreSQL may keep the plan that reads all marks of the reader.
pub(crate) fn select_known<T>(ids: &[Id<T>]) -> SelectStatement {
    Query::select().column(known_id()).from_values(ids.iter().map(Id::as_str), "known").take()
}

/// Both databases name the first column of `VALUES` so.
pub(crate) fn known_id() -> (DynIden, DynIden) {
    ("known".into_iden(), "column1".into_iden())
}

/// Whether `select` finds a row, evaluated for each row of the page.
///
/// The `OFFSET` keeps PostgreSQL from collecting all likes, bookmarks or follows of the reader first. That plan costs
/// most for readers who have most.
pub(crate) fn exists(mut select: SelectStatement) -> Expr {
    Expr::exists(select.limit(1).offset(0).take())
}

/// A table with which users mark things: likes, bookmarks.
pub(crate) struct Marks<T, C> {
    /// The name of the column with the flag.
    pub(crate) flag: &'static str,
    /// The table of marks.
    pub(crate) table: T,
    /// In the table of marks: the marked thing.
    pub(crate) marked: C,
    /// In the table of marks: the user.
    pub(crate) user: C,
    /// In the table of marked things: the id.
    pub(crate) row: C,
}
