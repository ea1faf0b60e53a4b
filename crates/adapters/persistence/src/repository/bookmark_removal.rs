//! Removes the bookmarks of hidden accounts and of hidden posts, in slices.
//!
//! Called by [`super::erasure`] and [`super::thread_removal`], once a slice.
//!
//! Invariant: the posts are locked before their bookmarks are removed. Two removals that meet in the same bookmarks
//! then wait for each other at the posts, in one order.
//!
//! Tested in `tests/repositories/removals.rs` and `erasure.rs`.

use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::{ids, locks};
use crate::entity::{bookmark, post};

/// Removes up to `most` bookmarks of a hidden account. Returns whether there were any.
pub(super) async fn remove_some_by(tx: &impl ConnectionTrait, user: &str, most: u64) -> Result<bool, DbErr> {
    let its = || bookmark::Column::UserId.eq(user);
    let some =
        Query::select().column(bookmark::Column::PostId).from(bookmark::Entity).and_where(its()).limit(most).take();
    let posts = ids(tx, &some).await?;
    if posts.is_empty() {
        return Ok(false);
    }
    locks::posts(tx, post::Column::Id.is_in(&posts), LockType::NoKeyUpdate).await?;
    bookmark::Entity::delete_many().filter(its()).filter(bookmark::Column::PostId.is_in(posts)).exec(tx).await?;
    Ok(true)
}

/// Removes up to `most` bookmarks of `posts`, which the caller has locked. Returns how many.
pub(super) async fn remove_some_of(tx: &impl ConnectionTrait, posts: &[String], most: u64) -> Result<u64, DbErr> {
    let key = [bookmark::Column::UserId, bookmark::Column::PostId];
    let some = Query::select()
        .columns(key)
        .from(bookmark::Entity)
        .and_where(bookmark::Column::PostId.is_in(posts))
        .limit(most)
        .take();
    let some = Expr::tuple(key.map(Expr::col)).in_subquery(some);
    Ok(bookmark::Entity::delete_many().filter(some).exec(tx).await?.rows_affected)
}
