//! The one `SELECT` for each thing that readers see, and how its rows become domain values.

pub(crate) mod comment;
pub(crate) mod post;
pub(crate) mod presence;
pub(crate) mod user;

use domain::{Id, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, IntoIden, IntoTableRef, JoinType, Query, SelectStatement};

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

/// A `SELECT` of `ids`, one a row, to which [`select_mark`] adds flags of `viewer`. There must be an id.
///
/// It costs the same for every reader. The reader is a column, not a condition. With the condition, PostgreSQL may keep
/// the plan that reads all marks of the reader.
pub(crate) fn select_known<T>(viewer: UserId, ids: &[Id<T>]) -> SelectStatement {
    let rows = ids.iter().map(|id| (id.as_str(), viewer.as_str()));
    Query::select().column(KNOWN_ID).from_values(rows, KNOWN).take()
}

const KNOWN: &str = "known";
/// Both databases give these names to the columns of `VALUES`.
const KNOWN_ID: (&str, &str) = (KNOWN, "column1");
const KNOWN_VIEWER: (&str, &str) = (KNOWN, "column2");

/// Adds a column to [`select_known`]: whether `table` has a row with the id in `marked` and the reader in `user`.
pub(crate) fn select_mark<C: IntoIden + Copy>(
    select: &mut SelectStatement,
    flag: &'static str,
    table: impl IntoTableRef,
    marked: C,
    user: C,
) {
    let is_of_viewer = Expr::col((flag, user)).equals(KNOWN_VIEWER);
    select
        .join_as(JoinType::LeftJoin, table, flag, Expr::col((flag, marked)).equals(KNOWN_ID).and(is_of_viewer))
        .expr(Expr::col((flag, user)).is_not_null());
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
