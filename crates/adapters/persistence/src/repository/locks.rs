//! Row locks, and the one order in which they are taken, so that no two transactions wait for each other in a circle:
//! accounts, then posts, then comments, of each kind by their ids; refresh tokens, then their sessions by id. A slice of a removal
//! locks its row in `removals` before all of these. A statement that locks several kinds, as batches do, takes them in the same
//! order, and says so where it stands. The suite `locking_order` holds this.
//!
//! Every change to the comments of a post locks the post first. SQLite has one writer at a time, and ignores row locks.

use domain::{PostId, UserId};
use sea_orm::sea_query::{LockType, Order, Query, SimpleExpr};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};

use super::{ids, parsed};
use crate::entity::{post, user};

/// Locks the accounts that `condition` picks; answers which there are.
pub(super) async fn accounts(
    tx: &impl ConnectionTrait,
    condition: SimpleExpr,
    lock: LockType,
) -> Result<Vec<UserId>, DbErr> {
    parsed(&rows(tx, user::Entity, user::Column::Id, condition, lock).await?)
}

/// Locks the posts that `condition` picks; answers which there are. The caller holds the locks of the accounts that it needs.
pub(super) async fn posts(
    tx: &impl ConnectionTrait,
    condition: SimpleExpr,
    lock: LockType,
) -> Result<Vec<PostId>, DbErr> {
    parsed(&rows(tx, post::Entity, post::Column::Id, condition, lock).await?)
}

/// Locks the rows of `table` that `condition` picks, in the order of their ids; answers which there are.
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
