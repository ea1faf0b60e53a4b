//! The one `SELECT` for each thing that readers see, and how its rows become domain values.

pub(crate) mod comment;
pub(crate) mod post;
pub(crate) mod presence;
pub(crate) mod user;

use domain::{Id, UserId};
use sea_orm::sea_query::{
    Condition, DynIden, Expr, ExprTrait, IntoColumnRef, IntoIden, IntoTableRef, JoinType, Query, SelectStatement,
    TableRef,
};

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

/// Those of `ids` that `viewer` marked, each with a flag for the first and for the second kind of mark. There must be an
/// id.
///
/// It costs the same for every reader. The reader is a column, not a condition. With the condition, PostgreSQL may keep
/// the plan that reads all marks of the reader.
pub(crate) fn select_marked<T>(viewer: UserId, ids: &[Id<T>], kinds: [Kind; 2]) -> SelectStatement {
    // Both databases give these names to the columns of `VALUES`.
    let (id, reader) = (("known", "column1"), ("known", "column2"));
    let mut select = Query::select();
    select.column(id).from_values(ids.iter().map(|id| (id.as_str(), viewer.as_str())), "known");
    let mut is_marked = Condition::any();
    for (alias, Kind { table, marked, user }) in ["first", "second"].into_iter().zip(kinds) {
        let (marked, user) = (Expr::col((alias, marked)), Expr::col((alias, user)));
        select.join_as(JoinType::LeftJoin, table, alias, marked.equals(id).and(user.clone().equals(reader)));
        select.expr(user.clone().is_not_null());
        is_marked = is_marked.add(user.is_not_null());
    }
    select.cond_where(is_marked).take()
}

/// A kind of mark for [`select_marked`]: its table, and there the columns of the marked thing and of the user.
pub(crate) struct Kind {
    table: TableRef,
    marked: DynIden,
    user: DynIden,
}

impl Kind {
    pub(crate) fn new(table: impl IntoTableRef, marked: impl IntoIden, user: impl IntoIden) -> Self {
        Self { table: table.into_table_ref(), marked: marked.into_iden(), user: user.into_iden() }
    }
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
