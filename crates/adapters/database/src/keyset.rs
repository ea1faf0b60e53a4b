//! Keyset pagination: cuts a `SELECT` to the rows after a position.

use domain::{Cursor, PageRequest};
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, Order, SelectStatement};

/// The order of a list by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the newest to the oldest.
    NewestFirst,
    /// From the oldest to the newest.
    OldestFirst,
}

/// Orders `select` by `(at, id)` and cuts it to the page. One row more shows whether another page follows.
///
/// The position is compared as one row value, `(at, id) < (…, …)`. Both databases find it with one descent of the
/// index on those columns, at any depth of the list.
pub fn page<C>(select: &mut SelectStatement, (at, id): (C, C), direction: Direction, page: &PageRequest)
where
    C: IntoColumnRef + Clone,
{
    if let Some(after) = page.after {
        select.and_where(beyond((at.clone(), id.clone()), direction, after));
    }
    order(select, (at, id), direction);
    select.limit(page.lookahead());
}

/// The condition for rows after a position.
pub fn beyond<C: IntoColumnRef>((at, id): (C, C), direction: Direction, position: Cursor) -> Expr {
    let row = Expr::tuple([Expr::col(at), Expr::col(id)]);
    let position = Expr::tuple([Expr::val(position.at.as_micros()), Expr::val(position.id.as_str().to_owned())]);
    match direction {
        Direction::NewestFirst => row.lt(position),
        Direction::OldestFirst => row.gt(position),
    }
}

/// Orders `select` by `(at, id)`.
pub fn order<C: IntoColumnRef>(select: &mut SelectStatement, (at, id): (C, C), direction: Direction) {
    let order = match direction {
        Direction::NewestFirst => Order::Desc,
        Direction::OldestFirst => Order::Asc,
    };
    select.order_by(at, order.clone()).order_by(id, order);
}
