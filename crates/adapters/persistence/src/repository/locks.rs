//! Row locks in one global order, so that no two transactions wait for each other in a circle.
//!
//! The order is:
//! 1. the row of a removal, in `removals`
//! 2. accounts
//! 3. posts
//! 4. comments
//!
//! Rows of one kind are locked by their ids. Refresh tokens are locked before their sessions, and sessions by their
//! ids.
//!
//! Invariants:
//! - Every transaction and every batch statement takes its locks in this order.
//! - Every change to the tree of comments of a post locks the post first.
//!
//! SQLite has one writer at a time, and ignores row locks. On failure (a deadlock) the write is retried.
//!
//! Tested in `tests/repositories/locking_order.rs`.

use domain::{PostId, UserId};
use sea_orm::sea_query::{LockType, Order, Query, SimpleExpr};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};

use super::{ids, parsed};
use crate::entity::{post, user};

/// Locks the accounts that meet `condition`, and returns their ids.
pub(super) async fn accounts(
    tx: &impl ConnectionTrait,
    condition: SimpleExpr,
    lock: LockType,
) -> Result<Vec<UserId>, DbErr> {
    parsed(&rows(tx, user::Entity, user::Column::Id, condition, lock).await?)
}

/// Locks the posts that meet `condition`, and returns their ids. The caller already holds its locks of accounts.
pub(super) async fn posts(
    tx: &impl ConnectionTrait,
    condition: SimpleExpr,
    lock: LockType,
) -> Result<Vec<PostId>, DbErr> {
    parsed(&rows(tx, post::Entity, post::Column::Id, condition, lock).await?)
}

/// Locks the rows of `table` that meet `condition`, in the order of their ids, and returns the ids.
pub(super) async fn rows<E: EntityTrait>(
    tx: &impl ConnectionTrait,
    table: E,
    id: E::Column,
    condition: SimpleExpr,
    lock: LockType,
) -> Result<Vec<String>, DbErr> {
    let select = Query::select().column(id).from(table).and_where(condition).order_by(id, Order::Asc).lock(lock).take();
    ids(tx, &select).await
}
